import Console
import Files
import Glibc
import Sweep
import Text

/// Words that name what is learned.
private let targetWords = ["target", "targets", "label", "labels", "class", "y"]

/// The description of a user's file, as `ranksweep data describe` prints it, and its key in a sweep file.
private struct DescribedFile {
    let path: String
    /// The key of a sweep's `dataset`, without "test_"; nil where the file can't be used.
    var key: String?
    /// Further members of the section.
    var others: [(key: String, value: String)] = []
    /// The lines for people.
    var lines: [String] = []
    var members: [String: JSONValue]
    /// Why the file can't be used, in words that follow its name.
    var problem: String?

    init(_ path: String) {
        self.path = path
        members = ["file": .string(path)]
        if ArrayData.isTable(path) { describeTable() } else { describeArray() }
        if let problem { members["problem"] = .string(problem) }
    }

    /// The words of its name.
    private var words: [String] {
        (path.split(separator: "/").last ?? "").lowercased().split { "_-. ".contains($0) }.map(String.init)
    }
    /// Whether its name marks it as test data.
    var isTest: Bool { words.contains("test") }

    /// Its path as a value in YAML, quoted where it must be.
    var value: String {
        let isPlain = path.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"):
                true
            default: $0 == UInt8(ascii: "-") && !path.hasPrefix("-")
            }
        }
        return isPlain && Double(path) == nil ? path : JSONValue.string(path).canonicalText
    }

    // MARK: Arrays

    private mutating func describeArray() {
        do throws(ArrayFile.Fault) {
            let array = try ArrayFile(path)
            let summary: NumberSummary
            do throws(FileError) { summary = try array.summary() } catch { throw .unreadable(error) }
            describe(array, summary)
            if let problem = array.problem(summary) { throw .content(problem) }
            try describeUse(of: array, summary)
        } catch {
            problem = error.words
            if case .unreadable(let cause) = error, cause.code == ENOENT {
                problem? += nearFile(to: path, endings: [".npy", ".csv"]).map { "; \($0)" } ?? ""
            }
        }
    }

    private mutating func describe(_ array: ArrayFile, _ summary: NumberSummary) {
        let bytes = array.dataStart + array.element.width * summary.count
        lines.append(
            ".npy, shape \(tupleText(array.shape)), type \(array.element.rawValue), "
                + sizeText(decimal: Double(bytes)))
        members["format"] = .string("npy")
        members["shape"] = JSONValue(array.shape)
        members["type"] = .string(array.element.rawValue)
        members["bytes"] = JSONValue(bytes)
        guard summary.count > summary.nanCount + summary.infiniteCount else { return }
        let bad =
            summary.firstBad == nil
            ? "all finite" : "\(summary.nanCount) NaN, \(summary.infiniteCount) infinite or too large"
        lines.append(
            "numbers \(text(summary.least)) to \(text(summary.largest)), mean \(text(summary.mean)), \(bad)")
        members["min"] = .number(summary.least)
        members["max"] = .number(summary.largest)
        members["mean"] = .number(summary.mean)
        members["nan"] = JSONValue(summary.nanCount)
    }

    private mutating func describeUse(of array: ArrayFile, _ summary: NumberSummary) throws(ArrayFile.Fault) {
        let shape = array.shape
        guard !shape.contains(0), !shape.isEmpty else { throw .content(.empty(shape)) }
        if shape.count == 1,
            case .labels(let count, let classes, let found)? = try? content(of: array, .labels)
        {
            key = "labels"
            lines.append("labels of \(countText(count, "point")): \(counts(found, classes))")
            members["classes"] = .array(found.map { JSONValue($0.count) })
            return
        }
        let isTargets =
            shape.count == 1 || shape.count == 2 && words.contains(where: (targetWords + ["t"]).contains)
        key = isTargets ? "targets" : "inputs"
        guard !isTargets else {
            lines.append(
                "targets of \(countText(shape[0], "point")), \(countText(shape.count == 1 ? 1 : shape[1], "number")) each"
            )
            return
        }
        switch shape.count {
        case 2: lines.append("\(countText(shape[0], "point")) of \(countText(shape[1], "number"))")
        case 3: lines.append("\(countText(shape[0], "image")) of \(shape[1]) × \(shape[2]) pixels")
        case 4:
            let isLast = shape[3] <= 4 && shape[1] > 4
            let (channels, sides) = isLast ? (shape[3], shape[1...2]) : (shape[1], shape[2...3])
            lines.append(
                "\(countText(shape[0], "image")) of \(sides.map { "\($0)" }.joined(separator: " × ")) pixels with "
                    + "\(countText(channels, "channel")), which \(isLast ? "come last" : "come first")")
            if isLast { others.append(("layout", "nhwc")) }
        default:
            throw .content(
                .dimensions(
                    shape,
                    expected:
                        "(points, numbers), (points, height, width) or (points, channels, height, width)"))
        }
        if array.element == .u1 { others.append(("scale", JSONValue.text(of: 1.0 / 255))) }
    }

    private func counts(_ found: [FoundClass], _ classes: Int) -> String {
        guard !found.isEmpty else { return "\(classes) classes" }
        let shown = found.prefix(20).enumerated().map { "\($0.offset): \($0.element.count)" }
        return "\(classes) class\(classes == 1 ? "" : "es") (\(shown.joined(separator: ", "))"
            + (found.count > 20 ? ", …)" : ")")
    }

    private func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? JSONValue.text(of: number) : "\(Float(number))"
    }

    // MARK: Tables

    private mutating func describeTable() {
        do throws(TableFile.Fault) {
            let file = try TableFile(path)
            let (rows, columns) = try file.summary()
            guard rows > 0 else { throw TableFile.Fault("has a header, and no line below it") }
            lines.append(
                "table of \(countText(rows, "line")) and \(countText(columns.count, "column"))")
            members["format"] = .string("csv")
            members["rows"] = JSONValue(rows)
            members["columns"] = .array(columns.map(json))
            lines += rowsOfText(
                [["column", "holds", "range or values", "missing"]] + columns.map(row))
            key = "inputs"
            let target =
                columns.last { targetWords.contains($0.name.lowercased()) } ?? columns[columns.count - 1]
            others.append(("target", JSONValue.string(target.name).canonicalText))
            let usable = columns.filter { $0.name != target.name && $0.firstText == nil && $0.missing == 0 }
            if usable.count < columns.count - 1 {
                others.append(
                    ("columns", JSONValue.array(usable.map { .string($0.name) }).canonicalText))
            }
        } catch { problem = error.words }
    }

    private func kind(_ column: ColumnSummary) -> String {
        column.firstText != nil
            ? column.numbers.count > 0 ? "numbers and words" : "words"
            : column.isWhole ? "whole numbers" : "numbers"
    }

    private func row(_ column: ColumnSummary) -> [String] {
        var range = ""
        if column.firstText != nil {
            let values = column.values ?? []
            range = values.prefix(6).map { "\($0.text) \($0.count)" }.joined(separator: ", ")
            range += values.count > 6 ? ", …" : values.isEmpty ? "too many or too long to list" : ""
        } else if column.numbers.count > 0 {
            range = "\(text(column.numbers.least)) to \(text(column.numbers.largest))"
        }
        return [column.name, kind(column), range, "\(column.missing)"]
    }

    private func json(_ column: ColumnSummary) -> JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(column.name), "holds": .string(kind(column)),
            "missing": JSONValue(column.missing),
        ]
        if column.numbers.count > 0 {
            members["min"] = .number(column.numbers.least)
            members["max"] = .number(column.numbers.largest)
            members["mean"] = .number(column.numbers.mean)
        }
        if let values = column.values {
            members["values"] = .object(
                Dictionary(values.map { ($0.text, JSONValue($0.count)) }, uniquingKeysWith: { $1 }))
        }
        return .object(members)
    }

    private func rowsOfText(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).dropLast().map { $0 + String(repeating: " ", count: $1 - $0.count) }
                .joined(separator: "  ") + "  " + (row.last ?? "")
        }
    }
}

