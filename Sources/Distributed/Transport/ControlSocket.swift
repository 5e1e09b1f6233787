import CPosix
import Glibc

/// The coordinator's end of the connection with its operator: a Unix-domain socket in the run directory, to
/// which only the directory's owner can connect. A request is a line, and so is each answer.
public final class ControlListener {
    /// A line from an operator.
    public struct Request: Equatable, Sendable {
        /// The line, without its newline.
        public let text: String
        /// Number of its connection. By the time an answer is due, the descriptor may belong to another
        /// connection.
        let connection: Int
    }

    private struct Connection {
        let number: Int
        let descriptor: Int32
        var input: [UInt8] = []
        var output: [UInt8] = []
    }

    /// Name of the socket's file in the run directory.
    public static let fileName = "control.sock"
    private static let longestRequest = 4096
    private static let maxConnections = 32

    private let listener: Int32
    /// Descriptor of the run directory.
    private let folder: Int32
    private var connections: [Connection] = []
    private var nextNumber = 0

    /// Listens in a run directory. The directory's lock must be held, because a socket that a killed
    /// coordinator left is replaced.
    ///
    /// - Throws: the system's error.
    public init(in directory: String) throws(ControlError) {
        folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        listener = socket(AF_UNIX, controlSocketType | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard folder >= 0, listener >= 0 else { throw .last }
        unlinkat(folder, Self.fileName, 0)
        // The socket's mode becomes the file's, so there is no moment at which others could connect.
        guard fchmod(listener, 0o600) == 0, named(folder, bind, listener), listen(listener, 16) == 0 else {
            throw .last
        }
    }

    deinit {
        for connection in connections { close(connection.descriptor) }
        if listener >= 0 { close(listener) }
        guard folder >= 0 else { return }
        unlinkat(folder, Self.fileName, 0)
        close(folder)
    }

    /// Descriptors to wait for: the listener's and those of all connections.
    public var descriptors: [Int32] { [listener] + connections.map(\.descriptor) }

    /// Lines that have come since the last call. Never waits.
    public func requests() -> [Request] {
        while connections.count < Self.maxConnections {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            connections.append(Connection(number: nextNumber, descriptor: descriptor))
            nextNumber += 1
        }
        var requests: [Request] = []
        var over: Set<Int> = []
        for index in connections.indices {
            let (descriptor, number) = (connections[index].descriptor, connections[index].number)
            flush(index)
            var bytes = [UInt8](repeating: 0, count: Self.longestRequest)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { over.insert(number) }
            guard count > 0 else { continue }
            connections[index].input += bytes[..<count]
            while let end = connections[index].input.firstIndex(of: UInt8(ascii: "\n")) {
                let text = String(decoding: connections[index].input[..<end], as: UTF8.self)
                connections[index].input.removeSubrange(...end)
                requests.append(Request(text: text, connection: number))
            }
            if connections[index].input.count > Self.longestRequest { over.insert(number) }
        }
        connections.removeAll { connection in
            guard over.contains(connection.number) else { return false }
            close(connection.descriptor)
            return true
        }
        return requests.filter { !over.contains($0.connection) }
    }

    /// Sends a line as an answer. Never waits: what the other end doesn't take yet is sent later.
    public func answer(_ request: Request, _ line: String) {
        guard let index = connections.firstIndex(where: { $0.number == request.connection }) else {
            return
        }
        connections[index].output += Array(line.utf8) + [UInt8(ascii: "\n")]
        flush(index)
    }

    private func flush(_ index: Int) {
        while !connections[index].output.isEmpty {
            let output = connections[index].output
            let count = output.withUnsafeBytes {
                send(connections[index].descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            connections[index].output.removeFirst(count)
        }
    }
}

/// The operator's end of the connection with a coordinator.
public final class ControlClient {
    private let descriptor: Int32
    private var input: [UInt8] = []

    /// Timeout of connecting, in milliseconds. A coordinator that is stopped takes no connection once the
    /// system's queue is full.
    private static let connectPatience = 3000

    /// Connects to the coordinator of a run directory.
    ///
    /// - Parameter milliseconds: how long to wait for a line; nil: for ever.
    public init(in directory: String, patience milliseconds: Int? = nil) throws(ControlError) {
        let folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if folder >= 0 { close(folder) } }
        descriptor = socket(AF_UNIX, controlSocketType, 0)
        guard folder >= 0, descriptor >= 0 else { throw .last }
        limit(SO_SNDTIMEO, milliseconds ?? Self.connectPatience)
        if let milliseconds { limit(SO_RCVTIMEO, milliseconds) }
        guard named(folder, connect, descriptor) else { throw .last }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private func limit(_ option: Int32, _ milliseconds: Int) {
        var time = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Whether something came, or the other end went away, within this many milliseconds.
    public func hears(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return !input.isEmpty || poll(&entry, 1, milliseconds) != 0
    }

    /// Sends a line. Returns whether all of it was sent.
    public func send(_ line: String) -> Bool {
        let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
        return bytes.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) == $0.count
        }
    }

    /// The next line; nil if the other end is gone or silent for too long.
    public func receive() -> String? {
        while true {
            if let end = input.firstIndex(of: UInt8(ascii: "\n")) {
                defer { input.removeSubrange(...end) }
                return String(decoding: input[..<end], as: UTF8.self)
            }
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0, input.count < 64 << 20 else { return nil }
            input += bytes[..<count]
        }
    }
}

/// A system error of the control socket.
public struct ControlError: Error, Equatable, Sendable {
    /// The system's `errno`.
    public let code: Int32
    /// The system's message.
    public var message: String { String(cString: strerror(code)) }

    /// The other end went away or doesn't answer.
    public static let noAnswer = ControlError(code: ETIMEDOUT)

    /// Whether the run belongs to another user, so that waiting doesn't help.
    public var isForbidden: Bool { code == EACCES || code == EPERM }

    static var last: ControlError { ControlError(code: errno) }
}

private let controlSocketType = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

/// Binds or connects to the socket's file in a folder. An address holds 108 bytes only, and the folder's path
/// may be longer. The path by its descriptor is short.
private func named(
    _ folder: Int32, _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ descriptor: Int32
) -> Bool {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { room in
        room.copyBytes(from: "/proc/self/fd/\(folder)/\(ControlListener.fileName)".utf8)
    }
    return withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
        }
    }
}
