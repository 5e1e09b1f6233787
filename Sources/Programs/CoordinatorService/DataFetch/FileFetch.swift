import Launch

/// How a transfer ended.
enum TransferEnd: Equatable {
    /// The server says that the file is complete.
    case complete
    /// The transfer broke off and may be resumed.
    case cut(String)
    /// The transfer can't be resumed: the server doesn't support it, or its file isn't that long.
    case cannotResume
    /// The server gives nothing: no such host or file, or only silence.
    case refused(String)
    /// The received bytes could not be written here. No mirror can help.
    case notWritten(String)
    case interrupted

    /// - Parameters:
    ///   - code: curl's exit code (its manual, EXIT CODES).
    ///   - status: the HTTP status; 0 where there was none.
    ///   - words: what curl wrote to standard error.
    init(curl code: Int32, status: Int, words: String) {
        let prefix = "curl: (\(code)) "
        let line = words.split(separator: "\n").last { $0.hasPrefix("curl: ") }.map(String.init) ?? ""
        let why =
            line.hasPrefix(prefix) ? String(line.dropFirst(prefix.count)) : "curl exited with code \(code)"
        switch (code, status) {
        case (0, _): self = .complete
        // 33: no range support; 36: bad offset; 416: nothing at that offset.
        case (33, _), (36, _), (22, 416): self = .cannotResume
        // 18: too few bytes; 55, 56: the connection broke; 92: an HTTP/2 stream broke.
        case (18, _), (55, _), (56, _), (92, _): self = .cut(why)
        case (22, 400...): self = .refused("HTTP status \(status)")
        default: self = .refused(why)
        }
    }
}

/// Decides how to fetch one file: which mirror to use, when to resume and when to restart. A value: events
/// in, effects out. The caller (DataFetch.swift) performs transfers and file operations.
struct FileFetch {
    enum Event {
        /// An earlier fetch left this many bytes.
        case began(partial: Int)
        /// A transfer that began after `offset` bytes ended; the partial file now has `size` bytes.
        case transferred(TransferEnd, offset: Int, size: Int)
        case checked(DataCheck)
    }

    enum Effect: Equatable {
        /// Check whether the partial file holds the right bytes.
        case check
        /// Remove the partial file.
        case discard
        /// Fetch what follows the partial file from this mirror.
        case transfer(mirror: String)
        /// Rename the partial file to its final name.
        case adopt
        case giveUp
        case stop(TransferEnd)
        case warn(String)
    }

    /// Transfers from one mirror: as many as a bad line may break.
    static let transfersPerMirror = 6

    /// Mirrors still to be tried, the current one first.
    private(set) var mirrors: [String]
    /// Mirrors that did not give the file.
    private(set) var failed: [String] = []
    private var transfers = 0
    /// The offset of the last transfer; nil before the first.
    private var offset: Int?

    init(mirrors: [String]) { self.mirrors = mirrors }

    mutating func handle(_ event: Event) -> [Effect] {
        switch event {
        case .began(let partial):
            // The file may be complete: the interrupt may have come just before the rename.
            return partial > 0 ? [.check] : transfer()
        case .checked(.right):
            return [.adopt]
        case .checked(let check):
            guard let offset, let mirror = mirrors.first else {
                return (check == .unfinished ? [] : [.discard]) + transfer()
            }
            let warning = "\(mirror): it sent \(check.reproach)"
            guard offset > 0 else { return [.discard] + next(warning) }
            // The two parts may come from two compressions of the same bytes, so the whole file is worth a
            // try.
            return [.discard, .warn(warning + "; starting over")] + transfer()
        case .transferred(let end, let offset, let size):
            self.offset = offset
            return handle(end, offset: offset, size: size)
        }
    }

    private mutating func handle(_ end: TransferEnd, offset: Int, size: Int) -> [Effect] {
        let mirror = mirrors.first ?? ""
        switch end {
        case .complete: return [.check]
        case .interrupted, .notWritten: return [.stop(end)]
        case .cannotResume:
            return offset > 0 ? [.discard] + transfer() : next("\(mirror): it sends only parts of the file")
        case .cut(let why):
            // A mirror that makes progress is as good as any.
            let warning = "\(mirror): \(why)"
            return size > offset && transfers < Self.transfersPerMirror
                ? [.warn(warning + "; continuing")] + transfer() : next(warning)
        case .refused(let why): return next("\(mirror): \(why)")
        }
    }

    private mutating func transfer() -> [Effect] {
        guard let mirror = mirrors.first else { return [.giveUp] }
        guard transfers < Self.transfersPerMirror else { return next("\(mirror): it failed too often") }
        transfers += 1
        return [.transfer(mirror: mirror)]
    }

    private mutating func next(_ warning: String) -> [Effect] {
        if !mirrors.isEmpty { failed.append(mirrors.removeFirst()) }
        transfers = 0
        return [.warn(warning)] + transfer()
    }

    /// The order in which the next file's mirrors are tried: those that failed come last.
    var orderForNext: [String] { mirrors + failed }
}

extension DataCheck {
    /// A phrase for the fault in the bytes that a mirror sent.
    var reproach: String {
        switch self {
        case .right, .missing: "no file"
        case .wrong(let digest): "a file with other bytes (SHA-256 \(digest))"
        case .unfinished: "a file that is cut short"
        case .broken(let why): "a file that cannot be read: \(why)"
        }
    }
}
