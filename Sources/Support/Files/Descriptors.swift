import Glibc

/// Both ends of a pipe, closed on exec, so that a child gets an end only where it is passed explicitly.
public struct PipeEnds: Equatable, Sendable {
    /// The end to read from.
    public let reading: Int32
    /// The end to write to.
    public let writing: Int32

    /// Makes a pipe; nil where the system refuses (errno says why).
    public init?() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reading, writing) = (ends[0], ends[1])
    }

    /// Closes both ends.
    public func closeBoth() {
        close(reading)
        close(writing)
    }
}

/// Writes all bytes, and waits where a descriptor that doesn't block can't take them yet.
///
/// - Parameter offset: where in the file they belong; nil: at its current offset.
/// - Returns: false where the system refuses (errno says why).
public func writeAll(_ bytes: some Collection<UInt8>, to descriptor: Int32, at offset: UInt64? = nil) -> Bool
{
    var rest = Array(bytes)[...]
    var position = offset.map { off_t($0) }
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { bytes in
            position.map { pwrite(descriptor, bytes.baseAddress, bytes.count, $0) }
                ?? write(descriptor, bytes.baseAddress, bytes.count)
        }
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN {
            var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&room, 1, -1)
            continue
        }
        if count == 0 { errno = EIO }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
        position? += off_t(count)
    }
    return true
}

/// Reads exactly `count` bytes of a file from `offset` on; nil where the system refuses (errno says why) or the
/// file is shorter (errno is 0).
public func readAll(_ count: Int, of descriptor: Int32, at offset: UInt64) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
        let found = bytes.withUnsafeMutableBytes {
            pread(
                descriptor, $0.baseAddress?.advanced(by: filled), count - filled,
                off_t(offset) + off_t(filled))
        }
        if found < 0, errno == EINTR { continue }
        if found == 0 { errno = 0 }
        guard found > 0 else { return nil }
        filled += found
    }
    return bytes
}

/// Reads what has arrived, at most as much as `buffer` holds, and waits only where the descriptor blocks.
///
/// - Returns: the number of bytes; 0 at the end, or where the system refuses; nil where nothing has arrived yet.
public func readArrived(_ descriptor: Int32, into buffer: inout [UInt8]) -> Int? {
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN { return nil }
        return max(0, count)
    }
}
