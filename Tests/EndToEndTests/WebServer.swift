import Foundation
import Glibc

/// A little HTTP server on loopback, as good or as bad as a test wants: a thread for each connection, one
/// request each.
final class WebServer: Sendable {
    struct Request: Equatable, Sendable {
        var path: String
        /// First byte asked for, where a part of the file was.
        var start: Int?
        /// Counts the requests for this path, from 1.
        var number: Int
    }

    enum Reply: Sendable {
        /// The file, or the part asked for.
        case file([UInt8])
        /// The whole file, whatever was asked for.
        case wholeFile([UInt8])
        /// Announces the file, ends the connection after so many bytes of the file in all.
        case cut([UInt8], at: Int)
        /// Announces the file, is silent after so many bytes of it in all.
        case stall([UInt8], at: Int)
        case status(Int)
    }

    let port: UInt16
    var url: String { "http://127.0.0.1:\(port)/" }
    private let listener: Int32
    private let answer: @Sendable (Request) -> Reply
    private let lock = NSLock()
    nonisolated(unsafe) private var log: [Request] = []

    init(_ answer: @escaping @Sendable (Request) -> Reply) throws {
        self.answer = answer
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isUp = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isUp else { throw POSIXError(.EADDRINUSE) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { break }
                Thread.detachNewThread { [weak self] in
                    self?.serve(connection)
                    close(connection)
                }
            }
            close(descriptor)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// All that was asked so far.
    var requests: [Request] { lock.withLock { log } }

    private func serve(_ connection: Int32) {
        guard let request = read(connection) else { return }
        switch answer(request) {
        case .status(let code): send("HTTP/1.1 \(code) No\r\nContent-Length: 2\r\n\r\nNo", to: connection)
        case .file(let bytes): send(bytes, from: request.start, upTo: bytes.count, to: connection)
        case .wholeFile(let bytes): send(bytes, from: nil, upTo: bytes.count, to: connection)
        case .cut(let bytes, let end): send(bytes, from: request.start, upTo: end, to: connection)
        case .stall(let bytes, let end):
            send(bytes, from: request.start, upTo: end, to: connection)
            // Until the other side has had enough.
            var byte: UInt8 = 0
            _ = recv(connection, &byte, 1, 0)
        }
    }

    private func read(_ connection: Int32) -> Request? {
        var head: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: head, as: UTF8.self).contains("\r\n\r\n") {
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            head += chunk[..<count]
        }
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        let range = lines.first { $0.lowercased().hasPrefix("range: bytes=") }
        let start = range.flatMap { Int($0.dropFirst("range: bytes=".count).prefix { $0 != "-" }) }
        let words = lines[0].split(separator: " ")
        guard words.count > 1 else { return nil }
        let path = String(words[1])
        return lock.withLock {
            let number = log.count { $0.path == path } + 1
            log.append(Request(path: path, start: start, number: number))
            return log.last
        }
    }

    private func send(_ bytes: [UInt8], from start: Int?, upTo end: Int, to connection: Int32) {
        let first = start ?? 0
        guard first < bytes.count || start == nil else {
            return send("HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n", to: connection)
        }
        var head = start == nil ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 206 Partial Content\r\n"
        if start != nil { head += "Content-Range: bytes \(first)-\(bytes.count - 1)/\(bytes.count)\r\n" }
        head += "Content-Length: \(bytes.count - first)\r\nConnection: close\r\n\r\n"
        send(Array(head.utf8) + bytes[min(first, end)..<end], to: connection)
    }

    private func send(_ text: String, to connection: Int32) { send(Array(text.utf8), to: connection) }

    private func send(_ bytes: [UInt8], to connection: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
