import Foundation
import Testing

/// A cluster for `ranksweep launch`: a bundle, and an ssh that runs everything here, each host in a home of
/// its own.
struct PretendedHosts {
    let work: Workspace
    var environment: [String: String] {
        [
            "PATH": work.folder.appending(path: "bin").path + ":"
                + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"),
            "HOMES": work.folder.appending(path: "homes").path,
        ]
    }

    init(_ work: Workspace) throws {
        self.work = work
        for folder in ["bin", "homes", "bundle"] {
            try FileManager.default.createDirectory(
                at: work.folder.appending(path: folder), withIntermediateDirectories: true)
        }
        try Self.makeBundle(work)
        try work.write(
            """
            #!/bin/sh
            target=
            while [ $# -gt 0 ]; do
                case $1 in
                --) shift; break ;;
                -R) target=$2; shift 2 ;;
                -o | -i | -p | -l | -F) shift 2 ;;
                *) shift ;;
                esac
            done
            host=$1
            shift
            echo "$host" >> "$HOMES/calls"
            case $host in
            off*) echo "ssh: connect to host $host port 22: Connection refused" >&2; exit 255 ;;
            closed*) echo "me@$host: Permission denied (publickey)." >&2; exit 255 ;;
            esac
            [ -z "$target" ] || echo "Allocated port ${target##*:} for remote forward to ${target#*:*:}" >&2
            HOME=$HOMES/$host
            export HOME
            mkdir -p "$HOME"
            cd "$HOME"
            case $host in loud*) echo "Welcome"; printf "no end" ;; esac
            sh -c "$*"

            """, to: "bin/ssh")
        chmod(work.folder.appending(path: "bin/ssh").path, 0o755)
    }

    /// A stand-in: a script that runs this build's worker, where it lies; or with a copy of it, and of the
    /// libraries that no package has brought, for hosts that see neither /tmp nor the home of this one.
    static func makeBundle(_ work: Workspace, whole: Bool = false) throws {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let worker = URL(filePath: own).deletingLastPathComponent().appending(path: "ranksweep-worker").path
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "bundle"), withIntermediateDirectories: true)
        try work.write(
            whole
                ? "#!/bin/sh\nhere=${0%/*}\nLD_LIBRARY_PATH=$here/lib exec \"$here/worker\" \"$@\"\n"
                : "#!/bin/sh\nexec '\(worker)' \"$@\"\n", to: "bundle/ranksweep-worker")
        chmod(work.folder.appending(path: "bundle/ranksweep-worker").path, 0o755)
        let version = try work.start(worker, ["--version"]).wait().output.split(separator: "\n").first ?? ""
        try work.write("\(version), for here\n", to: "bundle/VERSION")
        let copy = """
            cp "$0" bundle/worker && mkdir bundle/lib && ldd "$0" | sed -n 's/.*=> \\(.*\\) (.*/\\1/p' |
                grep -v -e '^/lib' -e '^/usr/lib/' | xargs -r -d '\\n' -I '{}' cp '{}' bundle/lib &&
            """
        let tar = Process()
        tar.executableURL = URL(filePath: "/bin/sh")
        tar.arguments = ["-c", (whole ? copy : "") + " tar -czf bundle.tar.gz -C bundle .", worker]
        tar.currentDirectoryURL = work.folder
        try tar.run()
        tar.waitUntilExit()
        try #require(tar.terminationStatus == 0)
    }

    func cluster(_ hosts: String, more: String = "") throws {
        try work.write(
            "name: lab\naddress: 127.0.0.1\nkeys: keys\nbundle: bundle.tar.gz\n\(more)\nhosts: \(hosts)\n",
            to: "lab.yaml")
    }

    func launch(_ arguments: String...) throws -> Program {
        try work.start("ranksweep", ["launch", "lab.yaml"] + arguments, environment: environment)
    }

    /// Processes of these hosts, and of this launch.
    var left: [pid_t] { get throws { try processes(with: work.folder.path) } }

    var calls: [Substring] {
        get throws { try work.exists("homes/calls") ? work.text("homes/calls").split(separator: "\n") : [] }
    }
}
