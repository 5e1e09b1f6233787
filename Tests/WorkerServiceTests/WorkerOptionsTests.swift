import Console
import Foundation
import Testing

@testable import WorkerService

@Suite struct WorkerOptionsTests {
    private func options(_ words: String...) throws -> WorkerOptions {
        try WorkerOptions(Arguments(["--connect", "tcp://127.0.0.1:5555"] + words, for: workerCommand))
    }

    @Test
    func `Without options a worker saves checkpoints each minute and waits for a quarter of an hour`()
        throws
    {
        let options = try options()
        #expect(options.checkpointSeconds == 60 && options.patienceSeconds == 900)
        #expect(options.slots == min(1024, coreCount()))
        #expect(options.memoryLimit == nil && options.end == nil && options.keys == .none)
        #expect(options.log == LogSettings() && !options.isSlot && !options.stopsWithInput)
    }

    @Test func `A slot is told its share of the memory, and how many slots there are`() throws {
        var worker = try options("--slots", "3")
        worker.memoryShare = 5 << 40
        let slot = try WorkerOptions(Arguments(SlotProcess.arguments(worker), for: workerCommand))
        #expect(slot.isSlot && slot.slots == 3 && slot.memoryShare == 5 << 40)
        #expect(try options().memoryShare == nil)
    }

    @Test func `A trial takes its slot's share at most, and no more than is free`() {
        #expect(trialMemory(share: 100, available: 400, own: 20) == 100)
        // The memory that the slot itself holds is taken over.
        #expect(trialMemory(share: 100, available: 70, own: 20) == 90)
        #expect(trialMemory(share: nil, available: 70, own: 20) == 90)
        #expect(trialMemory(share: 100, available: nil, own: 20) == 100)
        #expect(trialMemory(share: nil, available: nil, own: 20) == nil)
        #expect(processMemoryBytes(of: "self") > 1 << 20)
    }

    @Test func `Keys come from a folder or a descriptor`() throws {
        #expect(try options("--keys", "k").keys == .folder("k"))
        #expect(try options("--keys-descriptor", "5").keys == .descriptor(5))
    }

    @Test func `A worker has a margin of half a minute before its end`() throws {
        let end = try #require(try options("--until", "4000000000").end)
        #expect(end.unixSeconds == 4_000_000_000 && end.marginSeconds == 30)
        #expect(try options("--until", "4000000000", "--shutdown-margin", "5").end?.marginSeconds == 5)
    }

    @Test func `An end that is past, or nearer than the margin, leaves no time for a trial`() throws {
        let past = try #require(try options("--until", "1000").end)
        #expect(throws: UsageError.self) { try past.instant() }
        let soon = Int(Date().timeIntervalSince1970) + 3600
        let near = try #require(try options("--until", "\(soon)", "--shutdown-margin", "3700").end)
        let error = try #require(throws: UsageError.self) { try near.instant() }
        #expect(error.message.contains("the worker leaves 3700 s before the end"), "\(error.message)")
        let far = try #require(try options("--until", "\(soon)", "--shutdown-margin", "60").end)
        let left = try far.instant().milliseconds - monotonicMilliseconds()
        #expect((3_400_000...3_541_000).contains(left))
    }

    @Test(arguments: [
        (["--shutdown-margin", "5"], "--shutdown-margin goes with --until"),
        (["--until", "noon"], "--until must be seconds since 1970"),
        (["--slots", "0"], "--slots"), (["--memory-limit", "1K"], "16 MiB is the least"),
        (["--blas-kernel", "../x"], "--blas-kernel: "),
        (["--coordinator-timeout", "5"], "--coordinator-timeout"),
        (["--connect", "tcp://*:5555"], "'tcp://*:5555'"), (["--connect", "5555"], "--connect: "),
        ([], "--connect tcp://HOST:PORT is missing"),
    ])
    func `Options that a worker cannot follow are refused`(words: [String], message: String) throws {
        let all =
            words.contains("--connect") || words.isEmpty ? words : ["--connect", "tcp://127.0.0.1:5"] + words
        let error = try #require(throws: UsageError.self) {
            try WorkerOptions(Arguments(all, for: workerCommand))
        }
        #expect(error.message.contains(message), "\(error.message)")
    }
}
