import Foundation
import Testing

/// docs/extending.md says which files one more of each thing touches, with an example from the code. An example
/// is in these files and no others.
@Suite struct ExtendingTests {
    struct Example: CustomTestStringConvertible {
        let section: String
        /// Matches the example's names, which occur in no other code.
        let names: String
        /// The page's sentence with the count.
        let claim: String
        let files: Set<String>

        var testDescription: String { section }
    }

    static let examples = [
        Example(
            section: "A measure", names: #"\.effectiveRank\b|let effectiveRank\b|\bEffectiveRankMeasure\b"#,
            claim: "two new files, and a line in each of two lists",
            files: [
                "Sources/Experiment/Sweep/Measures/EffectiveRank.swift",
                "Sources/Experiment/Sweep/Measures/MeasureDeclaration.swift",
                "Sources/Numeric/Experiments/Measures/EffectiveRankMeasure.swift",
                "Sources/Numeric/Experiments/Measures/Measure.swift",
            ]),
        Example(
            section: "A data set", names: #"\bfashionMNIST\b"#, claim: "one new file and a word in a list",
            files: [
                "Sources/Experiment/Sweep/Data/FashionMNIST.swift",
                "Sources/Experiment/Sweep/Data/ImageData.swift",
            ]),
        Example(
            section: "A data set", names: #"\bModularData\b|\bModularSource\b"#,
            claim: "three new files and a line in each of two lists",
            files: [
                "Sources/Experiment/Sweep/Data/ModularData.swift",
                "Sources/Experiment/Sweep/Data/Dataset.swift",
                "Sources/Numeric/Experiments/Data/ModularSource.swift",
                "Sources/Numeric/Experiments/Data/BatchSource.swift",
            ]),
        Example(
            section: "A layer", names: #"\bImagePool\b|\baveragePool\b"#,
            claim: "two new files and its tests",
            files: [
                "Sources/Experiment/Model/Layers/Pool.swift",
                "Sources/Numeric/Learning/Operations/Pool.swift",
                // Its word in lists of layers.
                "Sources/Experiment/Sweep/Networks/LayerWord.swift",
                // Its loop in C, called for both scalar types.
                "Sources/Numeric/LinearAlgebra/Images.swift",
            ]),
        Example(
            section: "An operation of ONNX", names: #"\bsoftsign\b"#,
            claim: "a line or a word in each of four files",
            files: [
                "Sources/Experiment/Model/Graph/Elementwise.swift",
                "Sources/Experiment/ONNX/Graph/Operations/Elementwise.swift",
            ]),
        Example(
            section: "A setting", names: #"Setting\.initialisation\b|let initialisation = StoredSetting"#,
            claim: "declared in one file and used in two",
            files: [
                "Sources/Experiment/Sweep/Schema/Schema+Settings.swift",
                "Sources/Numeric/Experiments/Training/NetworkTrial.swift",
                // A theory of two of its values.
                "Sources/Numeric/Experiments/Training/RankTheory.swift",
                "Sources/Numeric/Experiments/Training/TrialRunner.swift",
            ]),
        Example(
            section: "A command", names: #"\bcheckCommand\b|\brunCheck\("#, claim: "A command is one file",
            files: [
                "Sources/Programs/CoordinatorService/Commands/CheckCommand.swift",
                "Sources/Programs/CoordinatorService/Commands/Commands.swift",
            ]),
    ]

    @Test(arguments: examples)
    func `An example is in the files that the page names, and in no others`(_ example: Example) throws {
        let page = try String(
            contentsOf: TidyTests.root.appending(path: "docs/extending.md"), encoding: .utf8)
        let section = try #require(
            page.components(separatedBy: "\n## ").first { $0.hasPrefix(example.section + "\n") })
        #expect(section.contains(example.claim))
        let names = try Regex(example.names).wordBoundaryKind(.simple)
        var found: Set<String> = []
        for file in TidyTests.files(under: "Sources", withExtension: "swift") {
            let code = try TidyTests.lines(of: file).filter { !$0.drop { $0 == " " }.hasPrefix("//") }
            if code.contains(where: { $0.contains(names) }) { found.insert(TidyTests.name(file)) }
        }
        #expect(found == example.files)
        for file in example.files {
            let name = file.split(separator: "/").last.map(String.init) ?? file
            #expect(section.contains(name), "the section doesn't name \(file)")
        }
    }
}
