import Foundation
import Testing

@testable import Journal

@Suite struct RescueTests {
    @Test
    func `All that was appended, before and after, is in its copy, which is a journal like any other`() throws
    {
        let (lost, safe) = (try Folder(), try Folder())
        let journal = try RunJournal.create(in: lost.path, sweep: "s")
        _ = try journal.append([record(0), failure(1, "why", quarantined: true)])
        try journal.setSetting("options", "{}")
        try FileManager.default.removeItem(atPath: lost.path)
        _ = try journal.append([record(2)])
        try journal.copy(to: safe.path)
        let copy = try RunJournal.open(in: safe.path, sweep: "s")
        #expect(try lines(copy) == ["line 0", "line 2"])
        #expect(try copy.summary().quarantinedTrials == [1])
        #expect(try copy.setting("options") == "{}")
        #expect(try copy.damagedRecords().isEmpty && copy.structuralFaults().isEmpty)
        _ = try copy.append([record(3)])
        #expect(try lines(copy).count == 3)
        // An existing file is not overwritten.
        #expect(throws: JournalError.exists(path: RunJournal.path(in: safe.path))) {
            try journal.copy(to: safe.path)
        }
    }
}
