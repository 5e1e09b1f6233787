import CFaultyDisk
import Foundation
import Testing

@testable import Journal

/// Appends group after group, as a coordinator does, until it is done or the disk has had enough.
private struct Workload {
    static let groups = 12
    static let groupSize = 3
    /// Groups whose `append` returned.
    private(set) var acknowledged = 0
    /// Groups that were begun.
    private(set) var begun = 0

    static func line(_ trial: Int) -> String {
        "trial \(trial) " + String(repeating: "\(trial % 10)", count: 300 + 150 * (trial % 7))
    }

    static func entries(_ group: Int) -> [JournalEntry] {
        (0..<groupSize).map { record(group * groupSize + $0, line(group * groupSize + $0)) }
            + (group % 3 == 0 ? [failure(group * groupSize, number: 2)] : [])
    }

    /// - Parameter tries: how often a step is tried before the process gives up.
    mutating func run(in folder: String, tries: Int) {
        guard let journal = Workload.tried(tries, { try Workload.open(folder) }) else { return }
        for group in 0..<Workload.groups {
            begun = group + 1
            guard Workload.tried(tries, { try journal.append(Workload.entries(group)) }) != nil else {
                return
            }
            acknowledged = group + 1
        }
    }

    private static func open(_ folder: String) throws -> RunJournal {
        let journal: RunJournal
        do { journal = try RunJournal.create(in: folder, sweep: "s") } catch JournalError.exists {
            journal = try RunJournal.open(in: folder, sweep: "s")
        }
        // Often, so that every step of a checkpoint is struck, too.
        try journal.database.execute("PRAGMA wal_autocheckpoint = 9")
        return journal
    }

    private static func tried<Result>(_ tries: Int, _ body: () throws -> Result) -> Result? {
        for _ in 0..<tries { if let result = try? body() { return result } }
        return nil
    }
}

/// Whether a journal says of itself that something is wrong with it.
private func complains(_ folder: Folder) -> Bool {
    guard let journal = try? RunJournal.open(in: folder.path, sweep: "s") else { return true }
    return (try? journal.structuralFaults().isEmpty && journal.damagedRecords().isEmpty) != true
}

@Suite(.serialized) struct FaultyDiskTests {
    @Test(arguments: [
        FAULTY_DISK_FULL_ONCE, FAULTY_DISK_ERROR_ONCE, FAULTY_DISK_KILLED, FAULTY_DISK_POWER_LOST,
        FAULTY_DISK_POWER_LOST_TORN,
    ])
    func `After a fault at any step the journal still holds every acknowledged record`(
        fault: faulty_disk_fault
    ) throws {
        #expect(faulty_disk_install() == 0)
        let passes = fault == FAULTY_DISK_FULL_ONCE || fault == FAULTY_DISK_ERROR_ONCE
        var (step, lost) = (0, 0)
        var isStruck = true
        while isStruck {
            step += 1
            let folder = try Folder()
            faulty_disk_arm(folder.path + "/", step, fault)
            var workload = Workload()
            workload.run(in: folder.path, tries: passes ? 2 : 1)
            isStruck = faulty_disk_struck() != 0
            faulty_disk_disarm()
            // A fault that passes costs nothing.
            if passes { #expect(workload.acknowledged == Workload.groups, "step \(step)") }
            lost += workload.begun - workload.acknowledged
            try check(folder, workload, "step \(step)")
        }
        // Every step was struck, in every part of the work.
        #expect(step > 150)
        #expect(passes ? lost == 0 : lost > 50)
    }

    private func check(_ folder: Folder, _ workload: Workload, _ at: Comment) throws {
        let journal: RunJournal
        do throws(JournalError) { journal = try RunJournal.open(in: folder.path, sweep: "s") } catch {
            let path = RunJournal.path(in: folder.path)
            #expect(error == .missing(path: path) || error == .empty(path: path), at)
            #expect(workload.acknowledged == 0, at)
            journal = try RunJournal.create(in: folder.path, sweep: "s")
        }
        let found = try lines(journal)
        let groups = found.count / Workload.groupSize
        #expect(found == (0..<groups * Workload.groupSize).map(Workload.line), at)
        #expect(workload.acknowledged <= groups && groups <= workload.begun, at)
        #expect(try journal.structuralFaults().isEmpty, at)
        #expect(try journal.append([record(1000)]).isEmpty, at)
        #expect(try lines(journal).count == found.count + 1, at)
    }
}

@Suite struct SpoiledFileTests {
    private let pageSize = 4096
    private let frameSize = 24 + 4096

