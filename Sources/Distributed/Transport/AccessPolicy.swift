import Wire

/// The public keys of the workers that may join, and of those that may no longer.
public struct AllowList: Equatable, Sendable {
    /// Names by key.
    public var workers: [PublicKey: String]
    public var revoked: Set<PublicKey>

    public init(workers: [PublicKey: String] = [:], revoked: Set<PublicKey> = []) {
        self.workers = workers
        self.revoked = revoked
    }
}

/// What was turned away, of all who tried.
public struct RefusalCounts: Equatable, Sendable {
    /// Connections with a key that is on no list.
    public var unknownKeys = 0
    /// Connections with a key that was revoked.
    public var revokedKeys = 0
    /// Connections that did not come as far as a key, or had to have one: other programs, scans, wrong
    /// settings.
    public var strangers = 0
    /// Messages over a connection whose key was revoked meanwhile.
    public var revokedMessages = 0
    /// Messages that no worker of ours sends.
    public var malformedMessages = 0

    public init() {}

    public var isZero: Bool { self == RefusalCounts() }

    public static func + (a: RefusalCounts, b: RefusalCounts) -> RefusalCounts {
        var sum = a
        sum.unknownKeys += b.unknownKeys
        sum.revokedKeys += b.revokedKeys
        sum.strangers += b.strangers
        sum.revokedMessages += b.revokedMessages
        sum.malformedMessages += b.malformedMessages
        return sum
    }
}

/// Who is let in and who is heard. Pure: sockets ask it.
struct AccessPolicy: Sendable {
    enum Verdict: Equatable, Sendable {
        case admitted
        /// Its key is not on the list (any more).
        case barred
        /// Its identity is that of a worker with another key, or there are more identities than any cluster
        /// has.
        case malformed
    }

    /// Of the workers that the coordinator itself started.
    private let own: PublicKey?
    /// nil: everybody is let in.
    private(set) var list: AllowList?
    /// By whose key each worker speaks.
    private(set) var keys: [WorkerID: PublicKey] = [:]
    private(set) var counts = RefusalCounts()

    /// More workers than this are not known at a time: a peer may not fill the memory with names.
    static let maxWorkers = 20_000

    init(list: AllowList?, own: PublicKey? = nil) {
        self.list = list
        self.own = own
    }

    private func admits(_ key: PublicKey) -> Bool {
        guard let list else { return true }
        return key == own || (list.workers[key] != nil && !list.revoked.contains(key))
    }

    /// Whether a connection with this key may be made.
    mutating func connect(_ key: PublicKey?) -> Bool {
        // Without a key it is a stranger, who is counted by `ConnectionCount`.
        guard let key else { return false }
        if admits(key) { return true }
        if list?.revoked.contains(key) == true { counts.revokedKeys += 1 } else { counts.unknownKeys += 1 }
        return false
    }

    /// Whether a message is to be read.
    ///
    /// - Parameter key: by which its connection was made.
    mutating func hear(_ worker: WorkerID, key: PublicKey?) -> Verdict {
        guard list != nil else { return .admitted }
        guard let key, admits(key) else {
            counts.revokedMessages += 1
            return .barred
        }
        if let known = keys[worker] {
            if known == key { return .admitted }
        } else if keys.count < Self.maxWorkers {
            keys[worker] = key
            return .admitted
        }
        counts.malformedMessages += 1
        return .malformed
    }

    /// Counts a message that cannot be read.
    mutating func noteMalformed() { counts.malformedMessages += 1 }

    /// The worker left: its identity is free.
    mutating func forget(_ worker: WorkerID) { keys[worker] = nil }

    /// Takes another list.
    ///
    /// - Returns: the workers that are not welcome any more, in order.
    mutating func replace(_ list: AllowList) -> [WorkerID] {
        guard self.list != nil else { return [] }
        self.list = list
        let barred = keys.filter { !admits($0.value) }.map(\.key).sorted { $0.value < $1.value }
        for worker in barred { keys[worker] = nil }
        return barred
    }
}

/// Connections as a listening socket's monitor tells of them; those that came to nothing are counted.
struct ConnectionCount: Equatable, Sendable {
    var accepted = 0
    var succeeded = 0
    var ended = 0
    /// Of those that ended: by which a whole message came, so that they were secured.
    var spoken = 0

    /// Connections that ended before they were secured, other than by a key that was refused. The monitor does not say
    /// which connection succeeded: of those that were accepted and did not succeed some are still at their handshake, of
    /// those that ended some had succeeded.
    func strangers(refused: Int) -> Int {
        max(0, min(ended - spoken - refused, accepted - succeeded - refused))
    }
}
