/// End of a step's process, with its output.
public struct StepEnd: Equatable, Sendable {
    /// Exit code of ssh: that of the program on the host, or 255 if ssh itself failed; nil: it was killed.
    public var code: Int32?
    /// Lines of its standard output that are meant for ranksweep, without their mark.
    public var report: [String]
    /// Last lines of its standard error.
    public var errors: [String]

    /// Creates the end of a step.
    public init(code: Int32?, report: [String] = [], errors: [String] = []) {
        self.code = code
        self.report = report
        self.errors = errors
    }

    /// Whether it exited with code 0.
    public var isSuccess: Bool { code == 0 }
}

/// Why a host doesn't work, with its last message.
public struct HostFailure: Equatable, Sendable {
    /// Kind of failure.
    public enum Cause: Equatable, Sendable {
        // Failures of ssh.
        case unknownName, unreachable, authentication, hostKey, connectionLost, forwardRefused, ssh
        // Failures of the host.
        case wrongMachine(String)
        case lacks(String)
        case glibcTooOld
        case noSpace
        case notWritable
        case noExecution
        case damagedInTransit
        case dataDiffer(String)
        case tooSlow
        // Failures of the worker.
        case refused
        case workerEnded(code: Int32)
        case workerKilled
        /// The worker didn't find this machine's coordinator.
        case noCoordinator
        case stepFailed(code: Int32)
        /// A failure on this machine.
        case here(String)
    }

    /// Kind of failure.
    public var kind: Cause
    /// Last line that it wrote and that tells something; may be empty.
    public var said: String

    /// Creates a failure.
    public init(_ kind: Cause, said: String = "") {
        self.kind = kind
        self.said = said
    }

    static let tooSlow = HostFailure(.tooSlow)
    static func here(_ why: String) -> HostFailure { HostFailure(.here(why)) }

    /// Exit codes of the scripts that run on the host.
    public enum Code {
        /// A folder can't be written to.
        public static let notWritable: Int32 = 73
        /// A transfer wasn't completed.
        public static let incomplete: Int32 = 74
        /// Files that were sent arrived damaged.
        public static let damaged: Int32 = 75
        /// The worker doesn't run there.
        public static let doesNotRun: Int32 = 77
    }

    /// Finds out why a step failed.
    ///
    /// - Parameter hasRun: whether the worker was running.
    init(of step: HostFleet.Step, _ end: StepEnd, hasRun: Bool) {
        let lines = end.errors.filter { !Self.isChatter($0) }
        let text = lines.joined(separator: "\n")
        func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        said = lines.last ?? ""
        func pick(_ words: String...) -> String {
            lines.last { line in words.contains { line.contains($0) } } ?? lines.last ?? ""
        }
        if end.code == 255 {
            kind = Self.kindOfSSH(text, hasRun: hasRun)
            said = pick(
                "ssh:", "Permission denied", "Host key", "port ", "remote port forwarding", "Timeout",
                "Connection ", "unknown option", "illegal option", "Bad configuration option",
                "command-line")
        } else if says("No space left on device", "Disk quota exceeded") {
            kind = .noSpace
            said = pick("No space left", "quota")
        } else if says("version `GLIBC_", "version `GLIBCXX_"), says("not found") {
            kind = .glibcTooOld
            said = pick("GLIBC")
        } else if says("Exec format error", "cannot execute binary file") {
            kind = .noExecution
        } else if step == .start, !hasRun, end.code == 2 {
            kind = .refused
            said = pick("error: ")
        } else if step == .start, hasRun {
            said = pick("error: ")
            switch end.code {
            case 2?: kind = .refused
            case 137?, nil: kind = .workerKilled
            case 3? where says("no coordinator at "): kind = .noCoordinator
            case let code?: kind = .workerEnded(code: code)
            }
        } else {
            switch end.code {
            case Code.notWritable?: kind = .notWritable
            case Code.damaged?: kind = .damagedInTransit
            case Code.doesNotRun?: kind = .noExecution
            case let code?: kind = .stepFailed(code: code)
            case nil: kind = .ssh
            }
        }
    }

