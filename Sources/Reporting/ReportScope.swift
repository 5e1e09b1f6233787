import Records
import Sweep
import Text

/// A run whose records a report shows.
public struct ReportSource {
    /// The run's sweep.
    public let spec: SweepSpec
    /// The path of `records.ndjson`.
    public let recordsPath: String
    /// The source of failed trials, which have no record; nil: unknown.
    public let provenance: RunProvenance?
    /// The path of `provenance.ndjson`; nil where there is none.
    public let provenancePath: String?
    /// The run's name among several; nil for a single run.
    public let run: String?
    /// Why the sweep can't produce a line; called before the line is read.
    let fault: ([UInt8]) -> String?
    /// The columns of tables of its records.
    let columns: MetricColumns

    /// A run.
    public init(
        spec: SweepSpec, recordsAt recordsPath: String, provenance: RunProvenance? = nil,
        provenanceAt provenancePath: String? = nil, run: String? = nil,
        fault: @escaping ([UInt8]) -> String? = { _ in nil }
    ) {
        self.spec = spec
        self.recordsPath = recordsPath
        self.provenance = provenance
        self.provenancePath = provenancePath
        self.run = run
        self.fault = fault
        columns = MetricColumns(of: spec)
    }

    /// Indices of trials without a record whose last attempt failed, ascending. A trial that failed last may
    /// have a record, so the records are read for their trials.
    func failedTrials() throws(RecordFileError) -> [Int] {
        let grid = spec.grid
        let indices = (provenance?.failedTrials ?? []).filter { (0..<grid.count).contains($0) }
        guard !indices.isEmpty else { return [] }
        var failed = Dictionary(indices.map { (grid[$0].id.text, $0) }, uniquingKeysWith: min)
        try readLines(at: recordsPath) { line in
            let content = line.last == UInt8(ascii: "\n") ? Array(line.dropLast()) : line
            let name = CanonicalObject(content)?["trial"]?.dropFirst().dropLast()
            let trial = name.map { String(decoding: $0, as: UTF8.self) }
            if let trial = trial ?? (try? Record(parsing: line))?.trial { failed[trial] = nil }
        }
        return failed.values.sorted()
    }
}

/// The axes and figures of a report: those of one sweep, or those of several runs' sweeps with the run as one
/// more axis.
struct ReportScope {
    /// The path of the axis whose values are the runs' names.
    static let run = "run"

    /// The name of the sweep, or the names of the runs.
    let name: String
    let digest: String
    let figures: [FigureSpec]
    /// Whether the report is of several runs.
    let hasRuns: Bool
    /// The paths of the axes that records have: in the sweeps' order, then those that every record has.
    let recordPaths: [String]
    /// The axes with several values.
    let varied: [String]
    /// The paths of axes that advance together.
    let zip: [[String]]
    /// The drawn axes among them that have a value at several points.
    let repeating: Set<String>

    /// The scope of a single run.
    ///
    /// - Parameter style: a style that overrides the sweep's own.
    init(_ spec: SweepSpec, style: FigureStyle = FigureStyle()) {
        name = spec.name
        digest = spec.digest
        figures = ReportScope.styled(spec, style)
        hasRuns = false
        recordPaths = ReportScope.recordPaths([spec])
        varied = spec.axes.filter { $0.count > 1 }.map(\.path)
        zip = spec.zip
        repeating = ReportScope.repeating([spec])
    }

    private static func repeating(_ specs: [SweepSpec]) -> Set<String> {
        Set(
            specs.flatMap(\.axes).filter { axis in
                axis.values.isDrawn && Set((0..<axis.count).map { axis.values[$0].number }).count < axis.count
            }.map(\.path))
    }

    /// The scope of a run, or of several.
    static func of(_ sources: [ReportSource], style: FigureStyle = FigureStyle()) -> ReportScope {
        sources.count > 1 ? ReportScope(runs: sources, style) : ReportScope(sources[0].spec, style: style)
    }

    private init(runs sources: [ReportSource], _ style: FigureStyle) {
        let specs = sources.map(\.spec)
        name = sources.compactMap(\.run).map(onOneLine).joined(separator: ", ")
        digest = specs.map(\.digest).joined(separator: " ")
        hasRuns = true
        recordPaths = [ReportScope.run] + ReportScope.recordPaths(specs)
        var varied: [String] = []
        for axis in specs.flatMap(\.axes) where axis.count > 1 && !varied.contains(axis.path) {
            varied.append(axis.path)
        }
        self.varied = [ReportScope.run] + varied
        // Axes advance together only where they do in every run.
        zip = specs[0].zip.filter { group in specs.allSatisfy { $0.zip.contains(group) } }
        repeating = ReportScope.repeating(specs)
        var figures: [FigureSpec] = []
        for figure in specs.flatMap({ ReportScope.styled($0, style) })
        where !figures.contains(where: { $0.name == figure.name }) {
            figures.append(figure)
        }
        self.figures = figures.map { ReportScope.withRuns($0) }
    }

    /// The sweep's figures, with nil parts of their styles taken from the sweep's style, as far as each figure can have
    /// them.
    private static func styled(_ spec: SweepSpec, _ style: FigureStyle) -> [FigureSpec] {
        spec.figures.map { figure in
            var styled = figure
            styled.style = style.filled(from: figure.style).filled(from: spec.style)
            if figure.hasStars { styled.style.kind = nil }
            if figure.isPlane || figure.isHeatmap { (styled.style.kind, styled.style.interval) = (nil, nil) }
            if case .summary = figure.x {
                styled.style.kind = nil
                // Both numbers have intervals, which are of the mean.
                if let interval = styled.style.interval, [.range, .seeds].contains(interval) {
                    styled.style.interval = .ci95
                }
            }
            return styled
        }
    }

    /// A figure with a curve for each run; with a panel for each where its curves are another axis's. A figure
    /// that has both curves and panels stays as it is, and `FigureData` makes further curves of the runs.
    private static func withRuns(_ figure: FigureSpec) -> FigureSpec {
        var figure = figure
        if figure.curves == nil, !figure.y.contains(where: { $0.layer == .each }) {
            figure.curves = run
        } else if figure.panels == nil {
            figure.panels = run
        }
        return figure
    }

    private static func recordPaths(_ specs: [SweepSpec]) -> [String] {
        var paths: [String] = []
        let areTrained = specs.contains { $0.model != "onnx" }
        let areFiles = specs.contains { $0.model == "onnx" }
        let shown =
            (specs.contains { $0.model == "vib" } ? ["beta"] : []) + ["dataset"]
            + (areTrained ? ["depth"] : []) + (areFiles ? ["file"] : []) + ["seed"]
        for path in specs.flatMap(\.axes).map(\.path) + shown where !paths.contains(path) {
            paths.append(path)
        }
        return paths
    }

    /// The axes of a run's records that the records don't name: the run, and settings that are axes of
    /// another run and have one value in this one.
    func further(_ source: ReportSource) -> [String: JSONValue] {
        guard let run = source.run else { return [:] }
        var further = [ReportScope.run: JSONValue.string(run)]
        // A network that is not on an axis has no name.
        for path in recordPaths where path != "network" {
            if let value = source.spec.grid.fixedValue(path) { further[path] = value }
        }
        return further
    }

    /// The axes of a trial that has no record, with those that a record wouldn't name.
    static func axes(of trial: Trial, _ further: [String: JSONValue]) -> [String: JSONValue] {
        (trial.axesObject.object ?? [:]).merging(further) { own, _ in own }
    }
}
