import Files
import Records
import Sweep
import Text

/// Writes the tidy tables of a sweep's trials, row by row: `trials.csv` with a row for each trial, and where
/// something is measured along training `traces.csv` with a row for each trial and step, and
/// `traces-layers.csv` with a row for each trial, step and layer. For networks from files, whose layers have names,
/// `layers.csv` has a row for each trial and layer. Columns follow from the sweeps, so that rows
/// are written as records come.
struct TrialTables {
    /// The names of the files.
    private(set) var names = ["trials.csv"]
    private let paths: [String]
    private let end: [MetricColumn]
    /// The columns of `traces.csv`.
    private let scalars: [MetricColumn]
    /// The columns of `traces-layers.csv`.
    private let tracedLayers: LayerColumns
    /// The columns of `layers.csv`.
    private let namedLayers: LayerColumns
    private let hasEpochs: Bool
    private let scope: ReportScope
    private var run: Run
    private let trials: CSVFile
    private var traces: CSVFile?
    private var layerTraces: CSVFile?
    private var layerNames: CSVFile?

    /// Columns of a table with a row for each layer.
    private struct LayerColumns {
        /// The names of the columns.
        let names: [String]
        /// For each layer, the numbers; nil where the layer doesn't have one.
        let layers: [[MetricColumn?]]

        init(_ columns: [MetricColumn]) {
            let columns = columns.filter { $0.layer != nil }
            let byName = Dictionary(grouping: columns, by: \.nameByLayer)
            var names: [String] = []
            for column in columns where !names.contains(column.nameByLayer) {
                names.append(column.nameByLayer)
            }
            self.names = names
            layers = (0..<(columns.compactMap(\.layer).max() ?? 0)).map { layer in
                names.map { name in byName[name]?.first { $0.layer == layer + 1 } }
            }
        }
    }

    /// A run whose records are being added.
    private struct Run {
        let name: JSONValue?
        let spec: SweepSpec
        /// Axes that records don't name.
        let further: [String: JSONValue]
        var finder: TrialFinder
        /// Indices of failed trials whose rows aren't written yet, ascending.
        var failed: ArraySlice<Int>

        init(_ source: ReportSource, _ scope: ReportScope, failed: [Int]) {
            name = source.run.map(JSONValue.string)
            spec = source.spec
            further = scope.further(source)
            finder = TrialFinder(source.spec.grid)
            self.failed = failed[...]
        }
    }

    /// Creates the files in a folder. They appear with `commit`.
    ///
    /// - Parameter sources: the runs, at least one, which `begin` takes one after the other.
    init(_ sources: [ReportSource], of scope: ReportScope, in folder: String) throws(FileError) {
        let columns = MetricColumns(joining: sources.map(\.columns))
        paths = scope.recordPaths.filter { $0 != ReportScope.run }
        self.scope = scope
        end = columns.end
        scalars = columns.trace.filter { $0.layer == nil }
        tracedLayers = LayerColumns(columns.trace)
        // Norms of weights belong to the matrices, and one dimension to the features.
        let others = MeasureDeclaration.weightNorms.metrics + [.classificationDimension]
        namedLayers = LayerColumns(columns.end.filter { !others.contains($0.metric) })
        hasEpochs = sources.contains { source in
            source.spec.coveringTrials.contains { $0.settings.stepsPerEpoch != nil }
        }
        run = Run(sources[0], scope, failed: [])
        let head = (scope.hasRuns ? [ReportScope.run] : []) + ["trial", "index"]
        trials = try CSVFile(
            folder + "/trials.csv",
            columns: head + ["outcome", "diverged_at_step"] + paths + end.map(\.name))
        if sources.contains(where: { $0.spec.model == "onnx" }), !namedLayers.names.isEmpty {
            layerNames = try CSVFile(
                folder + "/layers.csv", columns: head + paths + ["layer", "name"] + namedLayers.names)
            names.append("layers.csv")
        }
        guard !columns.trace.isEmpty else { return }
        let steps = head + paths + ["step"] + (hasEpochs ? ["epoch"] : [])
        traces = try CSVFile(folder + "/traces.csv", columns: steps + scalars.map(\.name))
        names.append("traces.csv")
        guard !tracedLayers.names.isEmpty else { return }
        layerTraces = try CSVFile(
            folder + "/traces-layers.csv", columns: steps + ["layer"] + tracedLayers.names)
        names.append("traces-layers.csv")
    }

