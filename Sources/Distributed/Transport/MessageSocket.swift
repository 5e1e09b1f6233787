import CZeroMQ
import Glibc
import Wire

/// One ZeroMQ socket with its context. Only this class, `waitForInput` and `KeyPair` call ZeroMQ.
final class MessageSocket {
    fileprivate let handle: UnsafeMutableRawPointer
    /// Readable when a connection has changed.
    fileprivate private(set) var monitor: UnsafeMutableRawPointer?
    /// Readable when a peer wants to be admitted (ZeroMQ RFC 27).
    fileprivate private(set) var authenticator: UnsafeMutableRawPointer?
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
        // The last messages (finish, goodbye) get half a second to leave.
        set(ZMQ_LINGER, Int32(500))
        set(ZMQ_IPV6, Int32(endpoint.contains("[") ? 1 : 0))
        // A peer that is cut off is noticed and connected again.
        set(ZMQ_HEARTBEAT_IVL, Int32(2000))
        set(ZMQ_HEARTBEAT_TIMEOUT, Int32(6000))
        set(ZMQ_HANDSHAKE_IVL, Int32(5000))
        set(ZMQ_RECONNECT_IVL, Int32(100))
        set(ZMQ_RECONNECT_IVL_MAX, Int32(2000))
    }

    deinit {
        if let monitor { zmq_close(monitor) }
        zmq_close(handle)
        // Closed after the socket that it guards: without a guard, CURVE admits everybody.
        if let authenticator { zmq_close(authenticator) }
        zmq_ctx_term(context)
    }

    // MARK: - Keys

    /// Admits only peers that `answerHandshakes` admits. Call it before `bind`.
    func requireKeys(_ secret: SecretKey) throws(TransportError) {
        let address = "inproc://zeromq.zap.01"
        authenticator = zmq_socket(context, ZMQ_REP)
        // Throws if the authenticator can't be set up, because the socket would be open to everybody.
        guard let authenticator, zmq_bind(authenticator, address) == 0 else {
            throw MessageSocket.error("listen at", address)
        }
        var isServer = Int32(1)
        let domain = "ranksweep"
        guard zmq_setsockopt(handle, ZMQ_CURVE_SERVER, &isServer, MemoryLayout<Int32>.size) == 0,
            zmq_setsockopt(handle, ZMQ_CURVE_SECRETKEY, secret.bytes, secret.bytes.count) == 0,
            zmq_setsockopt(handle, ZMQ_ZAP_DOMAIN, domain, domain.utf8.count) == 0
        else { throw MessageSocket.error("use keys at", "a socket") }
    }

    /// Proves the worker's identity to the coordinator, and talks to no other. Call it before `connect`.
    func prove(_ keys: WorkerKeys) throws(TransportError) {
        let (server, own, secret) = (
            keys.coordinator.bytes, keys.pair.publicKey.bytes, keys.pair.secretKey.bytes
        )
        guard zmq_setsockopt(handle, ZMQ_CURVE_SERVERKEY, server, server.count) == 0,
            zmq_setsockopt(handle, ZMQ_CURVE_PUBLICKEY, own, own.count) == 0,
            zmq_setsockopt(handle, ZMQ_CURVE_SECRETKEY, secret, secret.count) == 0
        else { throw MessageSocket.error("use keys at", "a socket") }
    }

    /// Answers peers that want to be admitted: with a name for their connection, or with a refusal.
    ///
    /// - Parameter decide: gets the public key, 32 bytes, and the peer's address; returns the name, or nil to
    ///   refuse.
    func answerHandshakes(_ decide: (_ key: [UInt8], _ address: String) -> String?) {
        guard let authenticator else { return }
        // Bounded, so that messages get their turn.
        for _ in 0..<200 {
            guard let parts = receive(from: authenticator, parts: 7)?.parts else { return }
            // Version, request, domain, address, routing id, mechanism, key.
            let isOurs = parts.count == 7 && parts[5] == Array("CURVE".utf8)
            let name = isOurs ? decide(parts[6], String(decoding: parts[3], as: UTF8.self)) : nil
            let answer = name == nil ? ("400", "not on the list") : ("200", "")
            let reply = [
                Array("1.0".utf8), parts.count > 1 ? parts[1] : [], Array(answer.0.utf8),
                Array(answer.1.utf8),
                Array((name ?? "").utf8), [],
            ]
            for (index, part) in reply.enumerated() {
                let flags = ZMQ_DONTWAIT | (index < reply.count - 1 ? ZMQ_SNDMORE : 0)
                zmq_send(authenticator, part, part.count, flags)
            }
        }
    }

    // MARK: - Connections

    /// Makes `connectionEvents` report these events.
    func watchConnections(_ events: Int32) {
        let address = "inproc://connections"
        guard zmq_socket_monitor(handle, address, events) == 0 else { return }
        monitor = zmq_socket(context, ZMQ_PAIR)
        guard let monitor else { return }
        // ZeroMQ's own thread waits if the queue is full, so it holds what a storm of connections brings in a
        // turn.
        var maximum = Int32(100_000)
        zmq_setsockopt(monitor, ZMQ_RCVHWM, &maximum, MemoryLayout<Int32>.size)
        zmq_connect(monitor, address)
    }

    /// Events since the last call, each with its value.
    func connectionEvents() -> [(kind: Int32, value: UInt32)] {
        guard let monitor else { return [] }
        var events: [(kind: Int32, value: UInt32)] = []
        // Two parts: the event, 16 bits, with its value, 32 bits, in this machine's order; then the endpoint.
        while let parts = receive(from: monitor, parts: 2)?.parts {
            guard let event = parts.first, event.count == 6 else { continue }
            let (kind, value) = event.withUnsafeBytes {
                ($0.loadUnaligned(as: UInt16.self), $0.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
            }
            events.append((Int32(kind), value))
        }
        return events
    }

    // MARK: - Messages

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

    /// A message with the name that the authenticator gave its connection, and the descriptor it came by (−1:
    /// unknown).
    struct Received {
        var parts: [[UInt8]]
        var name: String?
        var descriptor: Int32
    }

    /// The next message; nil if none has come.
    func receive() -> Received? { receive(from: handle, parts: 3) }

    /// Receives a message. Drops further parts than any message of ranksweep has.
    private func receive(
        from handle: UnsafeMutableRawPointer, parts maximum: Int
    ) -> Received? {
        var parts: [[UInt8]] = []
        while true {
            var message = zmq_msg_t()
            zmq_msg_init(&message)
            defer { zmq_msg_close(&message) }
            guard zmq_msg_recv(&message, handle, ZMQ_DONTWAIT) >= 0 else { return nil }
            let bytes = UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message))
            if parts.count < maximum { parts.append(Array(bytes)) }
            guard zmq_msg_more(&message) == 0 else { continue }
            let user = authenticator == nil ? nil : zmq_msg_gets(&message, "User-Id")
            return Received(
                parts: parts, name: user.map { String(cString: $0) },
                descriptor: zmq_msg_get(&message, ZMQ_SRCFD))
        }
    }

    /// Sends a message's part. Never waits; returns false if the peer can't be reached now.
    func send(_ bytes: [UInt8], more: Bool = false) -> Bool {
        zmq_send(handle, bytes, bytes.count, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0
    }

    private static func error(_ doing: String, _ endpoint: String) -> TransportError {
        .system(doing: doing, endpoint: endpoint, detail: String(cString: zmq_strerror(zmq_errno())))
    }
}

func waitForInput(
    _ socket: MessageSocket, _ descriptors: [Int32], writable: [Int32] = [], _ milliseconds: Int
) -> (socket: Bool, descriptors: [Bool]) {
    var items = [zmq_pollitem_t(socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)]
    items += descriptors.map {
        zmq_pollitem_t(socket: nil, fd: $0, events: Int16(ZMQ_POLLIN), revents: 0)
    }
    // These only wake the caller, which then looks at them.
    for other in [socket.monitor, socket.authenticator].compactMap({ $0 }) {
        items.append(zmq_pollitem_t(socket: other, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0))
    }
    items += writable.map { zmq_pollitem_t(socket: nil, fd: $0, events: Int16(ZMQ_POLLOUT), revents: 0) }
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
