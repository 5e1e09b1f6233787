import Wire

/// Why a worker has no connection, as far as the worker can tell.
public enum ConnectionFailure: Equatable, Sendable {
    /// The coordinator refused this worker's key.
    case keyRefused
    /// One side has keys, the other has none.
    case keysOnOneSide
    /// The other end broke off: it has another key than this worker expects, or is another program. If one
    /// side has no keys, this may come first, because both sides race to find out.
    case brokenOff
    /// The other end is another program.
    case otherProtocol

    /// Message for the worker's user.
    ///
    /// - Parameter wasLetIn: whether this worker was connected with these keys before. Then they are right,
    ///   and a coordinator that is stopped also breaks connections off, by its silence.
    public func message(endpoint: String, hasKeys: Bool, wasLetIn: Bool = false) -> String {
        switch self {
        case .brokenOff where wasLetIn:
            "\(endpoint) accepts no connection: the coordinator may have stopped or be unreachable, or another "
                + "program may listen there now"
        case .keyRefused:
            "the coordinator at \(endpoint) does not know this worker's key, or it was revoked: on its machine "
                + "'ranksweep keys list DIR' shows the keys it knows, 'ranksweep keys add DIR NAME' makes new ones"
        case .keysOnOneSide where hasKeys:
            "the coordinator at \(endpoint) has no keys, so nothing proves that it is yours: start it with "
                + "--keys, or this worker without"
        case .keysOnOneSide:
            "the coordinator at \(endpoint) admits only workers with keys: on its machine 'ranksweep keys add "
                + "DIR NAME' makes them; copy them here and add --keys"
        case .brokenOff where hasKeys:
            "\(endpoint) closes each connection: its key is not the one in this worker's coordinator.public, "
                + "or it has none, or it is not a ranksweep coordinator"
        case .brokenOff:
            "\(endpoint) closes each connection: it admits only workers with keys (--keys DIR), or it is "
                + "not a ranksweep coordinator"
        case .otherProtocol: "\(endpoint) does not answer as a ranksweep coordinator does"
        }
    }
}

/// When a refused worker tries again, and which failures its user is told. A pure value: the caller has the
/// clock.
public struct LinkRetry: Equatable, Sendable {
    /// Failure that was reported to the user last; nil after a connection.
    public private(set) var reported: ConnectionFailure?
    /// When to try with a new socket, in milliseconds of the caller's clock; nil: there is nothing to do.
    public private(set) var deadline: Int64?
    private var wait: Int64 = 0
    private var breaks = 0

    static let firstWait: Int64 = 1000
    static let longestWait: Int64 = 30_000
    /// Break-offs in a row that are worth telling. A single one may come from a coordinator that ends.
    static let breaksBeforeReport = 3

    /// Creates the state of a worker that hasn't failed.
    public init() {}

    /// Forgets all failures, because there is a connection.
    public mutating func connected() { self = LinkRetry() }

    /// Notes a failure.
    ///
    /// - Returns: whether the user should be told.
    public mutating func failed(_ trouble: ConnectionFailure, at now: Int64) -> Bool {
        if trouble == .brokenOff {
            // ZeroMQ tries again by itself.
            breaks += 1
            // Once it is known which side has no keys, that is the cause.
            guard breaks >= Self.breaksBeforeReport, reported != .keysOnOneSide else { return false }
        } else if deadline == nil {
            wait = min(Self.longestWait, max(Self.firstWait, 2 * wait))
            deadline = now + wait
        }
        defer { reported = trouble }
        return reported != trouble
    }

    /// Notes that a new socket was made after the deadline.
    public mutating func triedAgain() { deadline = nil }
}
