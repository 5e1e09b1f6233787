import Records
import Foundation
import Scheduling
import Testing
import Text
import Wire

@testable import Journal

/// A folder that goes with the test.
final class Folder {
    let path: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func copy() throws -> Folder {
        let copy = try Folder()
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            try FileManager.default.copyItem(atPath: "\(path)/\(name)", toPath: "\(copy.path)/\(name)")
        }
        return copy
    }
}

func attempt(_ trial: Int, number: UInt32 = 1, host: String = "a") -> TrialAttempt {
    TrialAttempt(
        trial: trial, number: number, lease: LeaseID(UInt64(trial) + 1),
        provenance: Provenance(
            host: host, process: 12, slot: 1, cpu: "CPU", kernel: "Haswell", startMilliseconds: 1000,
            seconds: 0.5, peakMemoryBytes: 4096))
}

func record(_ trial: Int, _ text: String? = nil, outcome: String = "measured", host: String = "a")
    -> JournalEntry
{
    .record(line: Array((text ?? "line \(trial)").utf8), outcome: outcome, attempt(trial, host: host))
}

func failure(_ trial: Int, _ cause: String = "no", quarantined: Bool = false, number: UInt32 = 1)
    -> JournalEntry
{
    .failure(cause: cause, quarantined: quarantined, attempt(trial, number: number))
}

func lines(_ journal: RunJournal) throws -> [String] {
    var lines: [String] = []
    try journal.forEachRecord { _, line in lines.append(String(decoding: line, as: UTF8.self)) }
    return lines
}

