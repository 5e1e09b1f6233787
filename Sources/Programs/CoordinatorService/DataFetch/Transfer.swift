import Console
import Files
import Glibc
import Launch
import Transport

/// One run of curl, which appends what follows a partial file's bytes to it.
struct Transfer {
    var curl: String
    var url: String
    var partial: String
    /// The seconds of (nearly) no data after which the transfer gives up the server.
    var patience: Int

    /// The bytes a second below which a server counts as silent.
    static let slowest = 1000

    /// - Parameter note: called now and then with the size of the partial file in bytes.
    /// - Returns: how it ended, and the size of the partial file in bytes before and after.
    func run(
        signals: SignalDescriptor, note: (_ size: Int) -> Void
    ) throws(CommandFailure) -> (end: TransferEnd, offset: Int, size: Int) {
        let file = open(partial, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0o644)
        guard file >= 0 else { throw .init(FileError(path: partial, doing: "write", code: errno)) }
        defer { close(file) }
        let offset = Int(lseek(file, 0, SEEK_END))
        guard let output = PipeEnds() else { throw .fault("pipe: \(systemMessage(errno))") }
        defer { close(output.reading) }
        guard let errors = PipeEnds() else {
            let code = errno
            close(output.writing)
            throw .fault("pipe: \(systemMessage(code))")
        }
        defer { close(errors.reading) }
        let child = ChildProgram.start(
            curl, arguments(offset: offset), environment: environmentList(),
            descriptors: [(output.writing, STDOUT_FILENO), (errors.writing, STDERR_FILENO)])
        let code = errno
        close(output.writing)
        close(errors.writing)
        guard let child else { throw .fault("\(curl) cannot be started: \(startMessage(code))") }
        var stream = Stream(file: file, size: offset, output: output.reading, errors: errors.reading)
        if let early = stream.follow(signals: signals, note: note) {
            child.send(signal: SIGTERM)
            _ = child.wait()
            return (early, offset, stream.size)
        }
        guard case .exited(let result) = child.wait() else {
            return (.cut("curl was killed"), offset, stream.size)
        }
        let words = String(decoding: stream.words, as: UTF8.self)
        let status = words.split(separator: "\n").last { $0.hasPrefix(Self.statusMark) }
            .flatMap { Int($0.dropFirst(Self.statusMark.count)) }
        return (TransferEnd(curl: result, status: status ?? 0, words: words), offset, stream.size)
    }

    private static let statusMark = "status: "

    private func arguments(offset: Int) -> [String] {
        [
            "--silent", "--show-error", "--fail", "--location", "--globoff", "--no-buffer",
            "--proto", "=http,https,file", "--proto-redir", "=http,https",
            "--connect-timeout", String(patience),
            "--speed-time", String(patience), "--speed-limit", String(Self.slowest),
            "--write-out", "%{stderr}\n\(Self.statusMark)%{http_code}\n",
        ] + (offset > 0 ? ["--continue-at", String(offset)] : []) + ["--url", url]
    }

    /// curl's two outputs. curl writes to a pipe instead of the file, so that it ends when this process ends.
    private struct Stream {
        let file: Int32
        var size: Int
        let output: Int32
        let errors: Int32
        var words: [UInt8] = []

        /// Reads both to their ends. Returns early where a fault makes the rest useless.
        mutating func follow(signals: SignalDescriptor, note: (Int) -> Void) -> TransferEnd? {
            var open = [
                pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errors, events: Int16(POLLIN), revents: 0),
            ]
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            while open[1].fd >= 0 || open[2].fd >= 0 {
                note(size)
                guard poll(&open, nfds_t(open.count), 500) > 0 else { continue }
                if signals.next() != nil { return .interrupted }
                for index in 1...2 where open[index].fd >= 0 && open[index].revents != 0 {
                    guard let count = readArrived(open[index].fd, into: &chunk) else { continue }
                    guard count > 0 else {
                        open[index].fd = -1
                        continue
                    }
                    if index == 2 {
                        // Enough text to say what is wrong.
                        words = (words + chunk[..<count]).suffix(16384)
                    } else if let fault = append(chunk[..<count]) {
                        return fault
                    }
                }
            }
            return nil
        }

        private mutating func append(_ bytes: ArraySlice<UInt8>) -> TransferEnd? {
            let code = writeAll(bytes, to: file) ? 0 : errno
            size = Int(lseek(file, 0, SEEK_END))
            guard code == 0 else { return .notWritten(systemMessage(code)) }
            return size > DataCheck.limit ? .refused("it sends more than \(DataCheck.limit) bytes") : nil
        }
    }
}
