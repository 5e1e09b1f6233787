import Console
import Files
import Glibc
import Text
import Transport

/// Installs a worker's keys on its machine by ssh, in place of any keys there. A copy with scp would land
/// inside an existing folder and leave the old key in use.
package struct KeyInstallation {
    /// The folder in the home directory of the ssh user.
    package static let defaultFolder = "ranksweep-keys"

    /// The host's name for ssh.
    package let host: String
    /// The folder on the host: absolute, below ~/, or relative to the home directory.
    package let folder: String
    /// ssh options that come before ours.
    let options: [String]

    package init(host: String, folder: String, options: [String]) {
        self.host = host
        self.folder = folder
        self.options = options
    }

    /// The script; the two files follow it on standard input. It only ever removes keys of ours. A worker
    /// that looks meanwhile finds the old folder or the new one; where mv can't exchange folders, it finds
    /// none for a moment.
    func script(secretBytes: Int, coordinatorBytes: Int) -> String {
        """
        LC_ALL=C; export LC_ALL
        umask 077
        fail() { echo "$1" >&2; exit 1; }
        home() { case $1 in "~/"*) printf '%s\\n' "$HOME/${1#"~/"}" ;; *) printf '%s\\n' "$1" ;; esac; }
        folder=$(home \(shellQuoted(folder)))
        case $folder in */*) mkdir -p "${folder%/*}" || exit 1 ;; esac
        new=$folder.new-$$ old=$folder.old-$$
        mkdir "$new" || exit 1
        trap 'rm -rf "$new"' EXIT
        trap 'exit 1' HUP INT TERM PIPE
        take() {
            dd bs=1 count="$2" of="$new/$1" 2>/dev/null
            [ "$(wc -c < "$new/$1")" -eq "$2" ] || fail "$1 did not arrive completely: nothing was changed"
        }
        take worker.secret \(secretBytes)
        take coordinator.public \(coordinatorBytes)
        if [ -L "$folder" ] || { [ -e "$folder" ] && [ ! -d "$folder" ]; }; then
            fail "$folder exists and is not a folder: remove it, or choose another --folder"
        fi
        if [ ! -d "$folder" ]; then
            mv -T "$new" "$folder" || exit 1
        else
            other=$(find "$folder" ! -type d ! -name worker.secret ! -name coordinator.public | head -n 1)
            [ -z "$other" ] || fail "$folder holds $other, which is not a key, so nothing was changed: choose another --folder"
            if mv -T --exchange "$new" "$folder" 2>/dev/null; then
                rm -rf "$new"
            else
                mv -T "$folder" "$old" || exit 1
                if ! mv -T "$new" "$folder"; then mv -T "$old" "$folder"; exit 1; fi
                rm -rf "$old"
            fi
        fi
        sync "$folder/worker.secret" "$folder" 2>/dev/null
        exit 0

        """
    }

    package func perform(_ files: (secret: [UInt8], coordinator: [UInt8])) throws(CommandFailure) {
        guard let ssh = findProgram("ssh") else {
            throw .input("the program ssh is not installed (Debian: apt install openssh-client)")
        }
        let script = script(secretBytes: files.secret.count, coordinatorBytes: files.coordinator.count)
        guard let ends = try makePipe() else { throw .fault("no file descriptors are left here (ulimit -n)") }
        let child = ChildProgram.start(
            ssh, options + ["-T", "-x", "-a", "--", host, SshScript.command(of: script)],
            environment: environmentList(), descriptors: [(ours: ends.reading, theirs: STDIN_FILENO)])
        let code = errno
        close(ends.reading)
        guard let child else {
            close(ends.writing)
            throw .fault("\(ssh) cannot be started: \(systemMessage(code))")
        }
        // A pipe holds all of it.
        let bytes = Array(script.utf8) + files.secret + files.coordinator
        let isWritten = writeAll(bytes, to: ends.writing)
        close(ends.writing)
        let end = child.wait()
        guard isWritten, end.isSuccess else {
            throw .input(
                "installing the keys on \(host) failed: ssh \(end.description); the keys are still on this machine"
            )
        }
    }
}
