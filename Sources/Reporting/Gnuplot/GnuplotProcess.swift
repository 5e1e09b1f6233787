import Files
import Glibc

/// Gnuplot, or another program that helps to draw, as a child process.
struct GnuplotProcess {
    /// A program's name, looked up on PATH, or its path.
    let program: String
    /// The time limit after which it is killed. Drawing takes seconds, and a run must end.
    let milliseconds: Int

    enum Ending: Equatable {
        case done(warnings: String)
        /// There is no such program.
        case missing
        case failed(String)
    }

    /// Runs a script in `folder`. Ignores the user's start-up files, so that figures are the same for
    /// everyone.
    func run(script: String, setting: String, in folder: String) -> Ending {
        guard access(folder, X_OK) == 0 else { return .failed(systemMessage(errno)) }
        // The prefix keeps a script whose name begins with a hyphen from being an option.
        return run(["-d", "-e", "cd \(quotedBytes(folder)); \(setting)", "./\(script)"])
    }

    /// Runs the program; its output is in the result.
    func run(_ arguments: [String]) -> Ending {
        guard let ends = PipeEnds() else { return .failed(systemMessage(errno)) }
        defer { close(ends.reading) }
        let child = spawn([program] + arguments, output: ends.writing)
        close(ends.writing)
        switch child {
        case .failure(let error) where error.code == ENOENT: return .missing
        case .failure(let error): return .failed(systemMessage(error.code))
        case .success(let process): return wait(for: process, reading: ends.reading)
        }
    }

    private struct SpawnError: Error { let code: Int32 }

    private func spawn(_ arguments: [String], output: Int32) -> Result<pid_t, SpawnError> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A coordinator blocks signals to read them from a descriptor; its child must not.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // This process ignores these signals. A gnuplot that inherited that would write half a figure and
        // report nothing.
        for signal in [SIGPIPE, SIGXFSZ] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var process: pid_t = 0
        let code = posix_spawnp(&process, program, &actions, &attributes, &pointers, environ)
        return code == 0 ? .success(process) : .failure(SpawnError(code: code))
    }

    private func wait(for process: pid_t, reading descriptor: Int32) -> Ending {
        let deadline = monotonicMilliseconds() + Int64(milliseconds)
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        var isLate = false
        while true {
            let left = deadline - monotonicMilliseconds()
            guard left > 0 else {
                isLate = true
                break
            }
            var readiness = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&readiness, 1, Int32(left)) <= 0 { continue }
            guard let count = readArrived(descriptor, into: &chunk) else { continue }
            if count == 0 { break }
            // Enough text to say what is wrong.
            if output.count < 16384 { output += chunk[..<count] }
        }
        if isLate { kill(process, SIGKILL) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let text = String(decoding: output, as: UTF8.self)
        if isLate {
            return .failed("still drawing after \(Double(milliseconds) / 1000) s, so it was stopped")
        }
        return status == 0 ? .done(warnings: text) : .failed(text.isEmpty ? ending(status) : text)
    }

    private func ending(_ status: Int32) -> String {
        let signal = status & 0x7F
        return signal == 0 ? "exit status \(status >> 8 & 0xFF)" : "ended by signal \(signal)"
    }

    private func monotonicMilliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
