import Foundation
import TestSupport
import Testing

@testable import Sweep

@Suite struct IdentifierTests {
    private func sweeps() throws -> [(name: String, spec: SweepSpec)] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try FileManager.default.contentsOfDirectory(
            at: root.appending(path: "sweeps"), includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }.map { file in
            let name = file.lastPathComponent
            return (
                name, try SweepSpec(parsing: Array(try Data(contentsOf: file)), file: name, look: standInFile)
            )
        }
    }

    @Test func `They are those of each trial alone, whatever came before`() throws {
        let sweeps = try sweeps()
        #expect(sweeps.count >= 3)
        var identifier = TrialHasher()
        for (name, spec) in sweeps {
            for index in stride(from: 0, to: spec.grid.count, by: max(1, spec.grid.count / 40)) {
                let settings = spec.grid[index].settings
                #expect(identifier.id(of: settings) == TrialID(of: settings), "\(name) \(index)")
            }
        }
    }

    @Test func `A reader's trials are the grid's, in whatever order they are asked for`() throws {
        let seedFirst = """
            name: s
            model: mlp
            dataset: mnist
            axes: {seed: [7, 3], width: {range: [8, 312]}, depth: [2, 3]}
            zip: [[seed, depth]]
            training: {epochs: 1}
            """
        let seedless =
            "name: s\nmodel: mlp\ndataset: mnist\naxes: {depth: [2, 3]}\ntraining: {epochs: 1}\n"
        let own = try [seedFirst, seedless].map { ("own", try SweepSpec(parsing: $0, file: "own")) }
        for (name, spec) in try sweeps() + own {
            var reader = TrialCache(spec.grid)
            let count = spec.grid.count
            // Every point in its turn, so that more than are kept come by, and then near and far ones.
            let near = (0..<min(count, 400)).map { $0 }
            let far = (0..<400).map { $0 &* 7919 % count }
            for index in near + far {
                let (read, made) = (reader.trial(at: index), spec.grid[index])
                guard read == made, reader.id(of: read) == made.id,
                    read.axes.map(\.path) == made.axes.map(\.path)
                else {
                    Issue.record("\(name) \(index): \(read.axesObject.canonicalText)")
                    return
                }
            }
        }
    }
}
