import Console
import Foundation
import Journal
import Sweep
import TestSupport
import Testing

@testable import CoordinatorService

@Suite struct RunDirectoryWatchTests {
    private let folder: TemporaryFolder
    private let run: RunDirectory
    private let journal: RunJournal
    private let lock: CoordinatorLock

    init() throws {
        folder = try TemporaryFolder()
        let path = folder.path + "/run"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let text =
            "{name: s, model: mlp, dataset: {name: gaussian, correlations: [0.5]}, training: {steps: 1}}"
        run = try RunDirectory.create(path, SweepSpec(parsing: text, file: "s.yaml"))
        journal = try run.openOrCreateJournal()
        lock = try CoordinatorLock(in: path, holder: .thisProcess())
    }

    @Test func `A sweep.json that is replaced by the same bytes is no loss, and by others it is`() throws {
        var watch = RunDirectoryWatch(run)
        let bytes = try Data(contentsOf: URL(filePath: run.sweepPath))
        for now in [0, 1000, 2000] as [Int64] {
            #expect(watch.loss(at: now) == nil)
            // Another file, with another inode.
            try bytes.write(to: URL(filePath: run.sweepPath), options: .atomic)
        }
        #expect(watch.loss(at: 3000) == nil)
        try Data("name: other".utf8).write(to: URL(filePath: run.sweepPath), options: .atomic)
        #expect(watch.loss(at: 4000) == .withoutSweep)
    }

    @Test func `The directory is checked once a second`() throws {
        var watch = RunDirectoryWatch(run)
        #expect(watch.loss(at: 500) == nil)
        try FileManager.default.removeItem(atPath: run.sweepPath)
        #expect(watch.loss(at: 1499) == nil)
        #expect(watch.loss(at: 1500) == .withoutSweep)
    }

    @Test func `A directory that was moved is found, and a removed journal or lock is named`() throws {
        let watch = RunDirectoryWatch(run)
        #expect(watch.loss == nil)
        let other = folder.path + "/elsewhere"
        try FileManager.default.moveItem(atPath: run.path, toPath: other)
        #expect(watch.loss == .moved(to: other))
        try FileManager.default.moveItem(atPath: other, toPath: run.path)
        #expect(watch.loss == nil)
        let lock = CoordinatorLock.path(in: run.path)
        try FileManager.default.removeItem(atPath: lock)
        #expect(watch.loss == .unlocked(lock))
        let journal = RunJournal.path(in: run.path)
        try FileManager.default.removeItem(atPath: journal)
        #expect(watch.loss == .removed(journal))
        try FileManager.default.removeItem(atPath: run.path)
        #expect(watch.loss == .removed(run.path))
    }

    @Test func `A run that has begun never says that nothing was`() {
        #expect(CommandFailure.input("x").afterBeginning.code == .internal)
        #expect(CommandFailure.fault("x").afterBeginning.code == .internal)
        #expect(CommandFailure(code: .interrupted, message: "x").afterBeginning.code == .interrupted)
    }
}
