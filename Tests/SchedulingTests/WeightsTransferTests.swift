import Sweep
import Testing
import Wire

@testable import Scheduling

private let chunkSize = UInt64(WireLimit.chunk)

private func report(_ trial: UInt64, lease: UInt64, files: [UInt64]) throws -> WorkerMessage.Report {
    var report = try report(trial, lease: lease)
    report.files = files.enumerated().map { KeptFile(step: UInt64($0 + 1), bytes: $1) }
    return report
}

private func chunk(_ trial: UInt64, _ file: UInt32 = 0, offset: UInt64 = 0, count: Int) -> WorkerMessage {
    .chunk(Chunk(trial: trial, file: file, offset: offset, bytes: [UInt8](repeating: 7, count: count)))
}

private func fetch(_ trial: UInt64, _ file: UInt32 = 0, offset: UInt64 = 0, from worker: UInt64)
    -> DispatchEffect
{
    .send(.fetch(trial: trial, file: file, offset: offset), to: WorkerID(worker))
}

private func write(_ trial: Int, step: Int, offset: UInt64 = 0, count: Int) -> DispatchEffect {
    .write(trial: trial, step: step, offset: offset, bytes: [UInt8](repeating: 7, count: count))
}

private func accepted(_ trial: UInt64, to worker: UInt64) -> DispatchEffect {
    .send(.accepted([trial]), to: WorkerID(worker))
}

