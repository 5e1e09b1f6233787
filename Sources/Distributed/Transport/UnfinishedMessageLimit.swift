/// What connections sent and nobody could read yet. ZeroMQ hands a message on when its last part is there and
/// bounds the size of parts, not their number: who never comes to a last part would fill the memory. Pure:
/// told what was received and delivered, it names the connections to end.
struct UnfinishedMessageLimit: Equatable, Sendable {
    private struct Connection: Equatable, Sendable {
        /// Bytes received when a message was last known to be whole.
        var whole: UInt64 = 0
        var hasDelivered = true
        /// Whether any whole message came by it: it was secured then.
        var hasSpoken = false
    }

    private var connections: [Int32: Connection] = [:]

    /// Most bytes without a whole message, but for what comes between two looks.
    static let limit: UInt64 = 64 << 20

    mutating func opened(_ descriptor: Int32) { connections[descriptor] = Connection() }

    /// - Returns: whether a whole message of the connection was read.
    @discardableResult mutating func closed(_ descriptor: Int32) -> Bool {
        connections.removeValue(forKey: descriptor)?.hasSpoken ?? false
    }

    /// A whole message of the connection was read.
    mutating func delivered(_ descriptor: Int32) {
        connections[descriptor]?.hasDelivered = true
        connections[descriptor]?.hasSpoken = true
    }

    /// - Parameter received: the bytes that came by a connection so far.
    /// - Returns: connections that go on and on without a whole message, in order.
    mutating func look(_ received: (Int32) -> UInt64) -> [Int32] {
        var endless: [Int32] = []
        for (descriptor, connection) in connections {
            let now = received(descriptor)
            if connection.hasDelivered || now < connection.whole {
                connections[descriptor] = Connection(
                    whole: now, hasDelivered: false, hasSpoken: connection.hasSpoken)
            } else if now - connection.whole > UnfinishedMessageLimit.limit {
                connections[descriptor] = nil
                endless.append(descriptor)
            }
        }
        return endless.sorted()
    }
}