@Suite struct JournalTests {
    @Test(arguments: [("host TEXT", "hosu TEXT"), ("TABLE meta", "TABLE mete"), ("line BLOB", "lhne BLOB")])
    func `A bit that flipped in its description of tables is damage, with what to do about it`(
        words: String, flipped: String
    ) throws {
        let folder = try Folder()
        do { _ = try RunJournal.create(in: folder.path, sweep: "s").append([record(0)]) }
        let file = URL(filePath: RunJournal.path(in: folder.path))
        var bytes = try Data(contentsOf: file)
        let index = try #require(bytes.firstRange(of: Data(words.utf8)))
        bytes.replaceSubrange(index, with: Data(flipped.utf8))
        try bytes.write(to: file)
        let error = #expect(throws: JournalError.self) {
            let journal = try RunJournal.open(in: folder.path, sweep: "s")
            _ = try journal.summary()
            try journal.forEachStoredRecord { _ in }
        }
        #expect(error?.message.contains("the journal is damaged (") == true, "\(String(describing: error))")
        #expect(error?.message.contains("put a backup of it back, or move") == true)
    }

    @Test func `Records come back in grid order, whatever order they came in`() throws {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        for trial in [5, 1, 9, 0, 3] { #expect(try journal.append([record(trial)]).isEmpty) }
        #expect(try lines(journal) == [0, 1, 3, 5, 9].map { "line \($0)" })
    }

    @Test func `Appended entries are there after the process is gone, without being closed`() throws {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        for trial in 0..<50 { _ = try journal.append([record(trial)]) }
        // A killed process leaves the files as they are, write-ahead log and all.
        let left = try folder.copy()
        let reopened = try RunJournal.open(in: left.path, sweep: "s")
        #expect(try lines(reopened).count == 50)
        withExtendedLifetime(journal) {}
    }

    @Test func `A write-ahead log that is cut anywhere gives whole groups, and a prefix of them`() throws {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        for group in 0..<20 { _ = try journal.append((0..<5).map { record(group * 5 + $0) }) }
        let whole = try Data(contentsOf: URL(filePath: folder.path + "/journal.sqlite-wal"))
        #expect(whole.count > 50_000)
        for cut in stride(from: 0, through: whole.count, by: 3571) {
            let left = try folder.copy()
            try? FileManager.default.removeItem(atPath: left.path + "/journal.sqlite-shm")
            try whole.prefix(cut).write(to: URL(filePath: left.path + "/journal.sqlite-wal"))
            do {
                let count = try lines(RunJournal.open(in: left.path, sweep: "s")).count
                #expect(count % 5 == 0 && count <= 100)
            } catch {
                // Cut before the schema was in it: nothing had been promised yet.
                #expect(error as? JournalError == .empty(path: left.path + "/journal.sqlite"))
            }
        }
        withExtendedLifetime(journal) {}
    }

    @Test func `A group is appended whole or not at all`() throws {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        let other = try Database(path: RunJournal.path(in: folder.path), access: .readWrite)
        try other.execute(
            "CREATE TRIGGER stop BEFORE INSERT ON records WHEN NEW.trial = 3 BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        #expect(throws: JournalError.self) { try journal.append((0..<5).map { record($0) }) }
        #expect(try lines(journal).isEmpty)
        try other.execute("DROP TRIGGER stop")
        #expect(try journal.append((0..<5).map { record($0) }).isEmpty)
        #expect(try lines(journal).count == 5)
    }

    @Test
    func `An equal duplicate changes nothing; an unequal one is reported, and the first is kept`() throws {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        #expect(try journal.append([record(1), record(1, host: "b")]).isEmpty)
        let conflicts = try journal.append([record(1, "other", host: "c")])
        #expect(conflicts.map(\.trial) == [1])
        #expect(conflicts.first?.kept?.host == "a")
        #expect(conflicts.first?.refused.host == "c")
        #expect(try lines(journal) == ["line 1"])
        let summary = try journal.summary()
        #expect(summary.measured == 1 && summary.conflicts == 1)
    }

    @Test func `A dispatcher starts from every outcome and every unforgiven failure`() throws {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        _ = try journal.append([
            record(0), failure(1), failure(1, number: 2), failure(2), failure(3, quarantined: true),
            failure(0),
        ])
        func outcomes() throws -> [Int: Dispatcher.Restored] {
            Dictionary(uniqueKeysWithValues: try journal.restored().map { ($0.trial, $0.outcome) })
        }
        #expect(
            try outcomes() == [
                0: .complete, 1: .failed(times: 2, lastAttempt: 2), 2: .failed(times: 1, lastAttempt: 1),
                3: .quarantined,
            ])
        try journal.forgive(failed: true, quarantined: false)
        #expect(try outcomes() == [0: .complete, 3: .quarantined])
        try journal.forgive(failed: false, quarantined: true)
        #expect(try outcomes() == [0: .complete])
        #expect(try journal.summary().failures == 5)
    }

    @Test func `A record ends a trial's quarantine`() throws {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        _ = try journal.append([failure(3, quarantined: true), record(3)])
        let summary = try journal.summary()
        #expect(summary.quarantined == 0 && summary.measured == 1)
    }

    @Test func `The summary counts outcomes, and failures by cause`() throws {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        _ = try journal.append([
            record(0), record(1, outcome: "diverged"), failure(2, "rare"), failure(4, "common"),
            failure(3, "common"),
        ])
        let summary = try journal.summary()
        #expect(summary.measured == 1 && summary.diverged == 1 && summary.failures == 3)
        #expect(summary.causes.map(\.text) == ["common", "rare"])
        #expect(summary.causes.first?.count == 2 && summary.causes.first?.exampleTrial == 3)
        #expect(summary.workers.map(\.attempts) == [5])
    }

    @Test func `Provenance has a line an attempt, in grid order and then in order of time`() throws {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        _ = try journal.append([failure(7, "why"), record(2), record(7)])
        var seen: [(Int, String)] = []
        try journal.forEachAttempt { trial, attempt in
            seen.append((trial, attempt.outcome))
            #expect(attempt.provenance.host == "a" && attempt.provenance.seconds == 0.5)
            #expect(attempt.cause == (seen.count == 2 ? "why" : nil))
        }
        #expect(seen.map(\.0) == [2, 7, 7])
        #expect(seen.map(\.1) == ["measured", "failed", "measured"])
    }

    @Test func `Each coordinator of a run directory has a number of its own`() throws {
        let folder = try Folder()
        #expect(try RunJournal.create(in: folder.path, sweep: "s").beginIncarnation() == 1)
        #expect(try RunJournal.open(in: folder.path, sweep: "s").beginIncarnation() == 2)
    }

    @Test func `Settings are kept`() throws {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        #expect(try journal.setting("options") == nil)
        try journal.setSetting("options", "one")
        try journal.setSetting("options", "two")
        #expect(try RunJournal.open(in: folder.path, sweep: "s").setting("options") == "two")
    }

    @Test func `A journal is read while it is written`() throws {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        let reader = try RunJournal.open(in: folder.path, sweep: "s", readOnly: true)
        for trial in 0..<10 {
            _ = try journal.append([record(trial)])
            #expect(try reader.summary().measured == trial + 1)
        }
        #expect(throws: JournalError.self) { try reader.append([record(99)]) }
    }
}

