import Files
import Glibc
import Testing

@Suite struct DescriptorTests {
    @Test
    func `A pipe carries bytes, says when nothing has arrived, and when its other end is closed`()
        throws
    {
        let ends = try #require(PipeEnds())
        defer { close(ends.reading) }
        for end in [ends.reading, ends.writing] { #expect(fcntl(end, F_GETFD) == FD_CLOEXEC) }
        _ = fcntl(ends.reading, F_SETFL, O_NONBLOCK)
        var buffer = [UInt8](repeating: 0, count: 4)
        #expect(readArrived(ends.reading, into: &buffer) == nil)
        #expect(writeAll("hello".utf8, to: ends.writing))
        #expect(readArrived(ends.reading, into: &buffer) == 4 && buffer == Array("hell".utf8))
        #expect(readArrived(ends.reading, into: &buffer) == 1 && buffer[0] == UInt8(ascii: "o"))
        close(ends.writing)
        #expect(readArrived(ends.reading, into: &buffer) == 0)
    }

    @Test func `Bytes go to their offset; a file that is shorter is not read`() throws {
        var name = Array("/tmp/descriptor-XXXXXX".utf8CString)
        let file = mkstemp(&name)
        defer { close(file) }
        try #require(file >= 0)
        unlink(name)
        #expect(writeAll([1, 2, 3, 4] as [UInt8], to: file))
        #expect(writeAll([9, 8] as [UInt8], to: file, at: 1))
        #expect(writeAll([5] as [UInt8], to: file))
        #expect(readAll(5, of: file, at: 0) == [1, 9, 8, 4, 5])
        #expect(readAll(2, of: file, at: 3) == [4, 5])
        #expect(readAll(3, of: file, at: 3) == nil && errno == 0)
        #expect(readAll(1, of: -1, at: 0) == nil && errno == EBADF)
    }

    @Test func `A writer waits for a full pipe that doesn't block, and a closed one is an error`() throws {
        let ends = try #require(PipeEnds())
        _ = fcntl(ends.writing, F_SETFL, O_NONBLOCK)
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        let reader = Reader(ends.reading, bytes.count)
        reader.start()
        #expect(writeAll(bytes, to: ends.writing))
        #expect(reader.wait() == bytes.count)
        close(ends.reading)
        signal(SIGPIPE, SIG_IGN)
        #expect(!writeAll(bytes, to: ends.writing) && errno == EPIPE)
        close(ends.writing)
    }
}

/// Reads bytes of a pipe in a thread of its own.
private final class Reader: @unchecked Sendable {
    private let descriptor: Int32
    private let due: Int
    private var found = 0
    private var thread = pthread_t()

    init(_ descriptor: Int32, _ due: Int) {
        self.descriptor = descriptor
        self.due = due
    }

    func start() {
        pthread_create(
            &thread, nil,
            {
                guard let given = $0 else { return nil }
                let reader = Unmanaged<Reader>.fromOpaque(given).takeUnretainedValue()
                var buffer = [UInt8](repeating: 0, count: 1000)
                while reader.found < reader.due, let count = readArrived(reader.descriptor, into: &buffer),
                    count > 0
                {
                    reader.found += count
                }
                return nil
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    func wait() -> Int {
        pthread_join(thread, nil)
        return found
    }
}