    private func files(_ folder: Folder) -> (main: URL, log: URL) {
        let path = RunJournal.path(in: folder.path)
        return (URL(filePath: path), URL(filePath: path + "-wal"))
    }

    /// A journal that was closed: all of it in its main file.
    private func closed() throws -> (folder: Folder, lines: [String]) {
        let folder = try Folder()
        var workload = Workload()
        workload.run(in: folder.path, tries: 1)
        #expect(workload.acknowledged == Workload.groups)
        #expect(!FileManager.default.fileExists(atPath: files(folder).log.path))
        return (folder, (0..<Workload.groups * Workload.groupSize).map(Workload.line))
    }

    @Test
    func `A main file that is cut at any page, or within it, is noticed: no record is missing in silence`()
        throws
    {
        let (folder, expected) = try closed()
        let whole = try Data(contentsOf: files(folder).main)
        #expect(whole.count / pageSize > 10 && whole.count % pageSize == 0)
        var silent = 0
        for cut in stride(from: 0, to: whole.count, by: pageSize / 2) {
            let left = try folder.copy()
            try whole.prefix(cut).write(to: files(left).main)
            if complains(left) { continue }
            silent += 1
            #expect(try lines(RunJournal.open(in: left.path, sweep: "s")) == expected, "cut at \(cut)")
        }
        // Half a page may be one that holds nothing.
        #expect(silent <= 2)
    }

    @Test func `A byte spoiled anywhere in the main file is noticed, or changes no record`() throws {
        let (folder, expected) = try closed()
        let whole = try Data(contentsOf: files(folder).main)
        var noticed = 0
        for index in stride(from: 0, to: whole.count, by: 61) {
            let left = try folder.copy()
            var bytes = whole
            bytes[index] ^= 0x14
            try bytes.write(to: files(left).main)
            if complains(left) {
                noticed += 1
            } else {
                #expect(try lines(RunJournal.open(in: left.path, sweep: "s")) == expected, "byte \(index)")
            }
        }
        #expect(noticed > 100)
    }

    /// Cut below what was synced is no crash but damage: SQLite cannot tell it from one. What is promised is that
    /// the journal is that of an earlier moment.
    @Test
    func `A write-ahead log that is cut or damaged at any frame gives an earlier moment, whole`() throws {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        for group in 0..<Workload.groups { _ = try journal.append(Workload.entries(group)) }
        let whole = try Data(contentsOf: files(folder).log)
        let frames = (whole.count - 32) / frameSize
        #expect(frames > 40)
        var counts: Set<Int> = []
        for frame in 0..<frames {
            for (isCut, within) in [(true, 0), (true, 24), (true, frameSize / 2), (false, frameSize / 3)] {
                let left = try folder.copy()
                let index = 32 + frame * frameSize + within
                var log = whole
                if isCut { log = log.prefix(index) } else { log[index] ^= 1 }
                try? FileManager.default.removeItem(atPath: files(left).main.path + "-shm")
                try log.write(to: files(left).log)
                do {
                    let opened = try RunJournal.open(in: left.path, sweep: "s")
                    let found = try lines(opened)
                    #expect(found == (0..<found.count).map(Workload.line))
                    #expect(found.count % Workload.groupSize == 0)
                    #expect(try opened.structuralFaults().isEmpty)
                    counts.insert(found.count / Workload.groupSize)
                } catch {
                    #expect(error as? JournalError == .empty(path: files(left).main.path), "frame \(frame)")
                }
            }
        }
        // All but the last moment: nothing was cut off that.
        #expect(counts == Set(0..<Workload.groups))
        withExtendedLifetime(journal) {}
    }
}

@Suite struct ChecksumTests {
    private func journal() throws -> (Folder, RunJournal, Database) {
        let folder = try Folder()
        let journal = try RunJournal.create(in: folder.path, sweep: "s")
        _ = try journal.append((0..<5).map { record($0) })
        return (folder, journal, try Database(path: RunJournal.path(in: folder.path), access: .readWrite))
    }

