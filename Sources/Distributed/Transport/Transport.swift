// Transport: bytes between coordinator and workers over ZeroMQ on TCP, and waiting for sockets and
// descriptors together; keys, and admission by keys (docs/security.md); the operator's socket, signals and
// child programs. Imports Wire (limits, identities), Files, Text, CPosix and ZeroMQ. Leaves out what messages
// mean and when to send them.

import CPosix
import CZeroMQ
import Glibc
import Wire

/// Why a socket can't be opened.
public enum TransportError: Error, Equatable, Sendable {
    /// Not of the form tcp://HOST:PORT.
    case badEndpoint(String)
    /// This machine doesn't know the name; `detail` is the system's message.
    case unknownName(String, detail: String)
    /// ZeroMQ refused; `doing` is a verb.
    case system(doing: String, endpoint: String, detail: String)

    /// One sentence for a person.
    public var message: String {
        switch self {
        case .badEndpoint(let text):
            "'\(text)' is no address: it must look like tcp://HOST:PORT, for example tcp://127.0.0.1:5555"
        case .unknownName(let name, let detail):
            "the name '\(name)' is not known here (\(detail)): give a name that this machine knows or an address, such "
                + "as 127.0.0.1 or [::1]"
        case .system("listen at", let endpoint, let detail) where detail.hasPrefix("Cannot assign"):
            "cannot listen at \(endpoint): that is no address of this machine; 0.0.0.0 stands for all of its own"
        case .system(let doing, let endpoint, let detail): "cannot \(doing) \(endpoint): \(detail)"
        }
    }
}

/// A TCP address, `tcp://HOST:PORT`.
public struct Endpoint: Equatable, Sendable {
    /// Host as it was written.
    public let host: String
    /// Numeric address of `host`, once `resolved`.
    public internal(set) var address: String
    /// Whether `host` is a network card of this machine, once `resolved`.
    var isInterface = false
    /// nil: any free port.
    public internal(set) var port: UInt16?

    /// Reads `tcp://HOST:PORT`.
    ///
    /// - Parameter anyPort: whether `*` and 0 are valid ports, for listening.
    public init(parsing text: String, anyPort: Bool = false) throws(TransportError) {
        let prefix = "tcp://"
        guard text.hasPrefix(prefix), let colon = text.lastIndex(of: ":") else { throw .badEndpoint(text) }
        let start = text.index(text.startIndex, offsetBy: prefix.count)
        guard start < colon else { throw .badEndpoint(text) }
        host = String(text[start..<colon])
        address = host
        let allowed = host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: ".-_[]:%*".utf8.contains(byte)
            }
        }
        let end = text[text.index(after: colon)...]
        guard allowed, !host.contains(":") || (host.hasPrefix("[") && host.hasSuffix("]")) else {
            throw .badEndpoint(text)
        }
        if anyPort, end == "*" || end == "0" {
            port = nil
        } else {
            guard let number = UInt16(end), number > 0 else { throw .badEndpoint(text) }
            port = number
        }
    }

    /// Creates an endpoint that only this machine can reach.
    public init(loopbackPort port: UInt16?) {
        host = "127.0.0.1"
        address = host
        self.port = port
    }

    /// The endpoint as `tcp://HOST:PORT`.
    public var text: String { "tcp://\(host):\(port.map { String($0) } ?? "*")" }

    /// Whether the host stands for every address of this machine.
    public var isEverywhere: Bool { ["*", "0.0.0.0", "[::]"].contains(host) }

    /// Whether only programs on this machine can reach it. The address tells, and a name doesn't.
    public var isLoopback: Bool {
        address == "[::1]" || (address.hasPrefix("127.") && AddressLookup.isNumeric(address))
    }

    /// The same endpoint with another port.
    public func at(port: UInt16) -> Endpoint {
        var endpoint = self
        endpoint.port = port
        return endpoint
    }

    /// The endpoint as a socket takes it.
    var bound: String { "tcp://\(address):\(port.map { String($0) } ?? "*")" }
}

/// Keys by which a coordinator proves its identity and knows its workers.
public struct CoordinatorKeys: Sendable {
    /// The coordinator's own key pair.
    public var pair: KeyPair
    /// Workers that may join.
    public var list: AllowList
    /// Key of the workers that the coordinator itself starts.
    public var own: PublicKey?

    /// Creates a coordinator's keys.
    public init(pair: KeyPair, list: AllowList = AllowList(), own: PublicKey? = nil) {
        self.pair = pair
        self.list = list
        self.own = own
    }
}

/// Limits of the messages that wait at a coordinator for each connection, in both directions. They also bound
/// the bytes that wait.
public struct QueueLimits: Equatable, Sendable {
    /// Most bytes of a frame. A peer that sends a longer one is cut off.
    public let frame: Int
    /// Most messages that came and aren't read yet.
    public let received: Int
    /// Most messages that a peer hasn't read yet.
    public let sent: Int

    private static let bytes = 64 << 20

