import Foundation
import TestSupport
import Testing

@testable import Sweep

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
private let page = root.appending(path: "docs/sweep-files.md")

/// The page's tables of settings, made from the schema.
private func settingsTables() -> String {
    let heads = [
        ("", "General and network"), ("dataset", "dataset"), ("training", "training"),
        ("measures", "measures"),
    ]
    return heads.map { group, head in
        let settings = Setting.all.filter {
            $0.path.split(separator: ".").count > 1
                ? $0.path.hasPrefix(group + ".") && !group.isEmpty : group.isEmpty
        }
        let rows = settings.map {
            "| `\($0.path)` | \($0.typeText) | \($0.defaultText) | \($0.usedBy) | \($0.meaning) |"
        }
        return
            (["### \(head)", "", "| path | value | default | used by | meaning |", "|---|---|---|---|---|"]
            + rows)
            .joined(separator: "\n")
    }.joined(separator: "\n\n")
}

/// With RANKSWEEP_UPDATE_SNAPSHOTS=1 the tables are written into the page instead.
@Test func `The page lists every setting as the schema has it`() throws {
    let text = try String(decoding: Data(contentsOf: page), as: UTF8.self)
    let begin = "<!-- settings: made from Sources/Experiment/Sweep/Schema/Schema+Settings.swift -->\n"
    let end = "\n<!-- end of settings -->"
    let start = try #require(text.firstRange(of: begin)), stop = try #require(text.firstRange(of: end))
    let tables = settingsTables()
    if ProcessInfo.processInfo.environment["RANKSWEEP_UPDATE_SNAPSHOTS"] == "1" {
        let new = text[..<start.upperBound] + tables + text[stop.lowerBound...]
        try Data(new.utf8).write(to: page)
    } else {
        #expect(text[start.upperBound..<stop.lowerBound] == tables)
    }
}

/// The page's table of layers, made from their words.
private func layersTable() -> String {
    let rows = LayerWord.all.map { entry in
        let value =
            switch entry.value {
            case .none: "none"
            case .layers: "list of layers"
            case .setting(let kind): kind.text
            }
        let options = entry.options.map {
            "`\($0.path)` (\($0.typeText); \($0.fallback == nil ? $0.defaultText : "default \($0.defaultText)")): \($0.meaning)"
        }
        return "| `\(entry.word)` | \(value) | \(options.joined(separator: " ")) | \(entry.meaning) |"
    }
    return (["| layer | value | options | what it computes |", "|---|---|---|---|"] + rows)
        .joined(separator: "\n")
}

@Test func `The page lists every layer word as the code has it`() throws {
    let text = try String(decoding: Data(contentsOf: page), as: UTF8.self)
    let begin = "<!-- layers: made from Sources/Experiment/Sweep/Networks/LayerWord.swift -->\n"
    let end = "<!-- end of layers -->"
    let start = try #require(text.firstRange(of: begin)), stop = try #require(text.firstRange(of: end))
    let table = layersTable() + "\n"
    if ProcessInfo.processInfo.environment["RANKSWEEP_UPDATE_SNAPSHOTS"] == "1" {
        let new = text[..<start.upperBound] + table + text[stop.lowerBound...]
        try Data(new.utf8).write(to: page)
    } else {
        #expect(text[start.upperBound..<stop.lowerBound] == table)
    }
}

@Test func `The page's listed networks are right`() throws {
    let text = try String(decoding: Data(contentsOf: page), as: UTF8.self)
    let start = try #require(text.firstRange(of: "## Networks written as a list\n"))
    let section = try #require(text[start.upperBound...].components(separatedBy: "\n## ").first)
    let examples = section.components(separatedBy: "```yaml\n").dropFirst().compactMap {
        $0.components(separatedBy: "```").first
    }
    #expect(examples.count == 3)
    let lenet = try SweepSpec(parsing: examples[0], file: "example")
    #expect(lenet.grid.count == 6 && lenet.grid[5].settings.parameterBytes == 4 * 61_706)
    #expect(try SweepSpec(parsing: examples[0], file: "example", quick: true).grid.count == 1)
    let head = "name: s\nmodel: layers\ndataset: cifar-10\ntraining: {epochs: 1}\n"
    #expect(try SweepSpec(parsing: head + examples[1], file: "example").grid[0].settings.depth == 5)
    let named = try SweepSpec(parsing: examples[2], file: "example")
    #expect(named.grid.count == 10 && named.figures.count == 3)
    #expect([0, 5].map { named.grid[$0].settings.parameterBytes } == [4 * 79_510, 4 * 330])
    #expect(try SweepSpec(parsing: examples[2], file: "example", quick: true).grid.count == 1)
}

@Test func `A key of layers has one type, whatever its layer, and a meaning`() {
    for entry in LayerWord.all {
        #expect(entry.meaning.hasSuffix("."), "\(entry.word)")
        for setting in entry.settings {
            #expect(setting.kind == LayerWord.settings[setting.path]?.kind, "\(setting.path)")
            #expect(setting.meaning.hasSuffix("."), "\(setting.path)")
        }
    }
}

@Test func `The page's example is right`() throws {
    let text = try String(decoding: Data(contentsOf: page), as: UTF8.self)
    let start = try #require(text.firstRange(of: "```yaml\n"))
    let stop = try #require(text[start.upperBound...].firstRange(of: "```"))
    let example = String(text[start.upperBound..<stop.lowerBound])
    #expect(try SweepSpec(parsing: example, file: "example").grid.count == 400)
    #expect(try SweepSpec(parsing: example, file: "example", quick: true).grid.count == 20)
}

@Test func `Every recipe is right`() throws {
    let folder = root.appending(path: "sweeps").path
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") }
        .sorted()
    #expect(!names.isEmpty)
    for name in names {
        let text = try [UInt8](Data(contentsOf: root.appending(path: "sweeps/\(name)")))
        let sweep = try SweepSpec(parsing: text, file: name, look: standInFile)
        #expect(sweep.name + ".yaml" == name)
        let hasQuick = String(decoding: text, as: UTF8.self).split(separator: "\n").contains {
            $0.hasPrefix("quick:")
        }
        guard hasQuick else { continue }
        let quick = try SweepSpec(parsing: text, file: name, quick: true, look: standInFile)
        #expect(quick.grid.cost().seconds < sweep.grid.cost().seconds, "\(name)")
    }
}

@Test func `Every setting's default and bounds are given`() {
    for setting in Setting.all {
        #expect(!setting.meaning.isEmpty && !setting.defaultText.isEmpty && !setting.typeText.isEmpty)
        #expect(setting.meaning.hasSuffix("."), "\(setting.path)")
        for use in setting.uses { #expect(Setting[path: use.path] != nil, "\(setting.path)") }
    }
    #expect(Set(Setting.all.map(\.path)).count == Setting.all.count)
}
