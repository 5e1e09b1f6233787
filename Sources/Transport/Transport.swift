// Transport: bytes between a coordinator and its workers, over ZeroMQ on TCP, and waiting for sockets and
// descriptors together. Imports Wire (limits, identities) and ZeroMQ. Leaves out what messages mean, and when
// to send them.

import CPosix
import CZeroMQ
import Glibc
import Wire

/// Why a socket cannot be had.
public enum TransportError: Error, Equatable, Sendable {
    /// Not of the form tcp://HOST:PORT.
    case badEndpoint(String)
    /// ZeroMQ refused; `doing` is a verb.
    case system(doing: String, endpoint: String, detail: String)

    public var message: String {
        switch self {
        case .badEndpoint(let text):
            "'\(text)' is no address: it must look like tcp://HOST:PORT, for example tcp://127.0.0.1:5555"
        case .system(let doing, let endpoint, let detail): "cannot \(doing) \(endpoint): \(detail)"
        }
    }
}

/// A TCP address, `tcp://HOST:PORT`.
public struct Endpoint: Equatable, Sendable {
    public let host: String
    /// nil: any free port.
    public let port: UInt16?

    /// - Parameter anyPort: whether `*` and 0 are ports, for who listens.
    public init(parsing text: String, anyPort: Bool = false) throws(TransportError) {
        let prefix = "tcp://"
        guard text.hasPrefix(prefix), let colon = text.lastIndex(of: ":") else { throw .badEndpoint(text) }
        let start = text.index(text.startIndex, offsetBy: prefix.count)
        guard start < colon else { throw .badEndpoint(text) }
        host = String(text[start..<colon])
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

    public init(loopbackPort port: UInt16?) {
        host = "127.0.0.1"
        self.port = port
    }

    public var text: String { "tcp://\(host):\(port.map { String($0) } ?? "*")" }

    /// Whether it stands for every address of this machine.
    public var isEverywhere: Bool { ["*", "0.0.0.0", "[::]"].contains(host) }

    /// Whether only programs on this machine can reach it.
    public var isLoopback: Bool { host == "localhost" || host == "[::1]" || host.hasPrefix("127.") }
}

/// One ZeroMQ socket with its context. The only class that calls ZeroMQ, with `waitForInput`.
final class MessageSocket {
    fileprivate let handle: UnsafeMutableRawPointer
    /// Readable when a connection is there.
    fileprivate private(set) var monitor: UnsafeMutableRawPointer?
    private let context: UnsafeMutableRawPointer

    init(type: Int32, endpoint: String) throws(TransportError) {
        guard let context = zmq_ctx_new() else { throw MessageSocket.error("open", endpoint) }
        guard let handle = zmq_socket(context, type) else {
            zmq_ctx_term(context)
            throw MessageSocket.error("open", endpoint)
        }
        self.context = context
        self.handle = handle
        set(ZMQ_MAXMSGSIZE, Int64(WireLimit.frame))
        // What the last messages tell (finish, goodbye) gets half a second to leave.
        set(ZMQ_LINGER, Int32(500))
        set(ZMQ_IPV6, Int32(endpoint.contains("[") ? 1 : 0))
        // A peer that is cut off is noticed, and connected anew.
        set(ZMQ_HEARTBEAT_IVL, Int32(2000))
        set(ZMQ_HEARTBEAT_TIMEOUT, Int32(6000))
        set(ZMQ_HANDSHAKE_IVL, Int32(5000))
        set(ZMQ_RECONNECT_IVL, Int32(100))
        set(ZMQ_RECONNECT_IVL_MAX, Int32(2000))
    }

    deinit {
        if let monitor { zmq_close(monitor) }
        zmq_close(handle)
        zmq_ctx_term(context)
    }

    /// Lets `waitForInput` tell of each connection.
    func watchConnections() {
        let address = "inproc://connections"
        guard zmq_socket_monitor(handle, address, ZMQ_EVENT_HANDSHAKE_SUCCEEDED) == 0 else { return }
        monitor = zmq_socket(context, ZMQ_PAIR)
        if let monitor { zmq_connect(monitor, address) }
    }

    func set<Number: FixedWidthInteger>(_ option: Int32, _ value: Number) {
        withUnsafeBytes(of: value) { _ = zmq_setsockopt(handle, option, $0.baseAddress, $0.count) }
    }

    func set(_ option: Int32, bytes: [UInt8]) { zmq_setsockopt(handle, option, bytes, bytes.count) }

    func text(_ option: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        var count = bytes.count
        guard zmq_getsockopt(handle, option, &bytes, &count) == 0 else { return "" }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    func bind(_ endpoint: String) throws(TransportError) {
        guard zmq_bind(handle, endpoint) == 0 else { throw MessageSocket.error("listen at", endpoint) }
    }

    func connect(_ endpoint: String) throws(TransportError) {
        guard zmq_connect(handle, endpoint) == 0 else { throw MessageSocket.error("connect to", endpoint) }
    }

    /// All parts of the next message, or nil where none has come.
    func receive() -> [[UInt8]]? { receive(from: handle) }

    /// Whether there was a connection since it was last asked.
    func wasConnected() -> Bool {
        guard let monitor else { return false }
        var found = false
        while receive(from: monitor) != nil { found = true }
        return found
    }

    private func receive(from handle: UnsafeMutableRawPointer) -> [[UInt8]]? {
        var parts: [[UInt8]] = []
        while true {
            var message = zmq_msg_t()
            zmq_msg_init(&message)
            defer { zmq_msg_close(&message) }
            guard zmq_msg_recv(&message, handle, ZMQ_DONTWAIT) >= 0 else { return nil }
            let bytes = UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))
            // More parts than any message of ours has are dropped as they come.
            if parts.count < 3 { parts.append(Array(bytes)) }
            if zmq_msg_more(&message) == 0 { return parts }
        }
    }

