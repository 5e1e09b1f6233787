import Foundation
import Glibc
import Synchronization
import Testing
import Text

/// A folder that goes with the test, and the programs run in it.
final class Workspace {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "ranksweep-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ text: String, to name: String) throws {
        try text.write(to: folder.appending(path: name), atomically: true, encoding: .utf8)
    }

    /// Writes a program of the shell, in a folder that is made if it is missing.
    func writeScript(_ body: String, to name: String) throws {
        let file = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try write("#!/bin/sh\n\(body)\n", to: name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }

    /// The names of what is in it.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
            .sorted()
    }

    /// Runs a line in a shell that finds these programs by their names.
    func shell(_ line: String) throws -> Program.Result {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = URL(filePath: own).deletingLastPathComponent().path + ":/usr/bin:/bin"
        return try start("/bin/bash", ["-c", line], environment: ["PATH": path]).wait()
    }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: folder.appending(path: name)) }

    func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: name).path)
    }

    /// Starts a program of this build, or any by its path.
    func start(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws
        -> Program
    {
        try Program(program, arguments, in: self, environment: environment)
    }

    /// Runs `ranksweep` to its end.
    func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Program.Result {
        try start("ranksweep", arguments, environment: environment).wait()
    }
}

/// A running `ranksweep` or `ranksweep-worker`; its output goes to files, so that no pipe can fill.
final class Program {
    struct Result {
        let code: Int32
        let output: String
        let errors: String
        var all: String { output + errors }
    }

    private let name: String
    /// Its folder goes when nobody holds it.
    private let work: Workspace
    private let process = Process()
    private let outputFile: URL
    private let errorFile: URL

    var pid: pid_t { process.processIdentifier }
    var isRunning: Bool { process.isRunning }
    /// nil while it runs; 128 and the signal where it was killed.
    var exitCode: Int32? {
        if process.isRunning { return nil }
        return process.terminationReason == .exit
            ? process.terminationStatus : 128 + process.terminationStatus
    }
    var errors: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }

    fileprivate init(
        _ name: String, _ arguments: [String], in work: Workspace, environment: [String: String]
    ) throws {
        self.work = work
        let folder = work.folder
        // The test's own program is built into the same folder.
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let binaries = URL(filePath: own).deletingLastPathComponent()
        let id = UUID().uuidString
        self.name = name
        outputFile = folder.appending(path: ".out-\(id)")
        errorFile = folder.appending(path: ".err-\(id)")
        for file in [outputFile, errorFile] { try Data().write(to: file) }
        process.executableURL = name.hasPrefix("/") ? URL(filePath: name) : binaries.appending(path: name)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardOutput = try FileHandle(forWritingTo: outputFile)
        process.standardError = try FileHandle(forWritingTo: errorFile)
        process.standardInput = FileHandle.nullDevice
        var all = ProcessInfo.processInfo.environment
        // Workers' command lines name the folder: so the tests find them.
        all["RANKSWEEP_DATA"] = folder.appending(path: "no-data").path
        all.merge(environment) { _, new in new }
        process.environment = all
        // Threads that run tests block nearly all signals, and a child inherits that. A shell's children block none.
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
    }

    func signal(_ number: Int32) { kill(pid, number) }

    /// Waits for its end, for five minutes at most: no program of these tests needs one.
    func wait() throws -> Result {
        for _ in 0..<30_000 where process.isRunning { usleep(10_000) }
        if process.isRunning {
            kill(pid, SIGKILL)
            Issue.record("\(name) does not end; it had said: \(errors)")
        }
        process.waitUntilExit()
        return Result(
            code: process.terminationReason == .exit
                ? process.terminationStatus : 128 + process.terminationStatus,
            output: try String(contentsOf: outputFile, encoding: .utf8), errors: errors)
    }

    deinit { if process.isRunning { kill(pid, SIGKILL) } }
}

extension Program {
    /// The address at which a coordinator listens, once it has said so.
    func listeningAddress() throws -> String {
        try eventually("it listens", of: self) { errors.contains("; on each host: ") }
        return String(try #require(errors.firstMatch(of: /listening at ([^;]*);/)).1)
    }
}

extension Workspace {
    /// The object that `status --json` prints.
    func status(_ run: String) throws -> JSONValue {
        try JSONValue(parsing: self.run("status", run, "--json").output.utf8)
    }

    /// Waits until more trials than these have their outcome.
    func waitForRecords(_ run: String, moreThan count: Double = 0) throws {
        try eventually("there are records") {
            guard exists("\(run)/journal.sqlite") else { return false }
            return try (status(run)["done"]?.number ?? 0) > count
        }
    }
}

/// Waits for a condition, three minutes at most: a machine that runs all tests at once is slow.
///
/// - Parameter program: whose doing it is; once it has ended, nobody waits any longer.
func eventually(_ what: String, of program: Program? = nil, _ condition: () throws -> Bool) throws {
    for _ in 0..<9000 {
        let isOver = program?.isRunning == false
        if try condition() { return }
        if isOver { break }
        usleep(20_000)
    }
    Issue.record("in vain: \(what)\(program.map { "; the program had said: \($0.errors)" } ?? "")")
}

/// A port that nobody has, for those that must find it again after a restart. Below those that the kernel gives
/// to whoever connects or asks for any (32768 and up), as one of these may be taken at any moment.
func fixedPort() throws -> UInt16 {
    try fixedPorts.withLock { next in
        for _ in 0..<1000 {
            let port = UInt16(10_000 + next % 10_000)
            next += 1
            if isFree(port) { return port }
        }
        throw CocoaError(.fileWriteUnknown)
    }
}

/// Where to look next; suites that run side by side begin far from each other.
private let fixedPorts = Mutex(Int(getpid()) * 37)

private func isFree(_ port: UInt16) -> Bool {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

/// Processes whose command line holds all of these words.
func processes(with words: String...) throws -> [pid_t] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { process in
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") else {
            return false
        }
        let line = String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
        return words.allSatisfy { line.contains($0) }
    }
}

/// Forty short trials: two seconds or so on two cores.
func smallSweep(steps: Int = 1500, seeds: Int = 5) -> String {
    """
    name: small
    model: vib
    dataset: {name: gaussian, correlations: [0.5, 0.9], test_points: 1000}
    axes:
      beta: {log: [0.01, 0.9], count: 8}
      seed: {range: [0, \(seeds)]}
    training: {learning_rate: 1e-2, steps: \(steps), batch_size: 64}
    measures: {local_rank: {thresholds: [0.1], points: 16}}
    figures:
      - {name: kl, x: beta, y: kl_nats, xscale: log, theory: true}
    """
}
