import Foundation
import TestSupport
import Testing
import Text

@testable import Sweep

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

private func text(_ path: String) throws -> String {
    try String(decoding: Data(contentsOf: root.appending(path: path)), as: UTF8.self)
}

/// The names of the recipes whose results are in docs/results.
private func published() throws -> [String] {
    let folder = root.appending(path: "docs/results").path
    return try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { FileManager.default.fileExists(atPath: "\(folder)/\($0)/run.json") }.sorted()
}

private func recipe(_ name: String) throws -> SweepSpec {
    let file = "sweeps/\(name).yaml"
    return try SweepSpec(parsing: Array(text(file).utf8), file: file, look: standInFile)
}

/// The fields of a line of comma-separated values.
private func fields(_ line: String) -> [String] {
    var fields = [""], quoted = false
    for character in line {
        switch character {
        case "\"": quoted.toggle()
        case "," where !quoted: fields.append("")
        default: fields[fields.count - 1].append(character)
        }
    }
    return fields
}

/// docs/benchmarks/reproduce.py writes docs/results and the pages; these hold them together.
struct `Results of recipes` {
    @Test func `Each is of its recipe's whole grid as it is now`() throws {
        for name in try published() {
            let facts = try JSONValue(parsing: text("docs/results/\(name)/run.json").utf8)
            let grid = try recipe(name).grid
            #expect(facts["trials"]?.number == Double(grid.count), "\(name)")
            let identifiers = (0..<grid.count).map { grid[$0].id.description }.joined(separator: "\n")
            #expect(
                facts["trials_digest"]?.string == Digest(of: identifiers).hexadecimal(),
                "\(name): the recipe's trials have changed since its results; run it again, whole")
        }
    }

    @Test func `Their claims are the recipe's, in its order, each with a verdict`() throws {
        for name in try published() {
            let claims = try recipe(name).claims
            guard !claims.isEmpty else { continue }
            let rows = try text("docs/results/\(name)/claims.csv").split(separator: "\n").map {
                fields(String($0))
            }
            #expect(
                rows.dropFirst().map { $0[1] } == claims.map(\.text), "\(name): run its recipe again, whole")
            let summary = try text("docs/results/\(name)/gallery.txt")
            for row in rows.dropFirst() {
                #expect(["holds", "does not hold", "undecided"].contains(row[2]), "\(name)")
                #expect(summary.contains("| \(row[0]) | \(row[1]) | \(row[2]) |"), "\(name), claim \(row[0])")
            }
        }
    }

    @Test func `The gallery shows what they say`() throws {
        let gallery = try text("docs/gallery.md")
        for name in try published() {
            let begin = "<!-- results \(name) -->\n"
            let start = try #require(gallery.firstRange(of: begin), "the gallery has no block for \(name)")
            let stop = try #require(gallery[start.upperBound...].firstRange(of: "<!-- end -->"))
            #expect(
                try gallery[start.upperBound..<stop.lowerBound] == text("docs/results/\(name)/gallery.txt"),
                "\(name): python3 docs/benchmarks/reproduce.py --pages")
            let facts = try JSONValue(parsing: text("docs/results/\(name)/run.json").utf8)
            let row = gallery.split(separator: "\n").first { $0.hasPrefix("| `\(name).yaml`") }
            if let row {
                let trials = try #require(facts["trials"]?.number)
                #expect(row.contains("| \(Int(trials)) |"), "\(name): the number of trials in its row")
            }
            for figure in facts["figures"]?.array ?? [] {
                let picture = "docs/images/\(name)-\(figure["name"]?.string ?? "").png"
                #expect(
                    FileManager.default.fileExists(atPath: root.appending(path: picture).path), "\(picture)")
            }
        }
    }

    @Test func `The papers' page names each claim with its verdict`() throws {
        let page = try text("docs/papers.md")
        var known: [String: [String]] = [:]
        for name in try published() {
            guard let table = try? text("docs/results/\(name)/claims.csv") else { continue }
            known[name] = table.split(separator: "\n").dropFirst().map { fields(String($0))[2] }
        }
        var counts: [String: Int] = [:]
        for match in page.matches(of: /`([a-z0-9-]+)` #(\d+): (holds|does not hold|undecided|not run yet)/) {
            let (name, number) = (String(match.1), try #require(Int(match.2)))
            if counts[name] == nil { counts[name] = try recipe(name).claims.count }
            #expect((1...(counts[name] ?? 0)).contains(number), "\(name) has no claim \(number)")
            #expect(String(match.3) == known[name]?[number - 1] ?? "not run yet", "\(name) #\(number)")
        }
        #expect(counts.count > 25)
    }

    @Test func `Each block of the gallery is of a recipe`() throws {
        let names = try text("docs/gallery.md").components(separatedBy: "<!-- results ").dropFirst()
            .compactMap { $0.components(separatedBy: " -->").first }
        #expect(names.count > 30 && Set(names).count == names.count)
        for name in names { #expect(try recipe(name).name == name) }
        for name in try published() { #expect(names.contains(name)) }
    }
}
