/// Limit of the bytes that a connection may send without completing a message. ZeroMQ delivers a message once
/// its last part has come, and bounds the size of parts, not their number: a peer that never sends a last
/// part would fill the memory. A pure value: from what was received and delivered it finds the connections to
/// end.
struct UnfinishedMessageLimit: Equatable, Sendable {
    private struct Connection: Equatable, Sendable {
        /// Bytes received when a message was last known to be complete.
        var whole: UInt64 = 0
        var hasDelivered = true
        /// Whether any whole message came by it: it was secured then.
        var hasSpoken = false
    }

    private var connections: [Int32: Connection] = [:]

    /// Most bytes without a complete message, not counting those between two checks.
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

    /// Checks all connections.
    ///
    /// - Parameter received: bytes that came by a connection so far.
    /// - Returns: connections that keep sending without a complete message, in order.
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