    /// Derives the limits from the sizes of messages.
    ///
    /// - Parameters:
    ///   - frame: bytes of a worker's longest message.
    ///   - answer: bytes of the longest message to a worker, which it may ask for again and again.
    public init(frame: Int = WireLimit.frame, answer: Int = 4096) {
        self.frame = frame
        received = min(256, max(2, QueueLimits.bytes / max(1, frame)))
        sent = min(4096, max(16, QueueLimits.bytes / max(1, answer)))
    }
}

/// The coordinator's end: one socket for all workers, each known by its identity. With keys, it reads only
/// messages of workers whose key is on the list at that moment.
public final class CoordinatorSocket {
    let socket: MessageSocket
    private var policy: AccessPolicy
    private var connections = ConnectionCount()
    private var unfinished = UnfinishedMessageLimit()
    private var barred: [WorkerID] = []
    private var lastKey: (name: String, key: PublicKey)?
    /// The first few keys that were refused, for a person to see.
    public private(set) var refusedKeys: [RefusedKey] = []
    /// Endpoint at which it listens, with its actual port.
    public let endpoint: String

    /// A key that was refused.
    public struct RefusedKey: Equatable, Sendable {
        /// The refused key.
        public let key: PublicKey
        /// The peer's address.
        public let address: String
    }

    /// Listens at an endpoint.
    ///
    /// - Parameters:
    ///   - keys: nil: everybody who reaches the address is admitted, and nothing is encrypted.
    ///   - limits: limits of what waits here for each connection.
    public init(
        listeningAt endpoint: Endpoint, keys: CoordinatorKeys? = nil, limits: QueueLimits = QueueLimits()
    ) throws(TransportError) {
        policy = AccessPolicy(list: keys?.list, own: keys?.own)
        let endpoint = endpoint.address == endpoint.host ? try endpoint.resolved() : endpoint
        socket = try MessageSocket(type: ZMQ_ROUTER, endpoint: endpoint.bound)
        socket.set(ZMQ_MAXMSGSIZE, Int64(limits.frame))
        socket.set(ZMQ_ROUTER_MANDATORY, Int32(1))
        // A worker may connect again while its old connection isn't known to be dead. It is then heard on the
        // new one, which ZeroMQ would otherwise ignore for as long as both live.
        socket.set(ZMQ_ROUTER_HANDOVER, Int32(1))
        // A peer's queue is bounded; TCP then holds the peer back.
        socket.set(ZMQ_RCVHWM, Int32(limits.received))
        socket.set(ZMQ_SNDHWM, Int32(limits.sent))
        socket.set(ZMQ_BACKLOG, Int32(1024))
        if let keys { try socket.requireKeys(keys.pair.secretKey) }
        socket.watchConnections(ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED)
        try socket.bind(endpoint.bound)
        let bound = socket.text(ZMQ_LAST_ENDPOINT)
        let port = bound.lastIndex(of: ":").map { bound[bound.index(after: $0)...] } ?? ""
        // Elsewhere a network card's name means nothing.
        self.endpoint = "tcp://\(endpoint.isInterface ? endpoint.address : endpoint.host):\(port)"
    }

    /// The next message; nil if none has come. Drops and counts messages that no worker of ranksweep can have
    /// sent, and those from workers whose key is no longer on the list.
    public func receive() -> (worker: WorkerID, bytes: [UInt8])? {
        // Bounded: a peer that sends nothing else must not keep the caller here.
        for _ in 0..<1000 {
            guard let message = socket.receive() else { return nil }
            unfinished.delivered(message.descriptor)
            let parts = message.parts
            guard parts.count == 2, let worker = WorkerID(routingID: parts[0]) else {
                policy.noteMalformed()
                continue
            }
            switch policy.hear(worker, key: message.name.flatMap { publicKey(of: $0) }) {
            case .admitted: return (worker, parts[1])
            case .barred: if barred.count < 1000, !barred.contains(worker) { barred.append(worker) }
            case .malformed: break
            }
        }
        return nil
    }

    /// The key that names a connection. Most messages come by the same connection as the one before.
    private func publicKey(of name: String) -> PublicKey? {
        if let last = lastKey, last.name == name { return last.key }
        guard let key = PublicKey(text: name) else { return nil }
        lastKey = (name, key)
        return key
    }

    /// Workers that had a message refused since the last call because their key is no longer on the list.
    public func takeBarred() -> [WorkerID] {
        defer { barred.removeAll() }
        return barred
    }

    /// Replaces the list of workers that may join.
    ///
    /// - Returns: the workers that no longer may.
    public func replace(_ list: AllowList) -> [WorkerID] { policy.replace(list) }

    /// Forgets a worker that left.
    public func forget(_ worker: WorkerID) { policy.forget(worker) }

    /// Counts a message that was well-formed for this socket only.
    public func noteMalformed() { policy.noteMalformed() }

    /// Counts of what was turned away so far.
    public var refusals: RefusalCounts {
        var counts = policy.counts
        counts.strangers += connections.strangers(refused: counts.unknownKeys + counts.revokedKeys)
        return counts
    }

