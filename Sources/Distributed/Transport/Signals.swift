import CPosix
import Files
import Glibc

/// Signals as a readable descriptor: they are handled in the poll loop, never in the middle of something.
/// One a process.
public struct SignalDescriptor {
    public let descriptor: Int32

    /// Of the signals by which a user ends a program, and the system one that used up its processor time. Those that
    /// are ignored (nohup) stay so.
    public init() {
        let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU]
        descriptor = cposix_signal_pipe(signals, Int32(signals.count))
    }

    /// The next signal that has come, if any.
    public func next() -> Int32? {
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1) == 1 ? Int32(byte) : nil
    }

    /// From here on each of the signals ends this process at once, with these words.
    public func exitFromNowOn(code: Int32, words: String) { cposix_exit_on_signal(code, words) }
}

/// A program started by this one.
public struct ChildProgram {
    public let process: pid_t

    /// Starts a program. It gets no descriptor of ours but the given ones, and default signals.
    ///
    /// - Parameters:
    ///   - environment: all of it, as NAME=VALUE; entries of ours that are no text come with it, byte for byte.
    ///   - descriptors: ours, and the number that the program knows each by.
    /// - Returns: nil where it cannot be started; errno says why.
    public static func start(
        _ path: String, _ arguments: [String], environment: [String],
        descriptors: [(ours: Int32, theirs: Int32)] = []
    ) -> ChildProgram? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (ours, theirs) in descriptors { posix_spawn_file_actions_adddup2(&actions, ours, theirs) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var usual = sigset_t()
        sigemptyset(&usual)
        for signal in [SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXFSZ, SIGXCPU] {
            sigaddset(&usual, signal)
        }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        // A process group of its own: Ctrl-C at the terminal is for us to pass on.
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var process = pid_t()
        let code = withCStrings([path] + arguments) { argv in
            withCStrings(environment, and: foreignEntries()) {
                posix_spawn(&process, path, &actions, &attributes, argv, $0)
            }
        }
        guard code == 0 else {
            errno = code
            return nil
        }
        return ChildProgram(process: process)
    }

    /// How a program ended.
    public enum End: Equatable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
        /// By SIGKILL, with no processor time left to it: the hard limit gives no other signal.
        case outOfTime

        /// What to do about the limit that ended it, where it was one of this process's children.
        private var limitAdvice: String {
            switch self {
            case .killed(SIGXCPU), .outOfTime: ProcessLimit.processorTime.advice.map { ": \($0)" } ?? ""
            case .killed(SIGXFSZ): ProcessLimit.fileSize.advice.map { ": \($0)" } ?? ""
            default: ""
            }
        }

        public var isSuccess: Bool { self == .exited(0) }

        /// "exited with code 3", "was killed by SIGKILL (Killed)".
        public var description: String {
            switch self {
            case .exited(let code): "exited with code \(code)"
            case .killed(let signal):
                "was killed by \(signalName(signal)) (\(String(cString: strsignal(signal))))\(limitAdvice)"
            case .outOfTime: "was killed by SIGKILL, its processor time used up\(limitAdvice)"
            }
        }
    }

    /// How it ended, if it has; never waits.
    public func endIfEnded() -> End? { endAndPeak(WNOHANG)?.end }

    /// Waits for the end.
    public func wait() -> End { endAndPeak(0)?.end ?? .exited(0) }

    /// How it ended, and the most memory that it had at once, bytes.
    ///
    /// - Parameter flags: of waitpid(2); with WNOHANG nil where it has not ended.
    public func endAndPeak(_ flags: Int32) -> (end: End, peakMemoryBytes: UInt64)? {
        var status: Int32 = 0
        var usage = rusage()
        while true {
            let found = wait4(process, &status, flags, &usage)
            if found < 0, errno == EINTR { continue }
            guard found > 0 else { return nil }
            let end = End(status: status)
            let isSpent = end == .killed(signal: SIGKILL) && usage.isSpent
            return (isSpent ? .outOfTime : end, UInt64(max(0, usage.ru_maxrss)) * 1024)
        }
    }

    public func send(signal: Int32) { kill(process, signal) }
}

extension rusage {
    /// Whether the processor time is all that the hard limit allows. The system counts for the limit in ticks, which is
    /// coarser than what it tells here.
    fileprivate var isSpent: Bool {
        guard let limit = ProcessLimit.processorTime.hardValue else { return false }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(ru_utime) + seconds(ru_stime) > 0.98 * Double(limit) - 0.5
    }
}

/// "SIGSEGV"; "signal 40" where it has no name.
func signalName(_ signal: Int32) -> String {
    let names: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
        SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
        SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
        SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
    ]
    return names[signal] ?? "signal \(signal)"
}

extension ChildProgram.End {
    init(status: Int32) {
        let signal = status & 0x7f
        self = signal == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: signal)
    }
}

/// Entries of the environment that are not UTF-8.
private func foreignEntries() -> [UnsafeMutablePointer<CChar>] {
    var entries: [UnsafeMutablePointer<CChar>] = []
    var next = environ
    while let entry = next.pointee {
        if String(validatingCString: entry) == nil { entries.append(entry) }
        next += 1
    }
    return entries
}

private func withCStrings<Result>(
    _ texts: [String], and others: [UnsafeMutablePointer<CChar>] = [],
    _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let copies = texts.map { strdup($0) } + others.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
}

/// This program's file.
public func thisProgram() -> String? {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &bytes, bytes.count - 1)
    if count > 0 { return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    // Without /proc: by the name that it was started with, which is a path wherever a shell found it.
    guard let path = realpath(CommandLine.arguments.first ?? "", nil) else { return nil }
    defer { free(path) }
    return String(cString: path)
}

/// Lets this process hold as many descriptors as it may: a storm of connections must not leave none for
/// files.
///
/// - Returns: how many that is.
@discardableResult public func allowManyConnections() -> Int {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(kind, &limit) == 0 else { return .max }
    limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 65_536))
    _ = setrlimit(kind, &limit)
    guard getrlimit(kind, &limit) == 0 else { return .max }
    return Int(clamping: limit.rlim_cur)
}