    private static func kindOfSSH(_ text: String, hasRun: Bool) -> Cause {
        func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        if says("Could not resolve hostname", "Name or service not known") { return .unknownName }
        if says("Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED") { return .hostKey }
        if says("Permission denied", "Too many authentication failures", "no matching") {
            return .authentication
        }
        if says("remote port forwarding failed", "remote forward failure") { return .forwardRefused }
        if says("not responding", "Broken pipe", "Connection reset", "closed by remote", "Connection to ") {
            return .connectionLost
        }
        // ssh says nothing of a program that a signal ended, and would say something of a failure of its own.
        if hasRun { return .workerKilled }
        if says(
            "Connection refused", "No route to host", "timed out", "Network is unreachable",
            "Connection closed", "port 22", "kex_exchange_identification")
        {
            return .unreachable
        }
        return .ssh
    }

    /// Lines of ssh that explain nothing.
    private static func isChatter(_ line: String) -> Bool {
        line.isEmpty || line.hasPrefix("Warning: Permanently added") || line.hasPrefix("Allocated port")
            || line.hasPrefix("** ") || line.hasPrefix("debug")
    }

    /// The failure in words, with advice if the remedy isn't plain.
    public var words: String {
        let ending = said.isEmpty ? "" : " (\(said))"
        switch kind {
        case .unknownName:
            return "its name cannot be resolved\(ending): see 'host' in the cluster file, or ~/.ssh/config"
        case .unreachable: return "cannot be reached\(ending)"
        case .authentication:
            return
                "ssh refuses the login\(ending): a key without a password prompt is needed (ssh-agent, identity)"
        case .hostKey: return "its host key is not the known one\(ending): connect once with ssh by hand"
        case .connectionLost: return "the connection was lost\(ending)"
        case .forwardRefused:
            return "its ssh server allows no tunnel\(ending): AllowTcpForwarding, or tunnel: false"
        case .ssh: return "ssh failed\(ending)"
        case .wrongMachine(let what): return "the bundle does not run there: \(what)"
        case .lacks(let tool): return "it lacks \(tool), which is needed to unpack and verify"
        case .glibcTooOld: return "its C library is too old for the bundle\(ending)"
        case .noSpace: return "its disk is full\(ending)"
        case .notWritable: return "its folder cannot be written\(ending): see 'folder' in the cluster file"
        case .noExecution: return "the worker does not run there\(ending)"
        case .damagedInTransit: return "the files arrived incomplete or changed\(ending)"
        case .dataDiffer(let file):
            return "\(file) there is not the data set that this machine has: repair it, or leave 'data' out"
        case .tooSlow: return "it did not answer within three minutes"
        case .refused where said.contains("no option"):
            return "its bundle has another version than this program\(ending): run 'make bundle'"
        case .refused where said.contains("is not known here"):
            return "its worker does not know this machine's name\(ending): see 'address' in the cluster file"
        case .refused: return "its worker cannot serve\(ending)"
        case .workerEnded(let code): return "its worker ended with code \(code)\(ending)"
        case .workerKilled: return "its worker was killed\(ending)"
        case .noCoordinator:
            return "its worker does not reach this machine\(ending): see 'address' in the cluster file, the "
                + "firewall, or tunnel: true"
        case .stepFailed(let code): return "a command there failed with code \(code)\(ending)"
        case .here(let why): return why
        }
    }
}

/// Report of a probe, read from lines of words.
struct ProbeReport: Equatable {
    private var machine = ""
    private var system = ""
    private var lacking: [String] = []
    private(set) var hasBundle = false
    /// The files that the host needs: they are missing, or differ.
    private(set) var missing: [String] = []
    /// Paths of data files that differ from this machine's.
    private(set) var differing: [String] = []
    private var isWhole = false

    init(_ lines: [String]) {
        for line in lines {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            let rest = words.count > 1 ? words[1] : ""
            switch words.first {
            case "system": system = rest
            case "machine": machine = rest
            case "lacks": lacking.append(rest)
            case "bundle": hasBundle = true
            case "missing": missing.append(rest)
            case "differs": differing.append(rest)
            case "done": isWhole = true
            default: break
            }
        }
    }

    /// The failure that the report shows; nil if the host can work.
    ///
    /// - Parameter data: the host's own data folder, if it has one. Nothing in it is overwritten.
    func failure(data: String?) -> HostFailure? {
        if !isWhole { return HostFailure(.stepFailed(code: 0), said: "incomplete answer") }
        if system != "Linux" { return HostFailure(.wrongMachine("it is \(system), not Linux")) }
        if machine != "x86_64" { return HostFailure(.wrongMachine("it is \(machine), not x86_64")) }
        if let tool = lacking.first { return HostFailure(.lacks(tool)) }
        if data != nil, let file = differing.first { return HostFailure(.dataDiffer(file)) }
        return nil
    }
}
