import Files
import Glibc
import Journal
import Scheduling
import Testing
import Wire

@testable import CoordinatorService

@Suite struct DiskOutageTests {
    @Test func `It is tried again later and later, at least every half minute`() {
        var trouble = DiskOutage(at: 1000)
        var delays = [trouble.nextTry - 1000]
        for _ in 0..<5 {
            let now = trouble.nextTry
            trouble = trouble.failedAgain(at: now)
            delays.append(trouble.nextTry - now)
        }
        #expect(delays == [2000, 4000, 8000, 16_000, 30_000, 30_000])
    }

    @Test
    func `Workers are answered, whatever they say; at the end the dispatcher hears who lives and who left`() {
        var trouble = DiskOutage(at: 0)
        var answers: [Bool] = []
        for (worker, time) in [(7, 100), (3, 100), (9, 100), (5, 100), (9, 20_000), (3, 20_000)] {
            answers.append(trouble.hear(.heartbeat, from: WorkerID(UInt64(worker)), at: Int64(time)))
        }
        #expect(answers == Array(repeating: true, count: 6))
        for time in [20_000, 20_001] as [Int64] {
            let isAnswered = trouble.hear(.goodbye, from: WorkerID(5), at: time)
            #expect(!isAnswered)
        }
        for event in [.pause, .pause, .tick, .lost(WorkerID(9)), .drain] as [DispatchEvent] {
            trouble.postpone(event, at: 20_500)
        }
        // Worker 7 was silent for long: whether it is dead is the dispatcher's to say.
        #expect(
            trouble.missed(at: 21_000) == [
                .message(.heartbeat, from: WorkerID(3)), .pause, .drain,
                .message(.goodbye, from: WorkerID(5)),
                .lost(WorkerID(9)),
            ])
    }

    @Test func `Faults that may pass are waited for; a failed sync and a wrong path are not`() {
        func weights(_ code: Int32, _ doing: String = "write") -> Unwritten {
            .weights(FileError(path: "a", doing: doing, code: code))
        }
        for code in [ENOSPC, EDQUOT, EIO] {
            #expect(weights(code).mayPass && !weights(code, "sync").mayPass)
        }
        #expect(!weights(ENOTDIR).mayPass && !weights(EACCES).mayPass)
        #expect(Unwritten.journal(.diskFull(path: "a")).mayPass)
        // SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_BUSY; SQLITE_READONLY.
        for code: Int32 in [778, 1034, 5] {
            #expect(Unwritten.journal(.system(path: "a", code: code, detail: "x")).mayPass)
        }
        #expect(!Unwritten.journal(.system(path: "a", code: 8, detail: "x")).mayPass)
        #expect(!Unwritten.journal(.corrupt(path: "a", detail: "x")).mayPass)
    }
}
