import CPosix
import Cluster
import Console
import Files
import Glibc
import Transport

/// Data for a process's standard input, written in parts as the process accepts them.
struct Feed {
    enum Part {
        case bytes([UInt8])
        /// A whole file.
        case file(String, size: Int)
    }

    private var parts: [Part]
    private var buffer: ArraySlice<UInt8> = []
    private var file: Int32 = -1
    private var fileLeft = 0
    /// Bytes written so far.
    private(set) var sent = 0

    init(_ parts: [Part]) { self.parts = parts }

    var isEmpty: Bool { parts.isEmpty && buffer.isEmpty && file < 0 }

    mutating func append(_ bytes: [UInt8]) { parts.append(.bytes(bytes)) }

    /// Writes as much as possible without waiting. False where the other side accepts no more, or a file has
    /// changed.
    mutating func pump(to descriptor: Int32) -> Bool {
        while true {
            if buffer.isEmpty {
                guard refill() else { return false }
                if buffer.isEmpty { return true }
            }
            let count = buffer.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return true }
            guard count > 0 else { return false }
            sent += count
            buffer = buffer.dropFirst(count)
        }
    }

    private mutating func refill() -> Bool {
        if file >= 0 {
            var bytes = [UInt8](repeating: 0, count: min(fileLeft, 1 << 18))
            let count = fileLeft == 0 ? 0 : read(file, &bytes, bytes.count)
            guard count > 0 || fileLeft == 0 else { return false }
            fileLeft -= count
            buffer = bytes[..<count]
            if fileLeft == 0 {
                Glibc.close(file)
                file = -1
            }
            return true
        }
        guard !parts.isEmpty else { return true }
        switch parts.removeFirst() {
        case .bytes(let bytes): buffer = bytes[...]
        case .file(let path, let size):
            guard let opened = try? openToRead(path) else { return false }
            file = opened
            fileLeft = size
        }
        return buffer.isEmpty ? refill() : true
    }

    mutating func close() {
        if file >= 0 { Glibc.close(file) }
        self = Feed([])
    }
}

/// The header of a file in a tar archive (POSIX.1-1988 ustar), and the padding of its last block.
func tarParts(_ file: SweepFile, from path: String) -> [Feed.Part] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
        header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    func octal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
    // A path of more than 100 bytes is divided at a slash into a name and a prefix. No name is longer than 100.
    var name = file.sentPath[...]
    if name.utf8.count > 100, let slash = name.utf8.prefix(155).lastIndex(of: UInt8(ascii: "/")) {
        put(String(name[..<slash]), at: 345)
        name = name[name.index(after: slash)...]
    }
    put(String(name), at: 0)
    put(octal(0o644, digits: 7), at: 100)
    put(octal(0, digits: 7), at: 108)
    put(octal(0, digits: 7), at: 116)
    put(octal(file.size, digits: 11), at: 124)
    put(octal(0, digits: 11), at: 136)
    put("        ", at: 148)
    put("0", at: 156)
    put("ustar", at: 257)
    put("00", at: 263)
    put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\0 ", at: 148)
    let padding = [UInt8](repeating: 0, count: (512 - file.size % 512) % 512)
    return [.bytes(header), .file(path, size: file.size), .bytes(padding)]
}

/// An ssh process that performs one step on a host.
struct SshProcess {
    let host: String
    let step: HostFleet.Step
    private let child: ChildProgram
    private var input: Int32
    private var output: Int32
    private var errors: Int32
    private var feed: Feed
    /// Whether standard input is closed once everything is written. Otherwise it stays open, which keeps a
    /// worker alive.
    private let closesInput: Bool
    /// Whether the script still has to be told the tunnel's port on the host.
    private var awaitsPort: Bool
    private(set) var log = LastLines(longestLine: 4000)
    private var reportLine: [UInt8] = []
    private(set) var report: [String] = []
    /// When it was told to end, and how often it was killed after that.
    private(set) var endedAt: Int64?
    private var kills = 0

