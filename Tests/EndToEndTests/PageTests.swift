import Foundation
import Testing

/// The commands that the pages for newcomers show, typed in order.
@Suite(.serialized) struct PageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func blocks(_ page: String, _ language: String) throws -> [String] {
        let text = try String(contentsOf: Self.root.appending(path: "docs/\(page).md"), encoding: .utf8)
        return text.components(separatedBy: "```\(language)\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
    }

    private func commands(_ page: String) throws -> [String] {
        try blocks(page, "sh").flatMap { $0.split(separator: "\n").map(String.init) }
            .filter { $0.hasPrefix("ranksweep ") }
    }

    @Test func `Each command of start.md does as it says, on the page's own sweep`() throws {
        let work = try Workspace()
        try work.write(try #require(blocks("start", "yaml").first), to: "first.yaml")
        let lines = try commands("start")
        #expect(lines.count == 9)
        for line in lines {
            let end = try work.shell(line)
            #expect(end.code == 0, "\(line): \(end.all)")
            if line == "ranksweep plan first.yaml" {
                #expect(end.output.contains("trials   30 = 10 points × 3 seeds"), "\(end.output)")
            }
        }
        for file in ["report.html", "figures/accuracy.svg", "figures/accuracy.pdf", "figures/rank.svg"] {
            #expect(work.exists("runs/first/\(file)"), "\(file)")
        }
        #expect(try work.text("runs/first/records.ndjson").split(separator: "\n").count == 50)
        #expect(try work.text("runs/second/records.ndjson").split(separator: "\n").count == 30)
    }

    @Test func `The commands of coming-from.md work, on less data`() throws {
        let work = try Workspace()
        let sweep = try #require(blocks("coming-from", "yaml").first { $0.contains("model: ") })
        let small = "dataset: {name: generated-images, train_points: 128, test_points: 64}"
        try work.write(
            sweep.replacing("dataset: mnist", with: small).replacing("epochs: 5", with: "epochs: 1"),
            to: "mlp.yaml")
        // These need a download or a file of the reader's, which other tests have.
        let lines = try commands("coming-from").filter {
            !$0.hasPrefix("ranksweep data fetch ") && !$0.hasPrefix("ranksweep measure mine.")
        }
        #expect(lines.count >= 9)
        for line in lines {
            let end = try work.shell(line)
            #expect(end.code == 0, "\(line): \(end.all)")
        }
        #expect(try work.text("runs/mlp/records.ndjson").split(separator: "\n").count == 24)
        #expect(try work.text("runs/merged/records.ndjson").split(separator: "\n").count == 18)
    }

    @Test(arguments: [
        (["run", "s.yaml", "--set", "lr=1e-3"], "'lr' is called 'training.learning_rate' here"),
        (["run", "s.yaml", "training.lr=0.1"], "--set training.learning_rate=0.1"),
        (["run", "s.yaml", "--dry-run"], "'ranksweep plan SWEEP'"),
        (["run", "s.yaml", "-j", "4"], "'--slots'"),
        (["train", "s.yaml"], "'ranksweep run SWEEP'"),
        (["s.yaml"], "ranksweep run s.yaml"),
        (["data", "fetch", "cifar"], "'cifar-10'"),
    ])
    func `A foreign word on the command line ends with code 2, and nothing is begun`(
        arguments: [String], message: String
    ) throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        let end = try work.start("ranksweep", arguments).wait()
        #expect(end.code == 2)
        #expect(end.errors.contains(message), "\(end.errors)")
        #expect(!work.exists("runs"))
    }
}