    /// Never waits. False where the peer cannot be reached now.
    func send(_ bytes: [UInt8], more: Bool = false) -> Bool {
        zmq_send(handle, bytes, bytes.count, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0
    }

    private static func error(_ doing: String, _ endpoint: String) -> TransportError {
        .system(doing: doing, endpoint: endpoint, detail: String(cString: zmq_strerror(zmq_errno())))
    }
}

/// The coordinator's end: one socket for all workers, each known by its identity.
public final class CoordinatorSocket {
    let socket: MessageSocket
    /// Messages that no worker of ours can have sent.
    public private(set) var droppedMessages = 0
    /// Where it listens, the port resolved.
    public let endpoint: String

    public init(listeningAt endpoint: Endpoint) throws(TransportError) {
        socket = try MessageSocket(type: ZMQ_ROUTER, endpoint: endpoint.text)
        socket.set(ZMQ_ROUTER_MANDATORY, Int32(1))
        // A peer's queue is bounded; TCP then holds the peer back.
        socket.set(ZMQ_RCVHWM, Int32(256))
        socket.set(ZMQ_SNDHWM, Int32(4096))
        try socket.bind(endpoint.text)
        let bound = socket.text(ZMQ_LAST_ENDPOINT)
        let port = bound.lastIndex(of: ":").map { bound[bound.index(after: $0)...] } ?? ""
        self.endpoint = "tcp://\(endpoint.host):\(port)"
    }

    /// The next message, if one has come. Messages that no worker of ours can have sent are dropped and counted.
    public func receive() -> (worker: WorkerID, bytes: [UInt8])? {
        while let parts = socket.receive() {
            guard parts.count == 2, let worker = WorkerID(routingID: parts[0]) else {
                droppedMessages += 1
                continue
            }
            return (worker, parts[1])
        }
        return nil
    }

    /// Never waits. False where the worker cannot be reached now.
    @discardableResult
    public func send(_ bytes: [UInt8], to worker: WorkerID) -> Bool {
        socket.send(worker.routingID, more: true) && socket.send(bytes)
    }
}

/// A worker's end.
public final class WorkerSocket {
    let socket: MessageSocket

    /// Connects, and connects again whenever the connection is lost.
    public init(connectingTo endpoint: Endpoint, as worker: WorkerID) throws(TransportError) {
        socket = try MessageSocket(type: ZMQ_DEALER, endpoint: endpoint.text)
        socket.set(ZMQ_ROUTING_ID, bytes: worker.routingID)
        // Nothing is queued for a coordinator that is away: the session says it all again.
        socket.set(ZMQ_IMMEDIATE, Int32(1))
        socket.set(ZMQ_SNDHWM, Int32(0))
        socket.watchConnections()
        try socket.connect(endpoint.text)
    }

    public func receive() -> [UInt8]? { socket.receive()?.first }

    /// Whether a connection was made since this was last asked: the first, or another after one was lost.
    public func wasConnected() -> Bool { socket.wasConnected() }

    /// Never waits. False where the coordinator cannot be reached now.
    @discardableResult
    public func send(_ bytes: [UInt8]) -> Bool { socket.send(bytes) }
}

extension WorkerID {
    /// "w" and eight bytes: an identity of ZeroMQ may not begin with a zero byte.
    var routingID: [UInt8] {
        [UInt8(ascii: "w")] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    init?(routingID bytes: [UInt8]) {
        guard bytes.count == 9, bytes[0] == UInt8(ascii: "w") else { return nil }
        self.init((0..<8).reduce(0) { $0 | UInt64(bytes[1 + $1]) << (8 * UInt64($1)) })
    }
}

/// Waits until a socket or one of the descriptors has something to read, at most so long.
///
/// - Parameter milliseconds: −1 for ever.
/// - Returns: whether the socket is readable, and which of the descriptors (also closed ones).
public func waitForInput(
    _ socket: CoordinatorSocket, descriptors: [Int32], milliseconds: Int
) -> (socket: Bool, descriptors: [Bool]) {
    waitForInput(socket.socket, descriptors, milliseconds)
}

public func waitForInput(
    _ socket: WorkerSocket, descriptors: [Int32], milliseconds: Int
) -> (socket: Bool, descriptors: [Bool]) {
    waitForInput(socket.socket, descriptors, milliseconds)
}

private func waitForInput(
    _ socket: MessageSocket, _ descriptors: [Int32], _ milliseconds: Int
) -> (socket: Bool, descriptors: [Bool]) {
    var items = [zmq_pollitem_t(socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)]
    items += descriptors.map {
        zmq_pollitem_t(socket: nil, fd: $0, events: Int16(ZMQ_POLLIN), revents: 0)
    }
    // Only wakes the caller, who then asks `wasConnected`.
    if let monitor = socket.monitor {
        items.append(zmq_pollitem_t(socket: monitor, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0))
    }
    guard zmq_poll(&items, Int32(items.count), milliseconds) > 0 else {
        return (false, [Bool](repeating: false, count: descriptors.count))
    }
    return (items[0].revents != 0, items[1...].prefix(descriptors.count).map { $0.revents != 0 })
}

/// ZeroMQ's version, "4.3.4".
public var transportVersion: String {
    var (major, minor, patch) = (Int32(0), Int32(0), Int32(0))
    zmq_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
}
