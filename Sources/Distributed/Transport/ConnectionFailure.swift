import Wire

/// Why a worker's connection did not come to be, as far as the worker can tell.
public enum ConnectionFailure: Equatable, Sendable {
    /// The coordinator refused this worker's key.
    case keyRefused
    /// One side has keys, the other has none.
    case keysOnOneSide
    /// The other end broke off: it has another key than this worker expects, or is something else. Where
    /// one side has no keys this may come first, too: the sides race to find out.
    case brokenOff
    /// The other end is something else.
    case otherProtocol

    /// What to tell the worker's user.
    ///
    /// - Parameter wasLetIn: whether this worker was connected with these keys before: then they are right,
    ///   and a coordinator that is stopped breaks connections off, too, by its silence.
    public func message(endpoint: String, hasKeys: Bool, wasLetIn: Bool = false) -> String {
        switch self {
        case .brokenOff where wasLetIn:
            "\(endpoint) lets no connection come to be: the coordinator may be stopped or cut off, or another one "
                + "or another program listen there now"
        case .keyRefused:
            "the coordinator at \(endpoint) does not know this worker's key, or it was revoked: on its machine "
                + "'ranksweep keys list DIR' shows the keys it knows, 'ranksweep keys add DIR NAME' makes new ones"
        case .keysOnOneSide where hasKeys:
            "the coordinator at \(endpoint) has no keys, so nothing proves that it is yours: start it with "
                + "--keys, or this worker without"
        case .keysOnOneSide:
            "the coordinator at \(endpoint) lets in workers with keys only: on its machine 'ranksweep keys add "
                + "DIR NAME' makes them; copy them here and add --keys"
        case .brokenOff where hasKeys:
            "\(endpoint) breaks off each connection: its key is not the one in this worker's coordinator.public, "
                + "or it has none, or it is no ranksweep coordinator"
        case .brokenOff:
            "\(endpoint) breaks off each connection: it lets in workers with keys only (--keys DIR), or it is "
                + "no ranksweep coordinator"
        case .otherProtocol: "\(endpoint) does not answer as a ranksweep coordinator does"
        }
    }
}

/// When a worker that was turned away tries again, and what of it is worth telling. Pure: the caller has
/// the clock.
public struct LinkRetry: Equatable, Sendable {
    /// What was told last, until there is a connection.
    public private(set) var told: ConnectionFailure?
    /// When to try with a new socket, as milliseconds of the caller's clock; nil: nothing is to be done.
    public private(set) var deadline: Int64?
    private var wait: Int64 = 0
    private var breaks = 0

    static let firstWait: Int64 = 1000
    static let longestWait: Int64 = 30_000
    /// A coordinator that ends breaks a connection off, too: only so many in a row mean something.
    static let breaksBeforeTold = 3

    public init() {}

    public mutating func connected() { self = LinkRetry() }

    /// - Returns: whether the user should be told.
    public mutating func failed(_ trouble: ConnectionFailure, at now: Int64) -> Bool {
        if trouble == .brokenOff {
            // ZeroMQ tries again by itself.
            breaks += 1
            // Once it is known which side has no keys, that is the cause.
            guard breaks >= Self.breaksBeforeTold, told != .keysOnOneSide else { return false }
        } else if deadline == nil {
            wait = min(Self.longestWait, max(Self.firstWait, 2 * wait))
            deadline = now + wait
        }
        defer { told = trouble }
        return told != trouble
    }

    /// The deadline is there, and a new socket, too.
    public mutating func triedAgain() { deadline = nil }
}