/// Prints what files hold, and the section of a sweep file that trains on them.
func describe(_ paths: [String], asJSON: Bool) throws(CommandFailure) -> ExitCode {
    let files = paths.map { DescribedFile($0) }
    let section = section(of: files)
    if asJSON {
        var members: [String: JSONValue] = ["files": .array(files.map { .object($0.members) })]
        if !section.isEmpty {
            members["dataset"] = .object(
                Dictionary(
                    section.map { ($0.key, (try? JSONValue(parsing: $0.value.utf8)) ?? .string($0.value)) },
                    uniquingKeysWith: { $1 }))
        }
        printOut(JSONValue.object(members).canonicalText)
    } else {
        for file in files where !file.lines.isEmpty {
            printOut(([file.path + ":"] + file.lines.map { "  " + $0 }).joined(separator: "\n"))
        }
        if !section.isEmpty {
            printOut("dataset:\n" + section.map { "  \($0.key): \($0.value)" }.joined(separator: "\n"))
        }
    }
    let problems = files.compactMap { file in file.problem.map { "\(file.path): \($0)" } }
    guard problems.isEmpty else { throw .input(problems.joined(separator: "\n")) }
    return .done
}

/// The members of `dataset`; empty where a file can't be used.
private func section(of files: [DescribedFile]) -> [(key: String, value: String)] {
    guard files.allSatisfy({ $0.problem == nil }) else { return [] }
    var members: [(key: String, value: String)] = []
    for file in files {
        guard let key = file.key else { continue }
        let full = file.isTest ? "test_" + key : key
        // A sweep learns labels or targets.
        let other = ["labels": "targets", "targets": "labels"][key].map { file.isTest ? "test_" + $0 : $0 }
        if members.contains(where: { $0.key == other }) { continue }
        if !members.contains(where: { $0.key == full }) { members.append((full, file.value)) }
        for other in file.others where !file.isTest && !members.contains(where: { $0.key == other.key }) {
            members.append(other)
        }
    }
    return members
}
