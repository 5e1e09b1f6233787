import Foundation
import Sweep
import TestSupport
import Testing

@testable import WorkerService

@Suite struct CheckpointFolderTests {
    private let folder: TemporaryFolder
    private let trials: [TrialID]

    init() throws {
        folder = try TemporaryFolder()
        let text = """
            {name: s, model: mlp, dataset: {name: gaussian, correlations: [0.5]}, axes: {seed: [0, 1]},
             training: {steps: 1}}
            """
        let grid = try SweepSpec(parsing: text, file: "s.yaml").grid
        trials = [grid[0].id, grid[1].id]
    }

    private func names(_ root: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root + "/checkpoints").sorted()
    }

    private func age(_ path: String, by seconds: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: path)
    }

    @Test func `A checkpoint is loaded as it was saved, replaced whole, and deleted`() throws {
        let checkpoints = CheckpointFolder(roots: [folder.path])
        #expect(checkpoints.load(trials[0]) == nil)
        #expect(checkpoints.save([1, 2, 3], trials[0]) == nil)
        #expect(checkpoints.save([4], trials[1]) == nil)
        #expect(checkpoints.save([5, 6], trials[0]) == nil)
        #expect(checkpoints.load(trials[0]) == [5, 6])
        #expect(try names(folder.path) == trials.map { "\($0).checkpoint" }.sorted())
        checkpoints.delete(trials[0])
        #expect(checkpoints.load(trials[0]) == nil && checkpoints.load(trials[1]) == [4])
    }

    @Test func `The newest of two roots' checkpoints counts`() throws {
        let roots = [folder.path + "/a", folder.path + "/b"]
        for (root, byte) in zip(roots, [1, 2] as [UInt8]) {
            #expect(CheckpointFolder(roots: [root]).save([byte], trials[0]) == nil)
        }
        let files = roots.map { "\($0)/checkpoints/\(trials[0]).checkpoint" }
        let both = CheckpointFolder(roots: roots)
        try age(files[0], by: 100)
        #expect(both.load(trials[0]) == [2])
        try age(files[1], by: 200)
        #expect(both.load(trials[0]) == [1])
        both.delete(trials[0])
        #expect(files.allSatisfy { !FileManager.default.fileExists(atPath: $0) })
    }

    @Test func `A folder that cannot be made is an error message, and a second root is used`() throws {
        let file = try folder.write([], to: "file")
        #expect(CheckpointFolder(roots: [file]).save([1], trials[0]) == Outbox.noFolder)
        #expect(CheckpointFolder(roots: [file, folder.path]).save([1], trials[0]) == nil)
        #expect(try names(folder.path) == ["\(trials[0]).checkpoint"])
    }

    @Test func `Checkpoints that no trial used for a month are removed, half written ones, too`() throws {
        let checkpoints = CheckpointFolder(roots: [folder.path])
        for trial in trials { #expect(checkpoints.save([1], trial) == nil) }
        for name in ["checkpoints/x.checkpoint.host-1.partial", "checkpoints/notes"] {
            try age(try folder.write([1], to: name), by: 31 * 86_400)
        }
        try age("\(folder.path)/checkpoints/\(trials[0]).checkpoint", by: 31 * 86_400)
        try age("\(folder.path)/checkpoints/\(trials[1]).checkpoint", by: 29 * 86_400)
        checkpoints.removeStale(now: Int(Date().timeIntervalSince1970))
        #expect(try names(folder.path) == ["\(trials[1]).checkpoint", "notes"].sorted())
    }
}
