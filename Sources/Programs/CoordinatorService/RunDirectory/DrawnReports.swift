import Console
import Files
import Glibc
import Reporting
import Text

/// The sources of a run's tables, figures and page, and the digests of all these files when they were drawn:
/// `drawn.json` in the run directory. With it, files that are missing, changed or out of date are noticed.
struct DrawnReports {
    static let file = "drawn.json"
    /// No such file is larger.
    private static let limit = 64 << 20

    /// The digest of each file, by its name relative to the run directory.
    private let sources: [String: String]
    private let files: [String: String]
    /// Figures that gnuplot could not draw, and why.
    private let failed: [String: String]
    private let isGnuplotMissing: Bool

    static let gnuplotAdvice = "gnuplot is not installed (Debian: apt install gnuplot-nox)"

    /// Writes the digests of the files as they are now.
    static func write(_ outcome: ReportOutcome, of run: RunDirectory) throws(CommandFailure) {
        func digests(_ names: [String]) -> JSONValue {
            let known = names.compactMap { name in
                fileDigest("\(run.path)/\(name)").map { (name, JSONValue.string($0)) }
            }
            return .object(Dictionary(known) { first, _ in first })
        }
        let names = outcome.tables + outcome.scripts + outcome.pictures + ["report.html"]
        var members: [String: JSONValue] = [
            "files": digests(names), "from": digests(DrawnReports.sources), "version": JSONValue(1),
        ]
        switch outcome.drawing {
        case .drawn, .nothingToDraw: break
        case .gnuplotMissing: members["gnuplot"] = .string("missing")
        case .failed(let failures):
            let reasons = failures.map { ($0.figure, JSONValue.string($0.why)) }
            members["failed"] = .object(Dictionary(reasons) { first, _ in first })
        }
        let json = JSONValue.object(members)
        try filed { () throws(FileError) in
            try writeFile((json.canonicalText + "\n").utf8, to: "\(run.path)/\(file)")
        }
    }

    private static let sources = ["records.ndjson", "provenance.ndjson"]

    /// nil where there is none: an older version drew the files, or nothing was drawn.
    private init?(of run: RunDirectory) {
        let path = "\(run.path)/\(DrawnReports.file)"
        guard let size = fileSize(path), size <= DrawnReports.limit,
            let json = try? JSONValue(parsing: firstBytes(size, of: path)),
            let files = json["files"]?.object, let sources = json["from"]?.object
        else { return nil }
        self.files = files.compactMapValues(\.string)
        self.sources = sources.compactMapValues(\.string)
        failed = (json["failed"]?.object ?? [:]).compactMapValues(\.string)
        isGnuplotMissing = json["gnuplot"]?.string == "missing"
    }

    struct Fault: Equatable {
        let file: String
        let why: String
    }

    /// The tables, scripts, pictures and page of a finished run that are missing or not as they were drawn,
    /// and whether its figures wait for gnuplot.
    static func faults(of run: RunDirectory) -> (faults: [Fault], lacksPictures: Bool) {
        let drawn = DrawnReports(of: run)
        return (faults(of: run, drawn), drawn?.isGnuplotMissing ?? false)
    }

    private static func faults(of run: RunDirectory, _ drawn: DrawnReports?) -> [Fault] {
        var faults = run.missingReports.map { Fault(file: $0, why: "it is missing") }
        guard let drawn else {
            if faults.isEmpty {
                faults.append(
                    Fault(file: file, why: "it is missing, so the sources of tables and figures are unknown"))
            }
            return faults
        }
        for name in sources where drawn.sources[name] != fileDigest("\(run.path)/\(name)") {
            faults.append(
                Fault(
                    file: "report.html", why: "it, tables and figures are out of date: \(name) has changed"
                ))
            return faults
        }
        for (name, digest) in drawn.files.sorted(by: { $0.key < $1.key }) {
            if faults.contains(where: { $0.file == name }) { continue }
            let path = "\(run.path)/\(name)"
            if fileSize(path) == nil {
                faults.append(Fault(file: name, why: "it is missing"))
            } else if fileDigest(path) != digest {
                faults.append(Fault(file: name, why: "it has changed since it was drawn"))
            }
        }
        for (figure, why) in drawn.failed.sorted(by: { $0.key < $1.key }) {
            let line = why.split(separator: "\n").first.map(String.init) ?? ""
            faults.append(Fault(file: "figures/\(figure)", why: "gnuplot did not draw it: \(line)"))
        }
        return faults
    }
}

extension RunDirectory {
    /// The missing tables, scripts and page of a finished run.
    fileprivate var missingReports: [String] {
        let summary = spec.figures.contains { $0.name == "summary" } ? [] : ["tables/summary.dat"]
        let figures = spec.figures.flatMap { ["tables/\($0.name).dat", "figures/\($0.name).gp"] }
        let claims = spec.claims.isEmpty ? [] : ["tables/claims.csv", "tables/claims-cells.csv"]
        return (["tables/trials.csv"] + figures + claims + summary + ["report.html"]).filter {
            fileSize("\(path)/\($0)") == nil
        }
    }
}
