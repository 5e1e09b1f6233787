// Sweep: a sweep file as checked values: settings, axes, the lazy grid of trials, trial identifiers, costs.
// Imports Model, Text and libyaml (CYAML).
// Leaves out: reading files, training, leases, drawing. It works on text and gives values; a mistake in the
// text is a SweepError with its place, found before any work.

import Model
import Text

/// A sweep, checked: everything in it can run.
public struct SweepSpec: Equatable, Sendable {
    public let name: String
    public let grid: Grid
    /// Axes that advance together, by path.
    public let zip: [[String]]
    /// What points must meet to be in the grid.
    public let conditions: [Condition]
    public let figures: [FigureSpec]

    public var axes: [Axis] { grid.axes }
    public var weights: KeptWeights { grid.weights }
    /// Whether all records are to be by one BLAS kernel.
    public var isStrict: Bool { grid.fixed["reproducibility"]?.string == "strict" }
    /// Whether local rank, which is on by itself, is spoken of.
    public var asksForLocalRank: Bool {
        (grid.fixed.keys + axes.map(\.path)).contains {
            $0 == "measures.local_rank" || $0.hasPrefix("measures.local_rank.")
        }
    }
    /// "mlp" or "vib".
    public var model: String { grid.fixed["model"]?.string ?? "" }

    /// Reads a sweep file, or a `sweep.json` (JSON is YAML).
    ///
    /// - Parameters:
    ///   - text: the file's bytes.
    ///   - file: its name, for messages.
    ///   - overrides: arguments of `--set`, in order; a later one wins.
    ///   - quick: whether the file's `quick` section applies, before the overrides.
    /// - Throws: `SweepError` with up to ten faults.
    public init(
        parsing text: [UInt8], file: String, overrides: [Override] = [], quick: Bool = false
    ) throws(SweepError) {
        self = try Draft.read(text, file: file) { draft, faults in
            draft.apply(overrides, quick: quick, &faults)
            return faults.isEmpty ? draft.spec(&faults) : nil
        }
    }

    public init(
        parsing text: String, file: String, overrides: [Override] = [], quick: Bool = false
    ) throws(SweepError) {
        try self.init(parsing: Array(text.utf8), file: file, overrides: overrides, quick: quick)
    }

    init(name: String, grid: Grid, zip: [[String]], conditions: [Condition], figures: [FigureSpec]) {
        self.name = name
        self.grid = grid
        self.zip = zip
        self.conditions = conditions
        self.figures = figures
    }

    /// The sweep, normalised: overrides and `quick` applied, defaults left out, axes as a list as their order
    /// counts. Reads back as an equal sweep.
    public var canonicalJSON: JSONValue {
        var top = gridMembers
        if !figures.isEmpty { top["figures"] = .array(figures.map(\.json)) }
        return .object(top)
    }

    /// All that a worker needs of the sweep: it has no figures, and reads back as an equal grid (`Grid(parsing:)`).
    public var gridJSON: JSONValue { .object(gridMembers) }

    private var gridMembers: [String: JSONValue] {
        var top: [String: JSONValue] = ["name": .string(name)]
        for (path, value) in grid.fixed { top.set(value, at: path[...]) }
        if case .object(var dataset)? = top["dataset"], dataset.count == 1,
            let name = dataset.removeValue(forKey: "name")
        {
            top["dataset"] = name
        }
        if !axes.isEmpty { top["axes"] = .array(axes.map { .object([$0.path: $0.values.json]) }) }
        if !zip.isEmpty { top["zip"] = .array(zip.map { .array($0.map(JSONValue.string)) }) }
        if !conditions.isEmpty { top["where"] = .array(conditions.map { .string($0.text) }) }
        return top
    }

    /// The image sets that some trial needs, each once.
    public var imageSets: [ImageSetDescription] {
        var values = [grid.fixed["dataset"]].compactMap { $0 }
        for axis in axes where axis.path == "dataset" { values += (0..<axis.count).map { axis.values[$0] } }
        let names = Set(values.compactMap { ($0["name"] ?? $0).string })
        return ImageSetDescription.allCases.filter { names.contains($0.rawValue) }
    }

    /// Trials whose points cover every pair of the axes' values, as far as `where` leaves them.
    package var coveringTrials: [Trial] {
        PairCover(grid).points().map { grid.trial(positions: $0, index: 0) }
    }

    /// Names the sweep: 32 hexadecimal digits of the SHA-256 of `canonicalJSON` without `weights` and
    /// `reproducibility`. Records hold it, and what is kept beside them, and who may make them, changes none.
    public var digest: String {
        var top = canonicalJSON.object ?? [:]
        for setting in ["weights", "reproducibility"] { top[setting] = nil }
        return Digest(of: JSONValue.object(top).canonicalText).hexadecimal(bytes: 16)
    }
}

extension [String: JSONValue] {
    /// Puts a value where a sweep file has the setting of a path: nested mappings; a data set's name as
    /// `name` beside its options.
    fileprivate mutating func set(_ value: JSONValue, at path: Substring) {
        if path == "dataset" {
            var members = self["dataset"]?.object ?? [:]
            members["name"] = value
            self["dataset"] = .object(members)
            return
        }
        guard let dot = path.firstIndex(of: ".") else {
            // `localRank: true` says nothing beside the mapping of its settings.
            if self[String(path)]?.object == nil { self[String(path)] = value }
            return
        }
        let key = String(path[..<dot])
        var members = self[key]?.object ?? [:]
        members.set(value, at: path[path.index(after: dot)...])
        self[key] = .object(members)
    }
}
