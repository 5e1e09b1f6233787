import Cluster
import Text

// Scripts that run on a host. A script is the first bytes of ssh's standard input, and its data follow it. So
// no process list shows any of it, and only sh has to understand it. A script reports in lines that begin
// with `SshScript.mark`; its standard error is for people.

/// A file that the sweep needs: of a data set, or one that the sweep names.
package struct SweepFile: Equatable {
    /// "mnist/train-images-idx3-ubyte", without ".gz", or "files/DIGEST/NAME".
    var path: String
    /// SHA-256 of its uncompressed bytes.
    var digest: String
    /// The file's path here; nil where there is none.
    var local: String?
    /// The size in bytes of the file here, compressed or not.
    var size: Int

    package init(path: String, digest: String, local: String?, size: Int) {
        self.path = path
        self.digest = digest
        self.local = local
        self.size = size
    }

    /// The file with the copy in a run directory as the one here, if runs keep copies of such files.
    package func kept(in run: String) -> SweepFile {
        guard path.hasPrefix("files/") else { return self }
        var file = self
        file.local = "\(run)/\(path)"
        return file
    }

    /// The path under which it is sent.
    var sentPath: String { (local ?? "").hasSuffix(".gz") ? path + ".gz" : path }
}

enum SshScript {
    static let mark = "ranksweep:"

    /// The command for the user's shell on the host. dd reads not a byte more than the script has.
    static func command(of script: String) -> String {
        "exec sh -c 'eval \"$(dd bs=1 count=\(script.utf8.count) 2>/dev/null)\"'"
    }

    /// The first lines of every script: the host's folders as variables, and functions.
    private static func prelude(_ host: HostSettings, bundle: String) -> String {
        """
        LC_ALL=C; export LC_ALL
        home() { case $1 in "~/"*) printf '%s\\n' "$HOME/${1#"~/"}" ;; *) printf '%s\\n' "$1" ;; esac; }
        folder=$(home \(shellQuoted(host.folder)))
        data=$(home \(shellQuoted(host.dataFolder)))
        bundle=$folder/bundle-\(bundle)
        say() { printf '\(mark) %s\\n' "$*"; }
        fail() { echo "$2" >&2; exit "$1"; }
        digest() { case $1 in *.gz) gzip -dc "$1" ;; *) cat "$1" ;; esac 2>/dev/null | sha256sum; }
        make() { mkdir -p "$1" || exit \(HostFailure.Code.notWritable); }
        runs() { "$1/ranksweep-worker" --version </dev/null >/dev/null; }

        """
    }

    static func probe(_ host: HostSettings, bundle: String, files: [SweepFile]) -> String {
        var script =
            // The first line ends a line that a login script may have left open.
            prelude(host, bundle: bundle) + """
                echo
                say system $(uname -s)
                say machine $(uname -m)
                say libc $(getconf GNU_LIBC_VERSION 2>/dev/null)
                say cores $(nproc 2>/dev/null)
                for tool in tar gzip sha256sum dd; do command -v $tool >/dev/null || say lacks $tool; done
                # Tried, as files may have been lost with the power or by hand: then it is sent again.
                if runs "$bundle" 2>/dev/null; then say bundle; fi
                look() {
                    for file in "$data/$1.gz" "$data/$1"; do
                        [ -f "$file" ] || continue
                        sum=$(digest "$file")
                        if [ "${sum%% *}" = "$2" ]; then return; fi
                        say differs "$file"
                        break
                    done
                    say missing "$1"
                }

                """
        for file in files { script += "look \(shellQuoted(file.path)) \(file.digest)\n" }
        return script + "say done\n"
    }

