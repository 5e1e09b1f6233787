import CPosix
import Glibc

/// How a coordinator hears its operator: a Unix-domain socket in the run directory, which nobody but the
/// directory's owner can connect to. A request is a line, and so is each answer.
public final class ControlListener {
    public struct Request: Equatable, Sendable {
        public let text: String
        /// Its number: a descriptor may be another's by the time that an answer is due.
        let connection: Int
    }

    private struct Connection {
        let number: Int
        let descriptor: Int32
        var input: [UInt8] = []
        var output: [UInt8] = []
    }

    public static let fileName = "control.sock"
    private static let longestRequest = 4096
    private static let maxConnections = 32

    private let listener: Int32
    /// The run directory, as a descriptor.
    private let folder: Int32
    private var connections: [Connection] = []
    private var nextNumber = 0

    /// The directory's lock must be held: a socket that a killed coordinator left is replaced.
    ///
    /// - Throws: what is wrong, in words.
    public init(in directory: String) throws(ControlError) {
        folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        listener = socket(AF_UNIX, controlSocketType | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard folder >= 0, listener >= 0 else { throw .last }
        unlinkat(folder, Self.fileName, 0)
        // What the file's mode will be: there is no moment at which others could connect.
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

    public var descriptors: [Int32] { [listener] + connections.map(\.descriptor) }

    /// Lines that have come since this was last asked; never waits.
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
        for place in connections.indices {
            let (descriptor, number) = (connections[place].descriptor, connections[place].number)
            flush(place)
            var bytes = [UInt8](repeating: 0, count: Self.longestRequest)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { over.insert(number) }
            guard count > 0 else { continue }
            connections[place].input += bytes[..<count]
            while let end = connections[place].input.firstIndex(of: UInt8(ascii: "\n")) {
                let text = String(decoding: connections[place].input[..<end], as: UTF8.self)
                connections[place].input.removeSubrange(...end)
                requests.append(Request(text: text, connection: number))
            }
            if connections[place].input.count > Self.longestRequest { over.insert(number) }
        }
        connections.removeAll { connection in
            guard over.contains(connection.number) else { return false }
            close(connection.descriptor)
            return true
        }
        return requests.filter { !over.contains($0.connection) }
    }

    /// Sends a line, as the other end takes it.
    public func answer(_ request: Request, _ line: String) {
        guard let place = connections.firstIndex(where: { $0.number == request.connection }) else {
            return
        }
        connections[place].output += Array(line.utf8) + [UInt8(ascii: "\n")]
        flush(place)
    }

    private func flush(_ place: Int) {
        while !connections[place].output.isEmpty {
            let output = connections[place].output
            let count = output.withUnsafeBytes {
                send(connections[place].descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            connections[place].output.removeFirst(count)
        }
    }
}

/// The operator's end.
public final class ControlClient {
    private let descriptor: Int32
    private var input: [UInt8] = []

    /// One that is stopped takes no connections, either, once as many wait as the system lets wait.
    private static let connectPatience = 3000

    /// - Parameter milliseconds: how long a line is waited for; nil: for ever.
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

    /// Whether something came, or the other end went, within so many milliseconds.
    public func hears(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return !input.isEmpty || poll(&entry, 1, milliseconds) != 0
    }

    public func send(_ line: String) -> Bool {
        let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
        return bytes.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) == $0.count
        }
    }

    /// The next line; nil where the other end is gone, or says nothing for too long.
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

/// What the system said.
public struct ControlError: Error, Equatable, Sendable {
    public let code: Int32
    public var message: String { String(cString: strerror(code)) }

    /// The other end went away, or says nothing.
    public static let noAnswer = ControlError(code: ETIMEDOUT)

    /// The run is another user's: waiting does not help.
    public var isForbidden: Bool { code == EACCES || code == EPERM }

    static var last: ControlError { ControlError(code: errno) }
}

private let controlSocketType = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

/// Binds or connects to the socket's file in a folder. An address has room for 108 bytes only, and a folder's
/// path may be longer: its descriptor's is not.
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
