import CPosix
import Files
import Glibc

/// Signals as a readable descriptor, so that they are handled in the poll loop and never in the middle of
/// something. A process has one.
public struct SignalDescriptor {
    /// Readable when a signal has come.
    public let descriptor: Int32

    /// Catches the signals by which a user ends a program, and the one by which the system ends a program
    /// that used up its processor time. Signals that are ignored (nohup) stay ignored.
    ///
    /// - Parameter others: further signals to catch.
    public init(also others: [Int32] = []) {
        let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU] + others
        descriptor = cposix_signal_pipe(signals, Int32(signals.count))
    }

    /// The next signal that has come; nil if there is none.
    public func next() -> Int32? {
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1) == 1 ? Int32(byte) : nil
    }

    /// The next signal, for which it waits so many milliseconds at most; nil if none came.
    public func next(within milliseconds: Int64) -> Int32? {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&ready, 1, Int32(clamping: milliseconds))
        return next()
    }

    /// Makes each of the signals that are caught end the process at once from now on, with this exit code and message.
    public static func exitFromNowOn(code: Int32, words: String) { cposix_exit_on_signal(code, words) }
}

/// A program that this process started.
public struct ChildProgram {
    /// Process identifier of the program.
    public let process: pid_t

    /// Starts a program. It gets only the given descriptors, and default signals.
    ///
    /// - Parameters:
    ///   - environment: all of it, as NAME=VALUE. Entries of this process that aren't UTF-8 are added byte
    ///     for byte.
    ///   - descriptors: descriptors of this process, each with the number by which the program knows it.
    ///   - blocked: signals that the program never gets, such as those that a batch engine sends to every
    ///     process of a job.
    /// - Returns: nil if it can't be started; `errno` says why.
    public static func start(
        _ path: String, _ arguments: [String], environment: [String],
        descriptors: [(ours: Int32, theirs: Int32)] = [], blocked: [Int32] = []
    ) -> ChildProgram? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (ours, theirs) in descriptors { posix_spawn_file_actions_adddup2(&actions, ours, theirs) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXFSZ, SIGXCPU] {
            sigaddset(&defaults, signal)
        }
        var mask = sigset_t()
        sigemptyset(&mask)
        for signal in blocked { sigaddset(&mask, signal) }
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        // A process group of its own, because this process passes on Ctrl-C at the terminal.
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

        /// Advice on the resource limit that ended it, if it was a child of this process.
        private var limitAdvice: String {
            switch self {
            case .killed(SIGXCPU), .outOfTime: ProcessLimit.processorTime.advice.map { ": \($0)" } ?? ""
            case .killed(SIGXFSZ): ProcessLimit.fileSize.advice.map { ": \($0)" } ?? ""
            default: ""
            }
        }

        /// Whether it exited with code 0.
        public var isSuccess: Bool { self == .exited(0) }

        /// How it ended, in words: "exited with code 3", "was killed by SIGKILL (Killed)".
        public var description: String {
            switch self {
            case .exited(let code): "exited with code \(code)"
            case .killed(let signal):
                "was killed by \(signalName(signal)) (\(String(cString: strsignal(signal))))\(limitAdvice)"
            case .outOfTime: "was killed by SIGKILL, its processor time used up\(limitAdvice)"
            }
        }
    }

    /// How it ended; nil if it hasn't. Never waits.
    public func endIfEnded() -> End? { endAndPeak(WNOHANG)?.end }

    /// Waits until it ends.
    public func wait() -> End { endAndPeak(0)?.end ?? .exited(0) }

    /// How it ended, and the most memory that it had at once, in bytes.
    ///
    /// - Parameter flags: flags of waitpid(2). With WNOHANG the result is nil if it hasn't ended.
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

    /// Sends a signal to the program.
    public func send(signal: Int32) { kill(process, signal) }
}

extension rusage {
    /// Whether all processor time that the hard limit allows is used. For the limit, the system counts in
    /// ticks, which are coarser than the times reported here.
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

/// Entries of the environment that aren't UTF-8.
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

/// Path of this program's file; nil if unknown.
public func thisProgram() -> String? {
    var bytes = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &bytes, bytes.count - 1)
    if count > 0 { return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    // Without /proc, use the name that it was started with, which is a path if a shell found it.
    guard let path = realpath(CommandLine.arguments.first ?? "", nil) else { return nil }
    defer { free(path) }
    return String(cString: path)
}

/// Lets this process hold as many descriptors as it may: a storm of connections must leave some for files.
///
/// - Returns: how many it may hold.
@discardableResult public func allowManyConnections() -> Int {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(kind, &limit) == 0 else { return .max }
    limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 65_536))
    _ = setrlimit(kind, &limit)
    guard getrlimit(kind, &limit) == 0 else { return .max }
    return Int(clamping: limit.rlim_cur)
}