@Suite struct WeightsTransferTests {
    @Test func `A report with weights counts once each of its files is kept, and in this order`() throws {
        var coordinator = TestCoordinator(trials: 1)
        _ = try coordinator.join(1)
        let reply = try report(0, lease: 1, files: [chunkSize + 2, 3])
        #expect(try coordinator.hear(.report(reply), from: 1).acts == [fetch(0, from: 1)])
        #expect(
            try coordinator.hear(chunk(0, count: Int(chunkSize)), from: 1).acts
                == [write(0, step: 1, count: Int(chunkSize)), fetch(0, offset: chunkSize, from: 1)])
        #expect(
            try coordinator.hear(chunk(0, offset: chunkSize, count: 2), from: 1).acts
                == [
                    write(0, step: 1, offset: chunkSize, count: 2), .keep(trial: 0, step: 1),
                    fetch(0, 1, from: 1),
                ])
        #expect(
            try coordinator.hear(chunk(0, 1, count: 3), from: 1).acts
                == [
                    write(0, step: 2, count: 3), .keep(trial: 0, step: 2), .append(valid(reply)),
                    accepted(0, to: 1),
                    .send(.finish, to: WorkerID(1)), .finished,
                ])
    }

    @Test func `Chunks that nobody asked for are not written`() throws {
        var coordinator = TestCoordinator(trials: 2)
        _ = try coordinator.join(1)
        _ = try coordinator.join(2)
        #expect(try coordinator.hear(chunk(0, count: 3), from: 1).acts.isEmpty)
        _ = try coordinator.hear(.report(try report(0, lease: 1, files: [3, 3])), from: 1)
        for wrong in [
            chunk(0, count: 2), chunk(0, count: 4), chunk(0, count: 0), chunk(0, 1, count: 3),
            chunk(0, offset: 1, count: 2), chunk(1, count: 3), chunk(99, count: 3), chunk(.max, count: 3),
            chunk(0, .max, count: 3), chunk(0, offset: .max, count: 3),
        ] {
            #expect(try coordinator.hear(wrong, from: 1).acts.isEmpty)
        }
        #expect(try coordinator.hear(chunk(0, count: 3), from: 2).acts.isEmpty)
        #expect(try coordinator.hear(chunk(0, count: 3), from: 3).acts.isEmpty)
        #expect(try coordinator.hear(chunk(0, count: 3), from: 1).acts.count == 3)
    }

    @Test func `Weights are fetched only from who holds the trial`() throws {
        var coordinator = TestCoordinator(trials: 1)
        _ = try coordinator.join(1)
        _ = try coordinator.join(2)
        let reply = WorkerMessage.report(try report(0, lease: 1, files: [3]))
        #expect(try coordinator.hear(reply, from: 2).acts.isEmpty)
        #expect(try coordinator.hear(reply, from: 9).acts.isEmpty)
        #expect(try coordinator.hear(reply, from: 1).acts == [fetch(0, from: 1)])
    }

    @Test
    func `A connection lost between weights and record: the worker says it again, and the fetch goes on`()
        throws
    {
        var coordinator = TestCoordinator(trials: 1)
        _ = try coordinator.join(1)
        let reply = try report(0, lease: 1, files: [chunkSize + 1])
        _ = try coordinator.hear(.report(reply), from: 1)
        _ = try coordinator.hear(chunk(0, count: Int(chunkSize)), from: 1)
        // The answer is lost; hello, welcome, and the report once more.
        _ = try coordinator.join(1, held: [held(0, lease: 1)])
        #expect(try coordinator.hear(.report(reply), from: 1).acts == [fetch(0, offset: chunkSize, from: 1)])
        // The first piece comes a second time.
        #expect(try coordinator.hear(chunk(0, count: Int(chunkSize)), from: 1).acts.isEmpty)
        let end = try coordinator.hear(chunk(0, offset: chunkSize, count: 1), from: 1).acts
        #expect(end.contains(.append(valid(reply))))
        // And the report a third time: compared, acknowledged, not fetched.
        #expect(
            try coordinator.hear(.report(reply), from: 1).acts == [.check(valid(reply)), accepted(0, to: 1)])
    }

    @Test func `Weights of a lost worker are fetched from the beginning from the next`() throws {
        var coordinator = TestCoordinator(trials: 1)
        _ = try coordinator.join(1)
        _ = try coordinator.hear(.report(try report(0, lease: 1, files: [chunkSize + 1])), from: 1)
        _ = try coordinator.hear(chunk(0, count: Int(chunkSize)), from: 1)
        _ = try coordinator.hear(.goodbye, from: 1)
        #expect(try coordinator.join(2).trials(to: 2) == [0])
        #expect(try coordinator.hear(chunk(0, offset: chunkSize, count: 1), from: 1).acts.isEmpty)
        let reply = try report(0, lease: 2, files: [chunkSize + 1])
        #expect(try coordinator.hear(.report(reply), from: 2).acts == [fetch(0, from: 2)])
    }

    @Test
    func `A record since another coordinator is kept, though an attempt of that number failed`() throws {
        var coordinator = TestCoordinator(trials: 1, firstLease: 5)
        _ = try coordinator.join(2)
        _ = coordinator.handle(.pause)
        _ = try coordinator.hear(.failure(failure(0, lease: 5)), from: 2)
        let effects = try coordinator.join(1, held: [held(0, lease: 1, .reported)])
        #expect(effects.acts == [.send(welcomed, to: WorkerID(1))])
        let reply = try report(0, lease: 1, files: [3])
        #expect(try coordinator.hear(.report(reply), from: 1).acts == [fetch(0, from: 1)])
        #expect(try coordinator.hear(chunk(0, count: 3), from: 1).acts.contains(.append(valid(reply))))
    }

    @Test
    func `A worker sends what it has and is asked for, and deletes it when it is not wanted any more`()
        throws
    {
        var session = WorkerSession(hello: hello(1), at: Instant(milliseconds: 0))
        func handle(_ event: SessionEvent) -> [SessionEffect] {
            session.handle(event, at: Instant(milliseconds: 0))
        }
        _ = handle(.slotReady(0, kernel: "Haswell"))
        _ = handle(.message(welcomed))
        _ = handle(
            .message(.assign(CoordinatorMessage.Assignment(lease: LeaseID(1), attempt: 1, trials: [0, 1]))))
        let files = [KeptFile(step: 1, bytes: chunkSize + 2)]
        for trial in [UInt64(0), 1] {
            _ = handle(
                .slotReply(
                    0,
                    .done(
                        trial: trial, id: try identifier(of: trial), body: body(of: trial), files: files,
                        seconds: 1,
                        peakMemoryBytes: 9), unixMilliseconds: 5000))
        }
        #expect(
            handle(.message(.fetch(trial: 0, file: 0, offset: 0)))
                == [.sendChunk(trial: 0, file: 0, offset: 0, count: Int(chunkSize))])
        #expect(
            handle(.message(.fetch(trial: 0, file: 0, offset: chunkSize)))
                == [.sendChunk(trial: 0, file: 0, offset: chunkSize, count: 2)])
        for wrong in [
            CoordinatorMessage.fetch(trial: 0, file: 1, offset: 0), .fetch(trial: 0, file: .max, offset: 0),
            .fetch(trial: 0, file: 0, offset: chunkSize + 2), .fetch(trial: 0, file: 0, offset: .max),
            .fetch(trial: 2, file: 0, offset: 0), .fetch(trial: .max, file: 0, offset: 0),
        ] {
            #expect(handle(.message(wrong)).isEmpty)
        }
        #expect(handle(.message(.accepted([0]))) == [.deleteFiles(trial: 0)])
        #expect(handle(.message(.fetch(trial: 0, file: 0, offset: 0))).isEmpty)
        // A file that cannot be read back is a failed attempt.
        let lost = handle(.filesLost(trial: 1, cause: "gone", unixMilliseconds: 6000))
        #expect(lost.first == .deleteFiles(trial: 1))
        #expect(
            lost.contains {
                if case .send(.failure(let failure)) = $0 { failure.cause == "gone" } else { false }
            })
        #expect(handle(.message(.accepted([1]))).isEmpty)
    }
}
