import Foundation
import Testing

/// The tree checked as a compiler would: what no compiler checks.
@Suite struct TidyTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func files(under folder: String, withExtension ext: String) -> [URL] {
        let start = root.appending(path: folder)
        guard let walk = FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil) else {
            return []
        }
        return walk.compactMap { $0 as? URL }.filter { $0.pathExtension == ext }
            .sorted { $0.path < $1.path }
    }

    static func lines(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
    }

    static func name(_ file: URL) -> String {
        file.path.replacingOccurrences(of: root.path + "/", with: "")
    }

    @Test func `No source file is over 400 lines`() throws {
        let sources = Self.files(under: "Sources", withExtension: "swift")
        #expect(sources.count > 50)
        for file in sources {
            let count = try Self.lines(of: file).count
            #expect(count <= 401, "\(Self.name(file)) has \(count) lines")
        }
    }

    @Test func `No source folder has more than 24 files`() throws {
        let sources = Self.files(under: "Sources", withExtension: "swift")
        let folders = Dictionary(grouping: sources) { $0.deletingLastPathComponent() }
        for (folder, files) in folders where files.count > 24 {
            Issue.record("\(Self.name(folder)) has \(files.count) files")
        }
    }

    /// First line and number of lines of each function with a body of several lines.
    private static func functions(in lines: [String]) throws -> [(line: Int, count: Int)] {
        let opening = try Regex(
            #"^( *)(@\w+(\([^)]*\))? )*((public|package|private|fileprivate|static|mutating|final|override) )*(func|init|subscript)\b"#
        )
        var found: [(line: Int, count: Int)] = []
        var start: (line: Int, indent: Int, hasBody: Bool)?
        for (number, line) in lines.enumerated() {
            let indent = line.prefix { $0 == " " }.count
            let rest = line.dropFirst(indent)
            // A protocol's requirement ends without a body: something else begins beside it, or nothing.
            let isMore = [")", "{", "where "].contains { rest.hasPrefix($0) }
            if let begun = start, !begun.hasBody,
                rest.isEmpty || indent < begun.indent || indent == begun.indent && !isMore
            {
                start = nil
            }
            if start == nil, !line.hasSuffix("}"), line.contains("func ") || line.contains("init"),
                line.prefixMatch(of: opening) != nil
            {
                start = (number, indent, false)
            }
            guard let begun = start else { continue }
            if line.hasSuffix("{") { start?.hasBody = true }
            if begun.hasBody, line == String(repeating: " ", count: begun.indent) + "}" {
                found.append((begun.line + 1, number - begun.line + 1))
                start = nil
            }
        }
        return found
    }

    @Test func `Functions have the length of their bodies, and a protocol's requirements have none`() throws {
        let text = """
            protocol P {
                func one(
                    a: Int
                ) throws -> Int
                func two()
                var three: Int { get }
                init()
            }
            extension P {
                func four() {
                    if true {
                    }
                }

                func five(
                    a: Int
                )
                    throws
                {
                    a()
                }
            }
            """
        let found = try Self.functions(in: text.components(separatedBy: "\n"))
        #expect(found.map(\.line) == [10, 15] && found.map(\.count) == [4, 7])
    }

    @Test func `No function is over 60 lines`() throws {
        var count = 0
        for file in Self.files(under: "Sources", withExtension: "swift") {
            for function in try Self.functions(in: Self.lines(of: file)) {
                count += 1
                #expect(
                    function.count <= 60,
                    "\(Self.name(file)):\(function.line): a function of \(function.count) lines")
            }
        }
        #expect(count > 1000)
    }

    /// A test has one name, which says what must hold; a suite has its type's.
    @Test func `Every test is named by a sentence`() throws {
        let name = try Regex(#"^ *(@Test\b.*)?((fileprivate|private|mutating|static) )*func (\S)"#)
        for file in Self.files(under: "Tests", withExtension: "swift") {
            var isTest = false
            for (number, line) in try Self.lines(of: file).enumerated() {
                let start = line.drop { $0 == " " }
                #expect(
                    !start.hasPrefix("@Suite(\""),
                    "\(Self.name(file)):\(number + 1): a suite has its type's name")
                if start.hasPrefix("@Test") { isTest = true }
                guard isTest, let match = line.prefixMatch(of: name) else { continue }
                #expect(
                    match.output[4].substring == "`",
                    "\(Self.name(file)):\(number + 1): name it: func `It does so`()")
                isTest = false
            }
        }
    }

    /// A comment says what a thing is or does, in a sentence with a subject.
    @Test func `No comment opens with Of, Who or What`() throws {
        let opening = try Regex(#"^ *///? (Of|Who|Whose|Whom|Whoever|What|Whatever) "#)
        for file in ["Sources", "Tests"].flatMap({ Self.files(under: $0, withExtension: "swift") }) {
            var isInComment = false
            for (number, line) in try Self.lines(of: file).enumerated() {
                let isComment = line.drop { $0 == " " }.hasPrefix("//")
                if isComment, !isInComment, line.prefixMatch(of: opening) != nil {
                    Issue.record("\(Self.name(file)):\(number + 1): \(line.drop { $0 == " " })")
                }
                isInComment = isComment
            }
        }
    }

    @Test func `Every public declaration has a doc comment`() throws {
        let declaration = try Regex(
            #"^ *(@\w+(\([^)]*\))? )*public ((static|mutating|final|indirect|nonisolated|consuming|private\(set\)|internal\(set\)) )*(func|var|let|struct|enum|class|protocol|init|subscript|typealias)\b"#
        )
        // The names of requirements of the standard library's protocols say what they are.
        let known = [
            "var description:", "func hash(into", "static func == ", "static func < ", "var id:",
            "subscript(position", "var startIndex", "var endIndex", "func makeIterator", "func next()",
            "typealias ", "var rawValue", "init(rawValue", "init?(rawValue", "func index(",
            "static var allCases", "static let allCases", "var customMirror", "var testDescription",
        ]
        for file in Self.files(under: "Sources", withExtension: "swift") {
            let lines = try Self.lines(of: file)
            for (number, line) in lines.enumerated()
            where line.contains("public ") && line.prefixMatch(of: declaration) != nil {
                guard !known.contains(where: { line.contains($0) }) else { continue }
                let above = lines[..<number].last { !$0.drop { $0 == " " }.hasPrefix("@") } ?? ""
                if !above.drop(while: { $0 == " " }).hasPrefix("///") {
                    Issue.record(
                        "\(Self.name(file)):\(number + 1): no doc comment: \(line.drop { $0 == " " })")
                }
            }
        }
    }

    /// Where output is checked: all else would be lost untold on a full disk.
    @Test func `Only Console writes for people`() throws {
        let banned = [
            " print(", " fputs(", " puts(", "write(STDOUT_FILENO", "write(STDERR_FILENO", "FileHandle",
        ]
        for file in Self.files(under: "Sources", withExtension: "swift") {
            guard !Self.name(file).hasPrefix("Sources/Support/Console/") else { continue }
            for (number, line) in try Self.lines(of: file).enumerated() {
                for call in banned where " \(line)".contains(call) && !line.contains("//") {
                    Issue.record("\(Self.name(file)):\(number + 1): '\(call)' is Console's to call")
                }
            }
        }
    }

    /// Keys of files, records and JSON are snake_case: the tables of aliases have others, and JSON Schema's keywords
    /// are not ours.
    @Test func `No name in a string is camel case`() throws {
        // Units, and names that ONNX gives.
        let units = ["2GiB", "2G", "500M", "500MB", "9P", "kB", "transA", "transB"]
        func isCamelCase(_ text: Substring) -> Bool {
            let bytes = Array(text.utf8)
            let isName = bytes.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || byte == 95 || byte == 46
            }
            return isName && bytes.first.map { !(65...90).contains($0) } ?? false
                && zip(bytes, bytes.dropFirst()).contains { one, next in
                    one > 96 && (65...90).contains(next)
                        || (48...57).contains(one) && (65...90).contains(next)
                } && !units.contains(String(text))
        }
        for file in Self.files(under: "Sources", withExtension: "swift") {
            let name = file.lastPathComponent
            guard !name.hasPrefix("Aliases"), name != "SweepSchema.swift" else { continue }
            for (number, line) in try Self.lines(of: file).enumerated() where line.utf8.contains(34) {
                // Between two quotes, inside a string or outside: outside there are operators or spaces.
                for part in line.split(separator: "\"").dropFirst().dropLast() where isCamelCase(part) {
                    Issue.record("\(Self.name(file)):\(number + 1): '\(part)': write it in snake_case")
                }
            }
        }
    }

    /// `openToRead` and `openStream` refuse pipes and devices, which could keep a reader for ever.
    @Test func `Only Files opens files to read`() throws {
        for file in Self.files(under: "Sources", withExtension: "swift") {
            let name = Self.name(file)
            // The kernel's files, and a benchmark's own.
            guard !name.hasPrefix("Sources/Support/Files/"),
                !name.hasPrefix("Sources/Programs/ranksweep-bench/"),
                name != "Sources/Support/Console/Memory.swift"
            else { continue }
            for (number, line) in try Self.lines(of: file).enumerated()
            where line.contains("fopen(") || line.contains("gzopen(") {
                #expect(line.contains("\"/proc/"), "\(name):\(number + 1): open it with openStream of Files")
            }
        }
    }

    /// An entry is shorter than Swift's type for it. `listFolder` reads only the name; a copy of the whole `d_name` reads
    /// beyond the entry, which only the address sanitizer notices.
    @Test func `Only Files lists folders`() throws {
        for file in Self.files(under: "Sources", withExtension: "swift") {
            let isFiles = Self.name(file).hasPrefix("Sources/Support/Files/")
            for (number, line) in try Self.lines(of: file).enumerated() {
                for call in ["opendir(", "readdir(", "scandir("] where line.contains(call) {
                    #expect(isFiles, "\(Self.name(file)):\(number + 1): list it with listFolder of Files")
                }
                #expect(
                    !line.contains("d_name"),
                    "\(Self.name(file)):\(number + 1): cposix_entry_name has the name")
            }
        }
    }

    /// So NO_COLOR has nothing to turn off.
    @Test func `Nothing is coloured`() throws {
        let color = try Regex(#"(\\u\{1[bB]\}|\\x1b|\\033|\\e)\[[0-9;]*m"#)
        #expect(#"\u{1b}[31m"#.contains(color))
        for file in Self.files(under: "Sources", withExtension: "swift") {
            #expect(!(try String(contentsOf: file, encoding: .utf8)).contains(color), "\(Self.name(file))")
        }
    }

    @Test func `Sources call nothing banned`() throws {
        let banned = ["try!", "as!", "fatalError(", ".random(", "Date()", ": Any ", "[Any", "TODO", "FIXME"]
        for file in Self.files(under: "Sources", withExtension: "swift") {
            for (number, line) in try Self.lines(of: file).enumerated() {
                for call in banned where line.contains(call) {
                    Issue.record("\(Self.name(file)):\(number + 1): '\(call)' is not for Sources")
                }
            }
        }
    }

    /// Code that decides must be given its time, chance and files.
    @Test func `Pure targets import no system`() throws {
        let pure = [
            "Experiment/Model", "Experiment/Sweep", "Distributed/Scheduling", "Distributed/Wire",
            "Numeric/Measures",
            "Distributed/Cluster", "Distributed/SimulatedCluster",
        ]
        for target in pure {
            let files = Self.files(under: "Sources/\(target)", withExtension: "swift")
            #expect(!files.isEmpty, "no sources in Sources/\(target)")
            for file in files {
                for (number, line) in try Self.lines(of: file).enumerated() {
                    let imported = ["import Foundation", "import CPosix", "import CZeroMQ", "import CSQLite"]
                        .contains { line.trimmingCharacters(in: .whitespaces) == $0 }
                    #expect(!imported, "\(Self.name(file)):\(number + 1): \(line)")
                }
            }
        }
    }

    /// String literals of a file, each with its line's number and the code before it, on its line or the one above.
    private static func literals(of file: URL) throws -> [(line: Int, text: String, before: String)] {
        let lines = try Self.lines(of: file).map { $0.components(separatedBy: "//")[0] }
        return lines.enumerated().flatMap { number, line in
            let parts = line.components(separatedBy: "\"")
            return stride(from: 1, to: parts.count, by: 2).map { offset in
                let start = parts[..<offset].joined(separator: "\"").trimmingCharacters(in: .whitespaces)
                return (number + 1, parts[offset], start.isEmpty && number > 0 ? lines[number - 1] : start)
            }
        }
    }

    /// A metric's key is written down where the metric is declared: elsewhere it is `Metric`'s constant, which a compiler
    /// checks. Some measures have the name of a metric; the tables of aliases have both.
    @Test func `A metric's key stands in its declaration alone`() throws {
        let measures = Self.files(under: "Sources/Experiment/Sweep/Measures", withExtension: "swift")
        let keys = Set(
            try measures.flatMap(Self.literals).filter { $0.before.hasSuffix("Metric(") }.map(\.text))
        #expect(keys.count > 80)
        let declarations = ["Metric(", "MeasureDeclaration(", "own:"]
        for file in Self.files(under: "Sources", withExtension: "swift")
        where !file.lastPathComponent.hasPrefix("Aliases") {
            for literal in try Self.literals(of: file) where keys.contains(literal.text) {
                #expect(
                    declarations.contains { literal.before.hasSuffix($0) },
                    "\(Self.name(file)):\(literal.line): \"\(literal.text)\" is a metric's key: use the constant of Metric"
                )
            }
        }
    }

    @Test func `Every link in the docs leads somewhere`() throws {
        let link = try Regex(#"\]\(([^)#\s]+)(#[^)]*)?\)"#)
        let pages = Self.files(under: "docs", withExtension: "md") + [Self.root.appending(path: "README.md")]
        #expect(pages.count > 4)
        for page in pages {
            let text = try String(contentsOf: page, encoding: .utf8)
            for match in text.matches(of: link) {
                guard let target = match.output[1].substring, !target.contains("://") else { continue }
                let file = page.deletingLastPathComponent().appending(path: String(target))
                #expect(
                    FileManager.default.fileExists(atPath: file.path), "\(Self.name(page)): no \(target)")
            }
        }
    }

    @Test func `Every recipe is named in the README or the docs`() throws {
        let pages = Self.files(under: "docs", withExtension: "md") + [Self.root.appending(path: "README.md")]
        let text = try pages.map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        let recipes = Self.files(under: "sweeps", withExtension: "yaml")
        #expect(recipes.count >= 3)
        for recipe in recipes {
            #expect(text.contains(recipe.lastPathComponent), "no page names \(Self.name(recipe))")
        }
    }

    @Test func `The package has no dependencies`() throws {
        let manifest = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
        #expect(!manifest.contains(".package("))
    }
}
