import Glibc

/// A limit that the system sets on this process and its children: `ulimit` in a shell, `Limit…=` in a
/// systemd unit.
public enum ProcessLimit: Sendable {
    case fileSize, openFiles, addressSpace, data, processes, processorTime, stack

    /// The limit, in the system's own unit; nil if there is none.
    public var value: UInt64? { values?.soft }

    /// The limit at which the system always refuses, or kills; nil if there is none.
    public var hardValue: UInt64? { values?.hard }

    private var values: (soft: UInt64?, hard: UInt64?)? {
        var limit = rlimit()
        let kind =
            switch self {
            case .fileSize: RLIMIT_FSIZE
            case .openFiles: RLIMIT_NOFILE
            case .addressSpace: RLIMIT_AS
            case .data: RLIMIT_DATA
            case .processes: __RLIMIT_NPROC
            case .processorTime: RLIMIT_CPU
            case .stack: RLIMIT_STACK
            }
        guard getrlimit(__rlimit_resource_t(kind.rawValue), &limit) == 0 else { return nil }
        // RLIM_INFINITY is a macro that Swift does not import.
        func finite(_ value: rlim_t) -> UInt64? { value == .max ? nil : UInt64(value) }
        return (finite(limit.rlim_cur), finite(limit.rlim_max))
    }

    private var name: String {
        switch self {
        case .fileSize: "the size of a file"
        case .openFiles: "open files"
        case .addressSpace: "address space"
        case .data: "private memory"
        case .processes: "processes"
        case .processorTime: "processor time"
        case .stack: "the stack"
        }
    }

    private var option: (shell: String, unit: String) {
        switch self {
        case .fileSize: ("-f", "LimitFSIZE=")
        case .openFiles: ("-n", "LimitNOFILE=")
        case .addressSpace: ("-v", "LimitAS=")
        case .data: ("-d", "LimitDATA=")
        case .processes: ("-u", "LimitNPROC=")
        case .processorTime: ("-t", "LimitCPU=")
        case .stack: ("-s", "LimitSTACK=")
        }
    }

    private func text(_ value: UInt64) -> String {
        switch self {
        case .fileSize, .addressSpace, .data, .stack:
            value % (1 << 20) == 0 && value > 0 || value >= 100 << 20
                ? "\(value >> 20) MiB" : "\(value >> 10) KiB"
        case .openFiles, .processes: "\(value)"
        case .processorTime: "\(value) s"
        }
    }

    /// Advice on raising the limit; nil if there is none. For example: "the limit on open files (ulimit -n)
    /// is 24: raise it there, or with LimitNOFILE= in a systemd unit".
    public var advice: String? {
        value.map {
            "the limit on \(name) (ulimit \(option.shell)) is \(text($0)): raise it there, or with \(option.unit) in a "
                + "systemd unit"
        }
    }

    /// The limit that may be the cause of an `errno`; nil if none is.
    public init?(behind code: Int32) {
        switch code {
        case EFBIG: self = .fileSize
        case EMFILE: self = .openFiles
        default: return nil
        }
    }
}

/// The system's message for an `errno`, with the limit that may be behind it and what to do about it.
public func systemMessage(_ code: Int32) -> String {
    let text = String(cString: strerror(code))
    guard let advice = ProcessLimit(behind: code)?.advice else { return text }
    return "\(text) (\(advice))"
}

/// The system's message for an `errno` at a path, with the user's name if a permission is missing.
public func refusalMessage(_ code: Int32) -> String {
    guard code == EACCES || code == EPERM else { return systemMessage(code) }
    let name = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "number \(geteuid())"
    return "\(systemMessage(code)) for the user \(name)"
}

/// The system's message for a program that could not be started: `EAGAIN` then means too many processes.
public func startMessage(_ code: Int32) -> String {
    guard code == EAGAIN, let advice = ProcessLimit.processes.advice else { return systemMessage(code) }
    return "\(systemMessage(code)) (\(advice))"
}
