import Console
import Files
import Glibc
import Text
import Transport
import Wire

/// A slot from its worker's side: a child process and the worker's end of a socket pair.
struct SlotProcess {
    private let child: ChildProgram
    let descriptor: Int32
    /// The read end of the slot's standard error.
    let errors: Int32
    private(set) var log = LastLines()
    private var buffer = FrameBuffer()
    /// The process's peak memory since its trial began, in bytes; set once the process has ended.
    private(set) var peakMemoryBytes: UInt64 = 0

    /// Starts a slot's process.
    ///
    /// - Returns: nil if the process cannot be started; `errno` says why.
    static func start(_ options: WorkerOptions) -> SlotProcess? {
        var ends: [Int32] = [-1, -1]
        guard let pipe = PipeEnds() else { return nil }
        _ = fcntl(pipe.reading, F_SETFL, O_NONBLOCK)
        guard let program = thisProgram(),
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0
        else {
            pipe.closeBoth()
            return nil
        }
        let child = ChildProgram.start(
            program, arguments(options), environment: numericEnvironment(options.kernel),
            // Standard error comes first: the slot's end may have the number 3 in this process.
            descriptors: [(ours: pipe.writing, theirs: STDERR_FILENO), (ours: ends[1], theirs: 3)],
            // The worker gets these, too, and ends its slots: a slot that ends first would look like a failure.
            blocked: [SIGTERM, SIGINT, SIGHUP])
        close(ends[1])
        close(pipe.writing)
        guard let child else {
            close(ends[0])
            close(pipe.reading)
            return nil
        }
        return SlotProcess(child: child, descriptor: ends[0], errors: pipe.reading)
    }

    /// The command line of a slot.
    static func arguments(_ options: WorkerOptions) -> [String] {
        [
            "--slot", "--parent", String(getpid()), "--data", options.dataFolder, "--checkpoint-every",
            String(options.checkpointSeconds), "--slots", String(options.slots),
        ] + (options.runFolder.map { ["--run", $0] } ?? [])
            + (options.memoryShare.map { ["--memory-share", String($0)] } ?? [])
    }

    private init(child: ChildProgram, descriptor: Int32, errors: Int32) {
        self.child = child
        self.descriptor = descriptor
        self.errors = errors
    }

    enum Reading {
        case replies([SlotReply])
        /// The process ended, or sent an invalid message and was ended: the cause, and whether it
        /// crashed by itself.
        case ended(String, isCrash: Bool = false)
    }

    /// Reads what has arrived; call it when the descriptor is readable.
    mutating func read() -> Reading {
        var count = 0
        // Not zeroed first, because this runs for every trial.
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { room, filled in
            count = recv(descriptor, room.baseAddress, room.count, Int32(MSG_DONTWAIT))
            filled = max(0, count)
        }
        if count < 0, errno == EAGAIN || errno == EINTR { return .replies([]) }
        guard count > 0 else {
            let end = end()
            let crashes = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGSEGV].map {
                ChildProgram.End.killed(signal: $0)
            }
            return .ended("its process \(end.description)", isCrash: crashes.contains(end))
        }
        buffer.append(bytes)
        do throws(WireError) {
            var replies: [SlotReply] = []
            while let frame = try buffer.next() { replies.append(try SlotReply(decoding: frame)) }
            return .replies(replies)
        } catch {
            _ = end()
            return .ended("its process sent a message that cannot be read (\(error))")
        }
    }

    /// Sends a request, and waits if the slot is not reading yet. `read` notices a slot that is gone.
    func send(_ request: SlotRequest) {
        _ = writeAll(FrameBuffer.frame(request.encoded), to: descriptor)
    }

    /// Ends the process if it is alive, and says how it ended.
    mutating func end() -> ChildProgram.End {
        // A process that closed its end is about to exit by itself: report that exit.
        for _ in 0..<50 {
            if let ended = child.endAndPeak(WNOHANG) {
                peakMemoryBytes = ended.peakMemoryBytes
                return ended.end
            }
            guard isClosed else { break }
            usleep(10_000)
        }
        child.send(signal: SIGKILL)
        let ended = child.endAndPeak(0)
        peakMemoryBytes = ended?.peakMemoryBytes ?? 0
        return ended?.end ?? .killed(signal: SIGKILL)
    }

    /// The process's own memory at present, in bytes. 0 if it is gone.
    var ownMemoryBytes: UInt64 { processMemoryBytes(of: String(child.process)) }

    /// The complete lines that it wrote to standard error.
    mutating func readErrors() -> [String] {
        var lines: [String] = []
        var bytes = [UInt8](repeating: 0, count: 4096)
        while let count = readArrived(errors, into: &bytes), count > 0 { lines += log.add(bytes[..<count]) }
        return lines
    }

    mutating func clearLog() { log.clear() }

    /// Asks the process to save its trial's state and end.
    func askForState() { child.send(signal: SIGUSR1) }

    /// Whether the process has ended or is about to; its remaining output stays unread.
    var isOver: Bool {
        var end = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&end, 1, 0) > 0 && end.revents & Int16(POLLHUP | POLLERR) != 0
    }

    private var isClosed: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT | MSG_PEEK)) == 0
    }

    func close() {
        Glibc.close(descriptor)
        Glibc.close(errors)
    }
    private static func close(_ descriptor: Int32) { Glibc.close(descriptor) }
}
