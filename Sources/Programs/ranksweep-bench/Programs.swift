import Console
import Files
import Glibc
import Transport

// Programs that a workload starts, the folder that they work in, and the resources they used.

/// A new folder within the current one.
struct WorkFolder {
    let path: String

    init() throws(BenchError) {
        var name = Array("ranksweep-bench-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw .system("make a folder here", errno) }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func remove() { _ = ChildProgram.start("/bin/rm", ["-rf", path], environment: [])?.wait() }
}

func ownProgram() throws(BenchError) -> String {
    guard let own = thisProgram() else { throw .system("find this program", errno) }
    return own
}

func besideThisProgram(_ name: String) throws(BenchError) -> String {
    let own = try ownProgram()
    return (own.lastIndex(of: "/").map { String(own[...$0]) } ?? "./") + name
}

/// Resources used by a process and the children it waited for.
struct Usage {
    var cpuSeconds = 0.0
    /// Peak memory of the largest of these processes.
    var peakBytes = 0

    init() {}

    /// Waits for a process; nil unless it ended successfully.
    init?(waitingFor process: pid_t) {
        var (status, usage) = (Int32(0), rusage())
        while wait4(process, &status, 0, &usage) < 0 { guard errno == EINTR else { return nil } }
        guard status == 0 else { return nil }
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        cpuSeconds = seconds(usage.ru_utime) + seconds(usage.ru_stime)
        peakBytes = Int(usage.ru_maxrss) * 1024
    }

    mutating func add(_ other: Usage) {
        cpuSeconds += other.cpuSeconds
        peakBytes = max(peakBytes, other.peakBytes)
    }
}

/// Memory of a process and all its descendants, in bytes. Memory that several share is counted once (PSS).
func familyBytes(_ process: pid_t) -> Int {
    let own = text(of: "/proc/\(process)/smaps_rollup").split(separator: "\n").first { $0.hasPrefix("Pss:") }
    let kilobytes = own?.split(separator: " ").compactMap { Int($0) }.first ?? 0
    let children = text(of: "/proc/\(process)/task/\(process)/children").split(separator: " ")
    return children.compactMap { pid_t($0) }.reduce(kilobytes * 1024) { $0 + familyBytes($1) }
}

/// Processor time that a process's first thread has used, in seconds.
func firstThreadSeconds(_ process: pid_t) -> Double {
    // The program's name, in parentheses, may contain anything.
    let line = text(of: "/proc/\(process)/task/\(process)/stat")
    let fields = line.suffix(from: line.lastIndex(of: ")") ?? line.startIndex).split(separator: " ")
    guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
}

/// Bytes received over the loopback interface since the machine's start; 0 if the system does not say.
func loopbackCount() -> Int {
    let line = text(of: "/proc/net/dev").split(separator: "\n").first { $0.contains("lo:") }
    return line?.split(whereSeparator: { " :".contains($0) }).dropFirst().first.flatMap { Int($0) } ?? 0
}

func fileSize(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

func start(
    _ program: String, _ arguments: [String], _ log: String
) throws(BenchError) -> ChildProgram {
    let file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer { close(file) }
    guard file >= 0,
        let child = ChildProgram.start(
            program, arguments, environment: environmentList(),
            descriptors: [(ours: file, theirs: STDOUT_FILENO), (ours: file, theirs: STDERR_FILENO)])
    else { throw .system("start \(program)", errno) }
    return child
}

func write(_ text: String, to path: String) throws(BenchError) {
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(file) }
    guard file >= 0, writeAll(text.utf8, to: file) else {
        throw .system("write \(path)", errno)
    }
}

func text(of path: String) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&chunk, 1, chunk.count, file)
        guard count > 0 else { return String(decoding: all, as: UTF8.self) }
        all += chunk[..<count]
    }
}