    /// Ends the run before, and begins the next.
    ///
    /// - Parameter failed: the run's `failedTrials`.
    mutating func begin(_ source: ReportSource, failed: [Int]) throws(FileError) {
        try writeFailed(before: .max)
        run = Run(source, scope, failed: failed)
    }

    mutating func add(_ record: Record) throws(FileError) {
        let index = TrialID(record.trial).flatMap { run.finder.index(of: $0) }
        if let index { try writeFailed(before: index) }
        let head = head(.string(record.trial), index)
        let axes = paths.map { record.axes[$0] }
        var outcome: [JSONValue?] = [.string("measured"), nil]
        if case .diverged(let step) = record.outcome {
            outcome = [.string("diverged"), step.map { JSONValue($0) }]
        }
        try trials.write(head + outcome + axes + end.map { $0.value(in: record.metrics) })
        for (name, (layer, columns)) in zip(record.layers, namedLayers.layers.enumerated()) {
            try layerNames?.write(
                head + axes + [JSONValue(layer + 1), .string(name)]
                    + columns.map { $0?.value(in: record.metrics) })
        }
        guard let traces else { return }
        let epoch = index.flatMap { run.finder.trial(at: $0).settings.stepsPerEpoch }
        for entry in record.trace {
            var row = head + axes + [entry["step"]]
            if hasEpochs {
                let passed = epoch.flatMap { steps in entry["step"]?.number.map { $0 / Double(steps) } }
                row.append(passed.map(JSONValue.number))
            }
            try traces.write(row + scalars.map { $0.value(in: entry) })
            for (layer, columns) in tracedLayers.layers.enumerated() {
                let values = columns.map { $0?.value(in: entry) }
                guard values.contains(where: { $0 != nil }) else { continue }
                try layerTraces?.write(row + [JSONValue(layer + 1)] + values)
            }
        }
    }

    /// Writes rows for failed trials, which have no record, before that of a trial.
    private mutating func writeFailed(before index: Int) throws(FileError) {
        while let next = run.failed.first, next < index {
            run.failed.removeFirst()
            let trial = run.spec.grid[next]
            let axes = ReportScope.axes(of: trial, run.further)
            try trials.write(
                head(.string(trial.id.text), next) + [.string("failed"), nil]
                    + paths.map { axes[$0] } + end.map { _ in nil })
        }
    }

    private func head(_ trial: JSONValue, _ index: Int?) -> [JSONValue?] {
        (scope.hasRuns ? [run.name] : []) + [trial, index.map { JSONValue($0) }]
    }

    /// Makes the files appear.
    mutating func commit() throws(FileError) {
        try writeFailed(before: .max)
        for file in [trials, layerNames, traces, layerTraces].compactMap({ $0 }) { try file.commit() }
    }
}

/// Writes `attempts.csv`, the lines of `provenance.ndjson` as a table: where each attempt ran, for how long, and
/// how it ended.
enum AttemptTable {
    static let name = "attempts.csv"
    private static let columns: [ProvenanceLine.Key] = [
        .trial, .index, .attempt, .outcome, .cause, .host, .process, .slot, .cpu, .kernel, .commit,
        .startMilliseconds, .seconds, .measuringSeconds, .continuedFrom, .peakMemoryBytes,
    ]

    /// Leaves out lines that `RunProvenance` can't read.
    static func write(_ sources: [ReportSource], in folder: String) throws(FileError) -> Bool {
        let sources = sources.filter { $0.provenancePath != nil }
        guard !sources.isEmpty else { return false }
        let hasRuns = sources.contains { $0.run != nil }
        let file = try CSVFile(
            "\(folder)/\(name)", columns: (hasRuns ? [ReportScope.run] : []) + columns.map(\.rawValue))
        for source in sources {
            let head = hasRuns ? [source.run.map(JSONValue.string)] : []
            var fault: FileError?
            do throws(RecordFileError) {
                try readLines(at: source.provenancePath ?? "") { line throws(RecordFileError) in
                    guard let value = try? JSONValue(parsing: line), value[.outcome]?.string != nil else {
                        return
                    }
                    do throws(FileError) { try file.write(head + columns.map { value[$0] }) } catch {
                        throw .file(error)
                    }
                }
            } catch {
                if case .file(let error) = error { fault = error }
            }
            if let fault { throw fault }
        }
        try file.commit()
        return true
    }
}