    @Test(arguments: [
        "line = CAST('line 7' AS BLOB)", "outcome = 'diverged'", "checksum = checksum + 1", "trial = 9",
    ])
    func `A record that was changed is named, and no record is exported`(set: String) throws {
        let (folder, journal, database) = try journal()
        defer { withExtendedLifetime(folder) {} }
        #expect(try journal.damagedRecords().isEmpty)
        try database.execute("UPDATE records SET \(set) WHERE trial = 3")
        let trial = set == "trial = 9" ? 9 : 3
        #expect(try journal.damagedRecords() == [trial])
        #expect(
            throws: JournalError.damagedRecords(path: journal.database.path, trials: [trial])
        ) { _ = try lines(journal) }
    }

    @Test func `A damaged record is dropped to be run again, or replaced by one that comes`() throws {
        let (folder, journal, database) = try journal()
        defer { withExtendedLifetime(folder) {} }
        try database.execute("UPDATE records SET line = CAST('x' AS BLOB) WHERE trial IN (1, 3)")
        #expect(try journal.append([record(3, host: "b")]).isEmpty)
        #expect(try journal.damagedRecords() == [1])
        try journal.drop(records: [1], cause: "spoiled")
        #expect(try lines(journal) == [0, 2, 3, 4].map { "line \($0)" })
        #expect(try !journal.restored().contains { $0.trial == 1 })
        var outcomes: [String] = []
        try journal.forEachAttempt { trial, attempt in
            if trial == 1 || trial == 3 { outcomes.append("\(trial) \(attempt.outcome)") }
        }
        #expect(outcomes == ["1 damaged", "3 measured", "3 measured"])
        #expect(try journal.append([record(1)]).isEmpty)
        #expect(try lines(journal) == (0..<5).map { "line \($0)" })
    }

    @Test
    func `A journal of another format is refused and unchanged, and the version that reads it is named`()
        throws
    {
        let (folder, journal, database) = try journal()
        defer { withExtendedLifetime((folder, journal)) {} }
        for version in [5, 99] {
            try database.execute("PRAGMA user_version = \(version)")
            for readOnly in [true, false] {
                #expect(throws: JournalError.otherFormat(directory: folder.path, found: version)) {
                    try RunJournal.open(in: folder.path, sweep: "s", readOnly: readOnly)
                }
            }
            #expect(RunJournal.format(in: folder.path) == version)
        }
        #expect(
            JournalError.otherFormat(directory: "runs/a", found: 5).message
                == "runs/a was made by ranksweep 0.1 (format 5); this is 0.2.0, which reads format 7: finish it "
                + "with 0.1")
        #expect(
            JournalError.otherFormat(directory: "runs/a", found: 99).message
                == "runs/a was made by a later ranksweep (format 99); this is 0.2.0, which reads format 7: use "
                + "that one")
    }
}

@Suite struct NetworkFileSystemTests {
    @Test(arguments: [
        (0x6969, "NFS"), (0xff53_4d42, "CIFS (SMB)"), (Int(Int32(bitPattern: 0xff53_4d42)), "CIFS (SMB)"),
        (0x0bd0_0bd0, "Lustre"), (0x6573_5546, "FUSE (sshfs and the like)"), (0x0102_1997, "9P"),
    ])
    func `Those of other machines are known by their numbers, also where these are negative`(
        type: Int, name: String
    ) {
        #expect(NetworkFileSystem.name(ofType: type) == name)
        #expect(NetworkFileSystem.warning(directory: "d", fileSystem: name).contains("d is on \(name)"))
    }

    @Test(arguments: [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1, 0])
    func `Disks of this machine are not warned of: ext, XFS, Btrfs, tmpfs, overlay, ZFS`(type: Int) {
        #expect(NetworkFileSystem.name(ofType: type) == nil)
    }
}