    /// Answers handshakes, and counts connections that came and went.
    fileprivate func tend() {
        socket.answerHandshakes { key, address in
            let key = PublicKey(bytes: key)
            if policy.connect(key) { return key?.text ?? "" }
            if let key, refusedKeys.count < 10, !refusedKeys.contains(where: { $0.key == key }) {
                refusedKeys.append(RefusedKey(key: key, address: address))
            }
            return nil
        }
        for event in socket.connectionEvents() {
            switch event.kind {
            case ZMQ_EVENT_ACCEPTED:
                connections.accepted += 1
                unfinished.opened(Int32(truncatingIfNeeded: event.value))
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: connections.succeeded += 1
            default:
                connections.ended += 1
                if unfinished.closed(Int32(truncatingIfNeeded: event.value)) { connections.spoken += 1 }
            }
        }
    }

    /// Ends connections that keep sending without completing a message. Call it about once a second.
    public func endEndlessMessages() {
        for descriptor in unfinished.look({ cposix_bytes_received($0) }) {
            shutdown(descriptor, Int32(SHUT_RDWR))
            policy.noteMalformed()
        }
    }

    /// Sends a message to a worker. Never waits; returns false if the worker can't be reached now.
    @discardableResult
    public func send(_ bytes: [UInt8], to worker: WorkerID) -> Bool {
        socket.send(worker.routingID, more: true) && socket.send(bytes)
    }
}

/// A worker's end: a socket that is connected to its coordinator.
public final class WorkerSocket {
    private(set) var socket: MessageSocket
    private let endpoint: Endpoint
    private let worker: WorkerID

    /// A change of the connection.
    public enum News: Equatable, Sendable {
        /// A connection was made: the first, or another after one was lost.
        case connected
        case failed(ConnectionFailure)
    }

    /// Connects, and connects again whenever the connection is lost.
    ///
    /// - Parameter keys: nil: nothing is encrypted, and any peer that answers is taken for the coordinator.
    public init(
        connectingTo endpoint: Endpoint, as worker: WorkerID, keys: WorkerKeys? = nil
    ) throws(TransportError) {
        self.endpoint = endpoint
        self.worker = worker
        socket = try Self.connect(endpoint, worker, keys)
    }

    private static func connect(
        _ endpoint: Endpoint, _ worker: WorkerID, _ keys: WorkerKeys?
    ) throws(TransportError) -> MessageSocket {
        // Connects by name, so that a coordinator that moves with its name is found again.
        let socket = try MessageSocket(type: ZMQ_DEALER, endpoint: endpoint.bound)
        socket.set(ZMQ_ROUTING_ID, bytes: worker.routingID)
        // Nothing is queued for an absent coordinator, because the session says it all again.
        socket.set(ZMQ_IMMEDIATE, Int32(1))
        socket.set(ZMQ_SNDHWM, Int32(0))
        if let keys { try socket.prove(keys) }
        socket.watchConnections(
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
                | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
        try socket.connect(endpoint.isInterface ? endpoint.bound : endpoint.text)
        return socket
    }

    /// Starts over with a new socket, because ZeroMQ doesn't try again after a refusal.
    public func connectAnew(keys: WorkerKeys?) throws(TransportError) {
        socket = try Self.connect(endpoint, worker, keys)
    }

    /// The next message; nil if none has come.
    public func receive() -> [UInt8]? { socket.receive()?.parts.first }

    /// Changes of the connection since the last call.
    public func news() -> [News] {
        socket.connectionEvents().map { event in
            switch event.kind {
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: .connected
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: .failed(.keyRefused)
            case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
                event.value == UInt32(ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
                    ? .failed(.keysOnOneSide) : .failed(.otherProtocol)
            default: .failed(.brokenOff)
            }
        }
    }

    /// Sends a message. Never waits; returns false if the coordinator can't be reached now.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool { socket.send(bytes) }
}

extension WorkerID {
    /// "w" and eight bytes, because an identity in ZeroMQ may not begin with a zero byte.
    var routingID: [UInt8] {
        [UInt8(ascii: "w")] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    init?(routingID bytes: [UInt8]) {
        guard bytes.count == 9, bytes[0] == UInt8(ascii: "w") else { return nil }
        self.init((0..<8).reduce(0) { $0 | UInt64(bytes[1 + $1]) << (8 * UInt64($1)) })
    }
}

/// Waits until the socket or one of the descriptors is readable, or the time is over.
///
/// - Parameters:
///   - writable: descriptors that also end the wait, when they are writable.
///   - milliseconds: longest wait; −1 for ever.
/// - Returns: whether the socket is readable, and which of the descriptors are (also closed ones).
public func waitForInput(
    _ socket: CoordinatorSocket, descriptors: [Int32], writable: [Int32] = [], milliseconds: Int
) -> (socket: Bool, descriptors: [Bool]) {
    defer { socket.tend() }
    return waitForInput(socket.socket, descriptors, writable: writable, milliseconds)
}

/// Waits until the socket or one of the descriptors is readable, or this many milliseconds are over (−1:
/// never). Returns whether the socket is readable, and which of the descriptors are.
public func waitForInput(
    _ socket: WorkerSocket, descriptors: [Int32], milliseconds: Int
) -> (socket: Bool, descriptors: [Bool]) {
    waitForInput(socket.socket, descriptors, milliseconds)
}