    /// A script that the archive follows. The bundle appears whole or not at all, also where several hosts
    /// share the folder.
    static func bundle(_ host: HostSettings, bundle: String, digest: String) -> String {
        prelude(host, bundle: bundle) + """
            make "$folder"
            part=$folder/.bundle-$(uname -n)-$$.partial
            trap 'rm -rf "$part"' EXIT
            trap 'exit \(HostFailure.Code.incomplete)' HUP INT TERM PIPE
            find "$folder" -maxdepth 1 -name '.*.partial' -mmin +120 -exec rm -rf {} + 2>/dev/null
            make "$part/new"
            cat > "$part/archive" || exit \(HostFailure.Code.incomplete)
            sum=$(sha256sum < "$part/archive")
            [ "${sum%% *}" = \(digest) ] ||
                fail \(HostFailure.Code.damaged) "the bundle has other bytes than here"
            # tar would read a colon or a backslash in a folder's name as something else.
            (cd "$part/new" && tar -xzf -) < "$part/archive" || exit \(HostFailure.Code.incomplete)
            runs "$part/new" || exit \(HostFailure.Code.doesNotRun)
            touch "$part/new"
            sync "$part/new/bin/"* "$part/new/lib/"* 2>/dev/null
            if ! runs "$bundle" 2>/dev/null; then
                rm -rf "$bundle"
                mv "$part/new" "$bundle" || exit \(HostFailure.Code.incomplete)
            fi
            find "$folder" -maxdepth 1 -name 'bundle-*' ! -path "$bundle" -mtime +14 \
                -exec rm -rf {} + 2>/dev/null
            exit 0

            """
    }

    /// A script that a tar archive with the files follows.
    static func data(_ host: HostSettings, bundle: String, files: [SweepFile]) -> String {
        var script =
            prelude(host, bundle: bundle) + """
                make "$data"
                part=$data/.data-$(uname -n)-$$.partial
                trap 'rm -rf "$part"' EXIT
                trap 'exit \(HostFailure.Code.incomplete)' HUP INT TERM PIPE
                find "$data" -maxdepth 1 -name '.*.partial' -mmin +120 -exec rm -rf {} + 2>/dev/null
                make "$part"
                (cd "$part" && tar -xf -) || exit \(HostFailure.Code.incomplete)
                put() {
                    sum=$(digest "$part/$1")
                    [ "${sum%% *}" = "$2" ] || fail \(HostFailure.Code.damaged) "$1 has other bytes than here"
                    make "$data/${1%/*}"
                    mv -f "$part/$1" "$data/$1" || exit \(HostFailure.Code.incomplete)
                    case $1 in *.gz) ;; *) rm -f "$data/$1.gz" ;; esac
                }

                """
        for file in files where file.local != nil {
            script += "put \(shellQuoted(file.sentPath)) \(file.digest)\n"
        }
        return script + "exit 0\n"
    }

    /// A script that two key files of these sizes follow, and a line with a port where there is a tunnel. The
    /// worker lives as long as standard input stays open after that.
    static func start(
        _ host: HostSettings, bundle: String, label: String, secretBytes: Int, publicBytes: Int,
        connect: String?, arguments: [String]
    ) -> String {
        prelude(host, bundle: bundle) + """
            run=$folder/run keys=$folder/keys/\(label) pidfile=$folder/run/\(label).pid
            make "$run"
            umask 077
            make "$keys"
            chmod 700 "$folder/keys" "$keys"
            started() {
                line=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
                set -- ${line##*) }
                shift 19
                echo "$1"
            }
            boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
            lives() {
                [ "$where" = "$boot" ] && [ "$(started "$old")" = "$since" ] &&
                    grep -q ranksweep-worker "/proc/$old/cmdline" 2>/dev/null
            }
            if [ -f "$pidfile" ] && read -r old since where < "$pidfile" && lives; then
                kill "$old"
                turn=0
                while lives && [ $turn -lt 50 ]; do sleep 0.1; turn=$((turn + 1)); done
                if lives; then kill -9 "$old"; fi
            fi
            take() {
                said=$(dd bs=1 count="$2" of="$keys/$1.$$" 2>&1) ||
                    fail \(HostFailure.Code.notWritable) "$(printf '%s' "$said" | grep '^dd:')"
                mv -f "$keys/$1.$$" "$keys/$1" || exit \(HostFailure.Code.notWritable)
            }
            take worker.secret \(secretBytes)
            take coordinator.public \(publicBytes)
            umask 022
            connect=\(shellQuoted(connect ?? ""))
            if [ -z "$connect" ]; then
                read -r port || exit \(HostFailure.Code.incomplete)
                connect=tcp://127.0.0.1:$port
            fi
            make "$data"
            touch "$bundle"
            echo "$$ $(started $$) $boot" > "$pidfile.$$" && mv -f "$pidfile.$$" "$pidfile" ||
                exit \(HostFailure.Code.notWritable)
            echo
            say process $$ $(uname -n)
            exec "$bundle/ranksweep-worker" --connect "$connect" --keys "$keys" --data "$data" --quiet \
            --log-format json --exit-on-stdin-eof \(arguments.map(shellQuoted).joined(separator: " "))

            """
    }
}
