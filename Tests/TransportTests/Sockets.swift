import Foundation
import Wire

@testable import Transport

/// The next message; nil after five seconds.
func next(_ socket: CoordinatorSocket) -> (worker: WorkerID, bytes: [UInt8])? {
    for _ in 0..<50 {
        _ = waitForInput(socket, descriptors: [], milliseconds: 100)
        if let message = socket.receive() { return message }
    }
    return nil
}

func next(_ socket: WorkerSocket) -> [UInt8]? {
    _ = socket.news()
    for _ in 0..<50 {
        _ = waitForInput(socket, descriptors: [], milliseconds: 100)
        if let message = socket.receive() { return message }
    }
    return nil
}

func sendOnceConnected(_ socket: WorkerSocket, _ bytes: [UInt8], while tending: () -> Void = {}) -> Bool {
    for _ in 0..<500 {
        tending()
        if socket.send(bytes) { return true }
        usleep(10_000)
    }
    return false
}

/// A connection of a program that is none of ours.
func stranger(at endpoint: Endpoint, saying greeting: [UInt8] = []) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = (endpoint.port ?? 0).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let status = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard status == 0 else {
        close(descriptor)
        return -1
    }
    if !greeting.isEmpty { _ = send(descriptor, greeting, greeting.count, Int32(MSG_NOSIGNAL)) }
    return descriptor
}