@Suite struct JournalFaultTests {
    @Test func `A second run does not replace the first`() throws {
        let folder = try Folder()
        _ = try RunJournal.create(in: folder.path, sweep: "s")
        #expect(throws: JournalError.exists(path: RunJournal.path(in: folder.path))) {
            try RunJournal.create(in: folder.path, sweep: "s")
        }
    }

    @Test func `A creation that was cut short can be finished`() throws {
        let folder = try Folder()
        let path = RunJournal.path(in: folder.path)
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        #expect(throws: JournalError.empty(path: path)) { try RunJournal.open(in: folder.path, sweep: "s") }
        _ = try RunJournal.create(in: folder.path, sweep: "s")
        #expect(try lines(RunJournal.open(in: folder.path, sweep: "s")).isEmpty)
    }

    @Test func `Missing, damaged, foreign and newer journals, and another sweep's, are told apart`() throws {
        let folder = try Folder()
        let path = RunJournal.path(in: folder.path)
        #expect(throws: JournalError.missing(path: path)) { try RunJournal.open(in: folder.path, sweep: "s") }
        try Data(repeating: 0x41, count: 9000).write(to: URL(filePath: path))
        #expect(throws: JournalError.notAJournal(path: path)) {
            try RunJournal.open(in: folder.path, sweep: "s")
        }
        try FileManager.default.removeItem(atPath: path)
        try Database(path: path, access: .create).execute("CREATE TABLE x (y)")
        #expect(throws: JournalError.notAJournal(path: path)) {
            try RunJournal.open(in: folder.path, sweep: "s")
        }
        try FileManager.default.removeItem(atPath: path)
        _ = try RunJournal.create(in: folder.path, sweep: "s")
        #expect(throws: JournalError.otherSweep(path: path, found: "s", expected: "t")) {
            try RunJournal.open(in: folder.path, sweep: "t")
        }
        try Database(path: path, access: .readWrite).execute("PRAGMA user_version = 99")
        #expect(throws: JournalError.otherFormat(directory: folder.path, found: 99)) {
            try RunJournal.open(in: folder.path, sweep: "s")
        }
    }

    @Test func `One coordinator at a time, and the second learns who the first is`() throws {
        let folder = try Folder()
        #expect(CoordinatorLock.holder(in: folder.path) == nil)
        let own = CoordinatorLock.Holder(process: getpid(), host: "node7", address: "")
        var lock: CoordinatorLock? = try CoordinatorLock(in: folder.path, holder: own)
        lock?.announce(address: "tcp://127.0.0.1:5555")
        let holder = try #require(CoordinatorLock.holder(in: folder.path))
        #expect(holder == .init(process: getpid(), host: "node7", address: "tcp://127.0.0.1:5555"))
        #expect(throws: JournalError.locked(directory: folder.path, by: holder)) {
            try CoordinatorLock(in: folder.path, holder: own)
        }
        lock = nil
        #expect(CoordinatorLock.holder(in: folder.path) == nil)
        _ = try CoordinatorLock(in: folder.path, holder: own)
    }
}
