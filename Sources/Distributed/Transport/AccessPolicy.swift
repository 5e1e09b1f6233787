import Wire

/// Public keys of the workers that may join, and of those that no longer may.
public struct AllowList: Equatable, Sendable {
    /// Workers' names by their keys.
    public var workers: [PublicKey: String]
    /// Keys that were revoked.
    public var revoked: Set<PublicKey>

    /// Creates a list; without arguments an empty one.
    public init(workers: [PublicKey: String] = [:], revoked: Set<PublicKey> = []) {
        self.workers = workers
        self.revoked = revoked
    }
}

/// Counts of connections and messages that were turned away.
public struct RefusalCounts: Equatable, Sendable {
    /// Connections with a key that is on no list.
    public var unknownKeys = 0
    /// Connections with a key that was revoked.
    public var revokedKeys = 0
    /// Connections that ended before they showed a key, or had to show one: other programs, scans, wrong
    /// settings.
    public var strangers = 0
    /// Messages over a connection whose key has been revoked since it was made.
    public var revokedMessages = 0
    /// Messages that no worker of ranksweep sends.
    public var malformedMessages = 0

    /// Creates counts of zero.
    public init() {}

    /// Whether nothing was turned away.
    public var isZero: Bool { self == RefusalCounts() }

    /// The sum of two counts.
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

/// Decides which connections are admitted and which messages are read. A pure value, which the sockets ask.
struct AccessPolicy: Sendable {
    enum Verdict: Equatable, Sendable {
        case admitted
        /// Its key isn't on the list, or no longer is.
        case barred
        /// Its identity is that of a worker with another key, or there are more identities than any cluster
        /// has.
        case malformed
    }

    /// Key of the workers that the coordinator itself started.
    private let own: PublicKey?
    /// Keys that may join; nil: everybody is admitted.
    private(set) var list: AllowList?
    /// Key of each worker that was admitted.
    private(set) var keys: [WorkerID: PublicKey] = [:]
    private(set) var counts = RefusalCounts()

    /// Most workers that are known at a time: a peer must not fill the memory with identities.
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
        // Without a key it is a stranger, which `ConnectionCount` counts.
        guard let key else { return false }
        if admits(key) { return true }
        if list?.revoked.contains(key) == true { counts.revokedKeys += 1 } else { counts.unknownKeys += 1 }
        return false
    }

    /// Whether a message is to be read.
    ///
    /// - Parameter key: key of the message's connection.
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

    /// Counts a message that can't be read.
    mutating func noteMalformed() { counts.malformedMessages += 1 }

    /// Frees the identity of a worker that left.
    mutating func forget(_ worker: WorkerID) { keys[worker] = nil }

    /// Replaces the list.
    ///
    /// - Returns: the workers that are no longer admitted, in order.
    mutating func replace(_ list: AllowList) -> [WorkerID] {
        guard self.list != nil else { return [] }
        self.list = list
        let barred = keys.filter { !admits($0.value) }.map(\.key).sorted { $0.value < $1.value }
        for worker in barred { keys[worker] = nil }
        return barred
    }
}

/// Counts of a listening socket's connections, as its monitor reports them. They tell how many came to
/// nothing.
struct ConnectionCount: Equatable, Sendable {
    var accepted = 0
    var succeeded = 0
    var ended = 0
    /// Connections among `ended` on which a complete message arrived, so that they were secured.
    var spoken = 0

    /// Connections that ended before they were secured, for another reason than a refused key. The monitor
    /// doesn't say which connection succeeded. Some of those that were accepted and haven't succeeded are
    /// still at their handshake, and some of those that ended had succeeded. So both differences are upper
    /// bounds, and the smaller one is returned.
    func strangers(refused: Int) -> Int {
        max(0, min(ended - spoken - refused, accepted - succeeded - refused))
    }
}
