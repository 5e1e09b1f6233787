import Foundation
import Testing

/// docs/networks.md lists the operations of ONNX that can be measured.
@Suite struct NetworksPageTests {
    @Test func `The page lists each operation that is read, and no other`() throws {
        let page = try String(
            contentsOf: TidyTests.root.appending(path: "docs/networks.md"), encoding: .utf8)
        let section = try #require(
            page.components(separatedBy: "\n## ").first { $0.hasPrefix("Operations that are read\n") })
        let rows = section.components(separatedBy: "\n").filter { $0.hasPrefix("| ") }.joined()
        let listed = Set(rows.matches(of: /`([A-Z]\w+)`/).map { String($0.output.1) })
        var read: Set<String> = []
        for file in TidyTests.files(under: "Sources/Experiment/ONNX/Graph/Operations", withExtension: "swift")
        {
            for line in try TidyTests.lines(of: file) {
                read.formUnion(line.matches(of: /"([A-Z]\w+)": \./).map { String($0.output.1) })
            }
        }
        #expect(read.count > 80)
        #expect(listed == read, "\(listed.symmetricDifference(read).sorted())")
    }
}
