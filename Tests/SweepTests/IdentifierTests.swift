import Foundation
import Testing

@testable import Sweep

@Suite("Identifiers of many trials") struct IdentifierTests {
    @Test func `they are those of each trial alone, whatever came before`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let sweeps = try FileManager.default.contentsOfDirectory(
            at: root.appending(path: "sweeps"), includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }
        #expect(sweeps.count >= 3)
        var identifier = TrialIdentifier()
        for file in sweeps {
            let spec = try SweepSpec(parsing: Array(try Data(contentsOf: file)), file: file.lastPathComponent)
            for index in stride(from: 0, to: spec.grid.count, by: max(1, spec.grid.count / 40)) {
                let settings = spec.grid[index].settings
                #expect(
                    identifier.id(of: settings) == TrialID(of: settings), "\(file.lastPathComponent) \(index)"
                )
            }
        }
    }
}
