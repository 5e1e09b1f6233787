import Files
import Glibc
import Text

/// What tables, figures and the page of a run were drawn from, and what they were then: `drawn.json` in its directory. So
/// those that are missing, changed or out of date are noticed.
struct DrawnReports {
    static let file = "drawn.json"
    /// No such file is longer.
    private static let limit = 64 << 20

    /// By its name below the run directory, the digest of each.
    private let sources: [String: String]
    private let files: [String: String]

    /// Of the files as they are now.
    static func write(_ names: [String], of run: RunDirectory) throws(CommandFailure) {
        func digests(_ names: [String]) -> JSONValue {
            let known = names.compactMap { name in
                fileDigest("\(run.path)/\(name)").map { (name, JSONValue.string($0)) }
            }
            return .object(Dictionary(known) { first, _ in first })
        }
        let json: JSONValue = .object([
            "files": digests(names), "from": digests(DrawnReports.sources), "version": JSONValue(1),
        ])
        try filed { () throws(FileError) in
            try writeFile((json.canonicalText + "\n").utf8, to: "\(run.path)/\(file)")
        }
    }

    private static let sources = ["records.ndjson", "provenance.ndjson"]

    /// nil where there is none: an older version drew them, or nobody did.
    private init?(of run: RunDirectory) {
        let path = "\(run.path)/\(DrawnReports.file)"
        guard let size = fileSize(path), size <= DrawnReports.limit,
            let json = try? JSONValue(parsing: firstBytes(size, of: path)),
            let files = json["files"]?.object, let sources = json["from"]?.object
        else { return nil }
        self.files = files.compactMapValues(\.string)
        self.sources = sources.compactMapValues(\.string)
    }

    struct Fault: Equatable {
        let file: String
        let why: String
    }

    /// What a finished run lacks of tables, scripts, pictures and the page, or has as they were not drawn.
    static func faults(of run: RunDirectory) -> [Fault] {
        var faults = run.missingReports.map { Fault(file: $0, why: "it is missing") }
        guard let drawn = DrawnReports(of: run) else {
            if faults.isEmpty {
                faults.append(
                    Fault(file: file, why: "it is missing: what tables and figures are of is not known"))
            }
            return faults
        }
        for name in sources where drawn.sources[name] != fileDigest("\(run.path)/\(name)") {
            faults.append(
                Fault(
                    file: "report.html", why: "it, tables and figures are out of date: \(name) is another now"
                ))
            return faults
        }
        for (name, digest) in drawn.files.sorted(by: { $0.key < $1.key }) {
            if faults.contains(where: { $0.file == name }) { continue }
            let path = "\(run.path)/\(name)"
            if fileSize(path) == nil {
                faults.append(Fault(file: name, why: "it is missing"))
            } else if fileDigest(path) != digest {
                faults.append(Fault(file: name, why: "it is not as it was drawn"))
            }
        }
        return faults
    }
}

extension RunDirectory {
    /// Tables, scripts and the page of a finished run that are not there.
    fileprivate var missingReports: [String] {
        let summary = spec.figures.contains { $0.name == "summary" } ? [] : ["tables/summary.dat"]
        let figures = spec.figures.flatMap { ["tables/\($0.name).dat", "figures/\($0.name).gp"] }
        return (figures + summary + ["report.html"]).filter { fileSize("\(path)/\($0)") == nil }
    }
}
