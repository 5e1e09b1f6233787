import Console
import Files
import Glibc
import Transport

/// A call of one of a batch engine's programs: a child process whose output is collected while the loop continues.
struct BatchCommand {
    struct Answer: Equatable {
        /// nil where it didn't answer in time and was killed.
        var end: ChildProgram.End?
        var output: String
        var errors: String

        var isSuccess: Bool { end?.isSuccess ?? false }

        /// The error, in the program's own words where it wrote any.
        var trouble: String {
            let last = errors.split(separator: "\n").last.map { printable(String($0)) }
            guard let end else {
                return last ?? "no answer for \(BatchCommand.patienceMilliseconds / 1000) s"
            }
            return last ?? end.description
        }
    }

    private let child: ChildProgram
    private var output: Int32
    private var errors: Int32
    private var words: (output: [UInt8], errors: [UInt8]) = ([], [])
    private var deadline: Int64

    static let patienceMilliseconds: Int64 = 30_000
    /// Limit on its output. The listing of ten thousand jobs has 500 kB.
    private static let maxBytes = 8 << 20

    /// - Parameters:
    ///   - program: the path of the program.
    ///   - variables: the engine's own, as in `BatchEngine.environment`.
    /// - Returns: nil where it can't be started at the moment; errno says why.
    static func start(
        _ program: String, _ arguments: [String], passing variables: [String], at now: Int64
    ) -> BatchCommand? {
        var pipes: [PipeEnds] = []
        defer { for ends in pipes { close(ends.writing) } }
        for _ in 0..<2 {
            guard let ends = PipeEnds() else {
                for ends in pipes { close(ends.reading) }
                return nil
            }
            _ = fcntl(ends.reading, F_SETFL, O_NONBLOCK)
            pipes.append(ends)
        }
        let child = ChildProgram.start(
            program, arguments, environment: environment(passing: variables),
            descriptors: [
                (ours: pipes[0].writing, theirs: STDOUT_FILENO),
                (ours: pipes[1].writing, theirs: STDERR_FILENO),
            ])
        guard let child else {
            for ends in pipes { close(ends.reading) }
            return nil
        }
        return BatchCommand(
            child: child, output: pipes[0].reading, errors: pipes[1].reading,
            deadline: now + patienceMilliseconds)
    }

    private init(child: ChildProgram, output: Int32, errors: Int32, deadline: Int64) {
        self.child = child
        self.output = output
        self.errors = errors
        self.deadline = deadline
    }

    /// The environment of the command, which jobs inherit: what they need, and nothing that concerns only the
    /// coordinator.
    private static func environment(passing variables: [String]) -> [String] {
        let names = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_", "TMPDIR"] + variables
        return environmentList().filter { entry in
            let name = entry.prefix { $0 != "=" }
            return names.contains { $0.hasSuffix("_") ? name.hasPrefix($0) : name == $0 }
        }
    }

    var readable: [Int32] { [output, errors].filter { $0 >= 0 } }
    var nextDeadline: Int64 { deadline }

    /// Extends the deadline by a period in which the command wasn't polled.
    mutating func postpone(by gap: Int64) { deadline += gap }

    /// Its answer, once it has ended or its time is up.
    mutating func poll(at now: Int64) -> Answer? {
        Self.read(&output, &words.output)
        Self.read(&errors, &words.errors)
        let end = child.endIfEnded()
        if end == nil {
            guard now >= deadline else { return nil }
            // It leads its own process group and may have children.
            kill(-child.process, SIGKILL)
            _ = child.wait()
        }
        Self.read(&output, &words.output)
        Self.read(&errors, &words.errors)
        for descriptor in [output, errors] where descriptor >= 0 { close(descriptor) }
        return Answer(
            end: end, output: String(decoding: words.output, as: UTF8.self),
            errors: String(decoding: words.errors, as: UTF8.self))
    }

    /// Waits at most this long for its answer.
    mutating func wait(milliseconds: Int64) -> Answer? {
        let deadline = monotonicMilliseconds() + milliseconds
        while monotonicMilliseconds() < deadline {
            if let answer = poll(at: monotonicMilliseconds()) { return answer }
            usleep(10_000)
        }
        return poll(at: .max)
    }

    private static func read(_ descriptor: inout Int32, _ words: inout [UInt8]) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while descriptor >= 0, let count = readArrived(descriptor, into: &bytes) {
            guard count > 0 else {
                close(descriptor)
                descriptor = -1
                return
            }
            if words.count < maxBytes { words += bytes[..<count] }
        }
    }
}
