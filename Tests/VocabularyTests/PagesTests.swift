import Console
import FoundationEssentials
import Sweep
import Testing
import Text

@testable import CoordinatorService

/// A page of docs, and what it tells its readers to write and to type.
private struct Page {
    static let names = ["coming-from", "faq", "limits", "start"]

    let name: String
    let file: URL
    let text: String

    init(_ name: String) throws {
        self.name = name
        file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/\(name).md")
        text = try String(decoding: Data(contentsOf: file), as: UTF8.self)
    }

    /// The blocks of a language.
    func blocks(_ language: String) -> [String] {
        text.components(separatedBy: "```\(language)\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
    }

    /// Sweep files, by name. The other programs' files name no model.
    var sweeps: [String: String] {
        var sweeps: [String: String] = [:]
        for block in blocks("yaml") where "\n\(block)".contains("\nmodel: ") {
            let name = block.split(separator: "\n").first { $0.hasPrefix("name: ") }
            sweeps["\(name?.dropFirst(6) ?? "?").yaml"] = block
        }
        return sweeps
    }

    /// The words of each command of ours.
    var commands: [[String]] {
        blocks("sh").flatMap { $0.split(separator: "\n") }.map { Page.words(String($0)) }
            .filter { $0.first == "ranksweep" }
    }

    /// The words of a shell's line, without its comment.
    private static func words(_ line: String) -> [String] {
        var (words, word, isQuoted): ([String], String?, Bool) = ([], nil, false)
        for character in line {
            switch character {
            case "'":
                isQuoted.toggle()
                word = word ?? ""
            case " " where !isQuoted:
                if let word { words.append(word) }
                word = nil
            case "#" where !isQuoted && word == nil: return words
            default: word = (word ?? "") + String(character)
            }
        }
        return words + [word].compactMap(\.self)
    }
}

@Suite struct PagesTests {
    @Test(arguments: Page.names) func `Each sweep file on a page is right`(page: String) throws {
        for (name, text) in try Page(page).sweeps {
            #expect(throws: Never.self, "\(page).md: \(name)") {
                try SweepSpec(parsing: text, file: name)
            }
        }
        let count = try Page(page).sweeps.count
        #expect(count >= (["coming-from", "start"].contains(page) ? 1 : 0))
    }

    @Test(arguments: Page.names)
    func `Each command on a page has options that there are, and sets settings that there are`(page: String)
        throws
    {
        let page = try Page(page)
        #expect(page.name == "limits" || !page.commands.isEmpty)
        for words in page.commands where !words[1].hasPrefix("--") {
            let command = try #require(commandNamed(words[1]), "\(words)")
            let arguments = try Arguments(Array(words.dropFirst(2)), for: command.spec)
            guard let sweep = arguments.operands.first.flatMap({ page.sweeps[$0] }) else {
                // A recipe, or a file that the reader has.
                #expect(arguments.all("--set").isEmpty || command.word != "plan", "\(words)")
                continue
            }
            #expect(throws: Never.self, "\(words)") {
                try SweepSpec(
                    parsing: sweep, file: "page", overrides: arguments.all("--set").map { Override($0) },
                    quick: arguments.has("--quick"))
            }
        }
    }

    private func commandNamed(_ word: String) -> Command? {
        CoordinatorService.commands.first { $0.word == word }
    }

    /// With RANKSWEEP_UPDATE_SNAPSHOTS=1 the tables are written into the page instead.
    @Test func `coming-from.md lists every word of the tables of aliases`() throws {
        let page = try Page("coming-from")
        let begin = "<!-- words: made from Sources/Support/Text/Aliases.swift -->\n"
        let start = try #require(page.text.firstRange(of: begin)?.upperBound)
        let end = try #require(page.text.firstRange(of: "\n<!-- end of words -->")?.lowerBound)
        let tables = Alias.sections.map { section in
            let rows = section.aliases.filter { !$0.words.isEmpty }.map { alias in
                let words = alias.words.map { "`\($0.replacing("|", with: "\\|"))`" }.joined(separator: ", ")
                let name = "`\(alias.name.replacing("|", with: "\\|"))`"
                return "| \(words) | \(alias.sentence?.replacing("|", with: "\\|") ?? name) |"
            }
            return (["### \(section.title)", "", "| elsewhere | here |", "|---|---|"] + rows)
                .joined(separator: "\n")
        }.joined(separator: "\n\n")
        if ProcessInfo.processInfo.environment["RANKSWEEP_UPDATE_SNAPSHOTS"] == "1" {
            try Data((page.text[..<start] + tables + page.text[end...]).utf8).write(to: page.file)
        } else {
            #expect(page.text[start..<end] == tables)
        }
    }
}
