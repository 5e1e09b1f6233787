import Files
import Records
import Sweep

/// Everything that a report shows, as values.
struct ReportContent {
    let records: Int
    let diverged: Int
    /// One for each figure.
    let tables: [Table]
    /// One for each plane of I(X;T).
    let phases: [PhaseTable]
    let summary: Summary
    let trials: PageTrialCollector
    /// The verdicts on the sweep's claims; empty for several runs.
    let claims: [ClaimOutcome]
    /// Whether the task loss is a squared error.
    let squaredLoss: Bool

    /// - Parameters:
    ///   - hasPage: whether `trials` are collected for a page.
    ///   - trials: each record and each failed trial is added.
    ///   - differences: each record is added.
    init(
        _ sources: [ReportSource], _ scope: ReportScope, hasPage: Bool, _ trials: inout TrialTables,
        _ differences: inout DifferenceTable?
    ) throws(ReportError) {
        var filling = Filling(scope, hasPage, ClaimCollector(scope.hasRuns ? [] : sources.map(\.spec)))
        for (index, source) in sources.enumerated() {
            let failed: [Int]
            do throws(RecordFileError) { failed = try source.failedTrials() } catch { throw .records(error) }
            try filed { () throws(FileError) in try trials.begin(source, failed: failed) }
            try filling.add(source, scope, failed: failed) { record throws(FileError) in
                differences?.add(record, run: index)
                try trials.add(record)
            }
        }
        for index in filling.figures.indices { filling.figures[index].settle() }
        let grid = sources[0].spec.grid
        let loss = grid.count > 0 ? grid[0].settings.training.loss : .crossEntropy
        let squaredLoss = loss == .meanSquaredError
        tables = filling.figures.map {
            Table(sweepName: scope.name, sweepDigest: scope.digest, squaredLoss: squaredLoss, data: $0)
        }
        self.squaredLoss = squaredLoss
        claims = filling.claims.outcomes
        phases = filling.phases
        summary = filling.summary
        self.trials = filling.trials
        records = filling.records
        diverged = filling.diverged
    }

    /// The content while records are read.
    private struct Filling {
        var figures: [FigureData]
        var summary: Summary
        var trials: PageTrialCollector
        var phases: [PhaseTable]
        var claims: ClaimCollector
        var (records, diverged) = (0, 0)
        private let hasPage: Bool

        init(_ scope: ReportScope, _ hasPage: Bool, _ claims: ClaimCollector) {
            self.claims = claims
            self.hasPage = hasPage
            figures = scope.figures.map { FigureData($0, of: scope) }
            summary = Summary(of: scope)
            trials = PageTrialCollector(of: scope)
            phases = scope.figures.filter(\.isInformationPlane).map { PhaseTable($0.name, of: scope) }
        }

        /// - Parameter body: called with each record and its further axes.
        mutating func add(
            _ source: ReportSource, _ scope: ReportScope, failed: [Int],
            _ body: (Record) throws(FileError) -> Void
        ) throws(ReportError) {
            let grid = source.spec.grid
            let further = scope.further(source)
            var ranges = figures.isEmpty ? nil : MetricRanges(grid)
            var refusal: FileError?
            do throws(RecordFileError) {
                try readRecords(at: source.recordsPath, fault: source.fault) { record in
                    guard refusal == nil else { return }
                    let limits = ranges?.ranges(of: record.axes)
                    var record = record
                    record.axes.merge(further) { own, _ in own }
                    add(record, within: limits)
                    do throws(FileError) { try body(record) } catch { refusal = error }
                }
            } catch { throw .records(error) }
            if let refusal { throw .file(refusal) }
            for trial in failed {
                let axes = ReportScope.axes(of: grid[trial], further)
                summary.addFailed(axes)
                for index in figures.indices { figures[index].addFailed(axes) }
                for index in phases.indices { phases[index].addFailed(axes) }
            }
        }

        private mutating func add(_ record: Record, within limits: TrialRanges?) {
            records += 1
            if !record.isMeasured { diverged += 1 }
            summary.add(record)
            claims.add(record)
            if hasPage { trials.add(record) }
            for index in figures.indices { figures[index].add(record, within: limits) }
            for index in phases.indices { phases[index].add(record) }
        }
    }
}
