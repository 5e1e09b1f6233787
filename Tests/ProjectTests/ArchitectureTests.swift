import Foundation
import Testing

/// docs/architecture.md walks one trial through the code, function by function.
@Suite struct ArchitectureTests {
    @Test func `The walk of a trial names functions that exist, and each target once on each way`() throws {
        let page = try String(
            contentsOf: TidyTests.root.appending(path: "docs/architecture.md"), encoding: .utf8)
        let walk = try #require(
            page.components(separatedBy: "\n## ").first { $0.hasPrefix("The path of a trial\n") })
        let sources = try TidyTests.files(under: "Sources", withExtension: "swift").map {
            try String(contentsOf: $0, encoding: .utf8)
        }.joined()
        var declared: Set<Substring> = []
        for match in sources.matches(of: /\b(?:func|var|let|case|init|struct|class|enum|protocol) +`?(\w+)/) {
            declared.insert(match.output.1)
        }
        for name in walk.matches(of: /`([A-Z]\w+(?:\.\w+)?|[a-z]\w+)(?:\([a-z]*:?\))?`/) {
            for part in name.output.1.split(separator: ".") where part != "init" {
                #expect(declared.contains(part), "\(name.output.0) isn't declared")
            }
        }
        let ways = walk.components(separatedBy: "**On the way back**")
        try #require(ways.count == 2)
        for way in ways {
            let targets = way.matches(of: /(?m)^\| \d+ \| ([^|]+) \|/).map { String($0.output.1) }
            #expect(targets.count >= 9 && Set(targets).count == targets.count, "\(targets)")
        }
    }
}
