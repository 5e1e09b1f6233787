import Foundation
import Sweep

@testable import Reporting

/// A folder that is gone after `body`.
func withFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "reporting-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}

func text(of path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
}

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

/// Writes the records, then the report of them.
@discardableResult
func report(
    _ records: SyntheticRecords, in folder: String, formats: [FigureFormat] = [], gnuplot: String = "gnuplot",
    note: (String) -> Void = { _ in }
) throws -> ReportOutcome {
    try records.write(to: folder + "/records.ndjson")
    return try Reports.write(
        spec: records.spec, recordsAt: folder + "/records.ndjson", to: folder, formats: formats,
        gnuplot: gnuplot, note: note)
}

/// Lines without a '#' in front.
func rows(of table: String) -> [[String]] {
    table.split(separator: "\n").filter { !$0.hasPrefix("#") }
        .map { $0.split(separator: " ").map(String.init) }
}

/// The column names in a table's header.
func columns(of table: String) throws -> [String] {
    let start = "# Columns: "
    let line = table.split(separator: "\n").first { $0.hasPrefix(start) } ?? ""
    return line.dropFirst(start.count).split(separator: " ").compactMap { name in
        name.firstIndex(of: ":").map { String(name[name.index(after: $0)...]) }
    }
}

extension SweepSpec {
    /// Two depths, two betas, three seeds.
    static func small(
        figures: String, axes: String = "", more: String = "", depths: String = "[1, 2]"
    ) throws -> SweepSpec {
        try SweepSpec(
            parsing: """
                name: small
                model: vib
                dataset: {name: gaussian, correlations: [0.4, 0.9]}
                axes: {beta: [0.1, 0.5], depth: \(depths), seed: {range: [0, 3]}\(axes)}
                training: {steps: 10}
                \(more)
                figures: [\(figures)]
                """, file: "small.yaml")
    }
}