    /// - Returns: nil where there are no free descriptors at the moment.
    static func start(
        _ program: String, _ arguments: [String], host: String, step: HostFleet.Step, feed: Feed,
        awaitsPort: Bool
    ) throws(CommandFailure) -> SshProcess? {
        var pipes: [PipeEnds] = []
        for _ in 0..<3 {
            if let ends = try makePipe() { pipes.append(ends) }
        }
        guard pipes.count == 3 else {
            for ends in pipes { ends.closeBoth() }
            return nil
        }
        // A larger pipe, so that a bundle takes fewer turns of the loop.
        _ = cposix_set_pipe_size(pipes[0].writing, 1 << 20)
        for end in [pipes[0].writing, pipes[1].reading, pipes[2].reading] {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        let child = ChildProgram.start(
            program, arguments, environment: environmentList(),
            descriptors: [
                (ours: pipes[0].reading, theirs: STDIN_FILENO),
                (ours: pipes[1].writing, theirs: STDOUT_FILENO),
                (ours: pipes[2].writing, theirs: STDERR_FILENO),
            ])
        let code = errno
        for end in [pipes[0].reading, pipes[1].writing, pipes[2].writing] { close(end) }
        guard let child else {
            for end in [pipes[0].writing, pipes[1].reading, pipes[2].reading] { close(end) }
            throw .fault("\(program) cannot be started: \(startMessage(code))")
        }
        return SshProcess(
            host: host, step: step, child: child, input: pipes[0].writing, output: pipes[1].reading,
            errors: pipes[2].reading, feed: feed, closesInput: step != .start, awaitsPort: awaitsPort)
    }

    private init(
        host: String, step: HostFleet.Step, child: ChildProgram, input: Int32, output: Int32,
        errors: Int32, feed: Feed, closesInput: Bool, awaitsPort: Bool
    ) {
        self.host = host
        self.step = step
        self.child = child
        self.input = input
        self.output = output
        self.errors = errors
        self.feed = feed
        self.closesInput = closesInput
        self.awaitsPort = awaitsPort
    }

    var readable: [Int32] { [output, errors].filter { $0 >= 0 } }
    var writable: Int32? { input >= 0 && !feed.isEmpty ? input : nil }

    /// When to poll again even if nothing is readable, while the process is ending.
    func nextLook(at now: Int64) -> Int64? {
        if output < 0, errors < 0 { return now + 20 }
        return endedAt.map { $0 + Self.killMilliseconds * Int64(kills + 1) }
    }

    static let killMilliseconds: Int64 = 5000
    /// The most reads of 16 KiB in one turn. That is more than a pipe holds, so a process's last output is
    /// read after its end.
    private static let maxReads = 16

    /// The most lines of a report: a probe's has up to two for each file.
    private static let maxReport = 10_000

    /// Bytes that were sent, and whether the process had to be killed.
    var sentBytes: Int { feed.sent }
    var wasKilled: Bool { kills > 0 }

    /// Writes input and reads output.
    ///
    /// - Returns: new lines of both kinds.
    mutating func poll() -> (report: [String], errors: [String]) {
        if input >= 0 {
            if !feed.pump(to: input) { closeInput() }
            if feed.isEmpty, closesInput { closeInput() }
        }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        var lines: [String] = []
        // ssh ends its lines for a terminal, so carriage returns are dropped. The reads are limited: a host
        // that never falls silent must not keep the loop from the others.
        for _ in 0..<Self.maxReads {
            guard let count = Self.read(&errors, &bytes) else { break }
            lines += log.add(bytes[..<count].filter { $0 != UInt8(ascii: "\r") })
        }
        let before = report.count
        for _ in 0..<Self.maxReads {
            guard let count = Self.read(&output, &bytes) else { break }
            note(bytes[..<count])
        }
        for line in lines where awaitsPort { notePort(line) }
        return (Array(report[before...]), lines)
    }

    /// The number of bytes read; nil where nothing can be read now. Closes a descriptor at its end.
    private static func read(_ descriptor: inout Int32, _ bytes: inout [UInt8]) -> Int? {
        guard descriptor >= 0 else { return nil }
        guard let count = readArrived(descriptor, into: &bytes) else { return nil }
        if count > 0 { return count }
        close(descriptor)
        descriptor = -1
        return nil
    }

    /// Keeps only our script's lines, and no more of them than a script writes.
    private mutating func note(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                if reportLine.count < 1000 { reportLine.append(byte) }
                continue
            }
            let line = printable(String(decoding: reportLine, as: UTF8.self))
            reportLine = []
            if line.hasPrefix(SshScript.mark + " "), report.count < Self.maxReport {
                report.append(String(line.dropFirst(SshScript.mark.count + 1)))
            }
        }
    }

    /// Handles ssh's message "Allocated port 41234 for remote forward to 127.0.0.1:5555".
    private mutating func notePort(_ line: String) {
        guard let start = line.firstRange(of: "Allocated port ") else { return }
        let digits = line[start.upperBound...].prefix { $0.isNumber }
        guard let port = UInt16(digits) else { return }
        awaitsPort = false
        feed.append(Array("\(port)\n".utf8))
        if input >= 0, !feed.pump(to: input) { closeInput() }
    }

    private mutating func closeInput() {
        if input >= 0 { close(input) }
        input = -1
        feed.close()
    }

    /// How the process ended, if it has. Its group dies with it, for example an ssh proxy.
    mutating func endIfEnded() -> ChildProgram.End? {
        guard let end = child.endIfEnded() else { return nil }
        kill(-child.process, SIGKILL)
        return end
    }

    /// Ends the process. Its worker notices that its standard input ends.
    mutating func end(at now: Int64) {
        guard endedAt == nil else { return }
        endedAt = now
        closeInput()
        // A step that only probes or sends files needs no goodbye.
        if step != .start { kill(-child.process, SIGTERM) }
    }

    /// Shifts the time of the end by a period in which the process wasn't polled.
    mutating func postpone(by gap: Int64) { endedAt = endedAt.map { $0 + gap } }

    /// Kills the process where closing its input was not enough.
    mutating func killIfLate(at now: Int64) {
        guard let endedAt, now >= endedAt + Self.killMilliseconds * Int64(kills + 1) else { return }
        kill(-child.process, kills == 0 ? SIGTERM : SIGKILL)
        kills += 1
    }

    mutating func closeAll() {
        closeInput()
        for descriptor in [output, errors] where descriptor >= 0 { close(descriptor) }
        (output, errors) = (-1, -1)
    }
}
