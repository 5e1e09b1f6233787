import Console
import Glibc
import Text
import Transport
import Wire

/// A slot as its worker sees it: a child process and the worker's end of a socket pair.
struct SlotProcess {
    private let child: ChildProgram
    let descriptor: Int32
    private var buffer = FrameBuffer()

    /// - Returns: nil where the process cannot be started; errno says why.
    static func start(_ options: WorkerOptions) -> SlotProcess? {
        var ends: [Int32] = [-1, -1]
        guard let program = thisProgram(),
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0
        else { return nil }
        let child = ChildProgram.start(
            program,
            [
                "--slot", "--parent", String(getpid()), "--data", options.dataFolder, "--checkpoint-every",
                String(options.checkpointSeconds),
            ],
            environment: numericEnvironment(options.kernel), descriptors: [(ours: ends[1], theirs: 3)])
        close(ends[1])
        guard let child else {
            close(ends[0])
            return nil
        }
        return SlotProcess(child: child, descriptor: ends[0])
    }

    private init(child: ChildProgram, descriptor: Int32) {
        self.child = child
        self.descriptor = descriptor
    }

    enum Reading {
        case replies([SlotReply])
        /// It ended, or sent nonsense and was ended: why.
        case ended(String)
    }

    /// Reads what has come; call when the descriptor is readable.
    mutating func read() -> Reading {
        var count = 0
        // Not filled with zeros first: this is done for each trial.
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { room, filled in
            count = recv(descriptor, room.baseAddress, room.count, Int32(MSG_DONTWAIT))
            filled = max(0, count)
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return .replies([]) }
        guard count > 0 else { return .ended("its process \(end().description)") }
        buffer.append(bytes)
        do throws(WireError) {
            var replies: [SlotReply] = []
            while let frame = try buffer.next() { replies.append(try SlotReply(decoding: frame)) }
            return .replies(replies)
        } catch {
            _ = end()
            return .ended("its process said what cannot be read (\(error))")
        }
    }

    /// Waits where the slot is not reading yet; a slot that is gone is noticed by `read`.
    func send(_ request: SlotRequest) {
        var bytes = FrameBuffer.frame(request.encoded)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Ends the process, if it lives, and says how it ended.
    func end() -> ChildProgram.End {
        // A process that closed its end is about to exit by itself: its own end is the one to tell.
        for _ in 0..<50 {
            if let end = child.endIfEnded() { return end }
            guard isClosed else { break }
            usleep(10_000)
        }
        child.send(signal: SIGKILL)
        return child.wait()
    }

    private var isClosed: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT | MSG_PEEK)) == 0
    }

    func close() { Glibc.close(descriptor) }
    private static func close(_ descriptor: Int32) { Glibc.close(descriptor) }
}
