import Model
import Text

/// A checked sweep: everything in it can run.
public struct SweepSpec: Equatable, Sendable {
    /// The sweep's name.
    public let name: String
    /// The grid of trials.
    public let grid: Grid
    /// The paths of axes that advance together, by group.
    public let zip: [[String]]
    /// The groups among them whose numbers are points of one Sobol sequence.
    public let sobol: [[String]]
    /// Conditions that points must meet to be in the grid.
    public let conditions: [Condition]
    /// The figures that the sweep requests.
    public let figures: [FigureSpec]
    /// The statements that the program decides from the records.
    public let claims: [ClaimSpec]
    /// The looks that all figures have where they don't say otherwise.
    public let style: FigureStyle

    /// The axes, slowest first.
    public var axes: [Axis] { grid.axes }
    /// The weights that trials keep.
    public var weights: KeptWeights { grid.weights }
    /// Whether one BLAS kernel must compute all records.
    public var isStrict: Bool { grid.fixed["reproducibility"]?.string == "strict" }
    /// Whether the sweep mentions local rank, which is on by default.
    public var asksForLocalRank: Bool {
        (grid.fixed.keys + axes.map(\.path)).contains {
            $0 == "measures.local_rank" || $0.hasPrefix("measures.local_rank.")
        }
    }
    /// Whether trainings may end before their last step.
    public var mayStopEarly: Bool {
        grid.values(Setting.stopAtLoss.setting.path).contains { $0.number != nil }
    }
    /// The model's name, as "mlp" or "vib".
    public var model: String { grid.fixed["model"]?.string ?? "" }

    /// Reads a sweep file, or a `sweep.json` (JSON is YAML).
    ///
    /// - Parameters:
    ///   - text: the file's bytes.
    ///   - file: its name in messages.
    ///   - overrides: arguments of `--set`, in order; a later one replaces an earlier one.
    ///   - quick: whether the file's `quick` section applies, before the overrides.
    ///   - look: looks at files that the sweep names; nil: only those that a `sweep.json` describes are known.
    /// - Throws: `SweepError` with up to ten faults.
    public init(
        parsing text: [UInt8], file: String, overrides: [Override] = [], quick: Bool = false,
        look: FileLook? = nil
    ) throws(SweepError) {
        self = try Draft.read(text, file: file) { draft, faults in
            draft.apply(overrides, quick: quick, &faults)
            if let look, faults.isEmpty { draft.lookAtFiles(look) }
            return faults.isEmpty ? draft.spec(&faults) : nil
        }
    }

    /// Reads a sweep file's text, as `init(parsing:file:overrides:quick:)` with bytes does.
    public init(
        parsing text: String, file: String, overrides: [Override] = [], quick: Bool = false,
        look: FileLook? = nil
    ) throws(SweepError) {
        try self.init(parsing: Array(text.utf8), file: file, overrides: overrides, quick: quick, look: look)
    }

    init(
        name: String, grid: Grid, zip: [[String]], sobol: [[String]], conditions: [Condition],
        figures: [FigureSpec], claims: [ClaimSpec], style: FigureStyle
    ) {
        self.name = name
        self.grid = grid
        self.zip = zip
        self.sobol = sobol
        self.conditions = conditions
        self.figures = figures
        self.claims = claims
        self.style = style
    }

    /// The normalised sweep: overrides and `quick` are applied, defaults are left out, and axes are a list,
    /// because their order matters. It reads back as an equal sweep.
    public var canonicalJSON: JSONValue {
        var top = gridMembers
        if !figures.isEmpty { top["figures"] = .array(figures.map(\.json)) }
        if !claims.isEmpty { top["claims"] = .array(claims.map(\.json)) }
        let looks = style.json
        if !looks.isEmpty { top["style"] = .object(looks) }
        return .object(top)
    }

    /// The sweep with another one's claims; nil if their grids differ.
    public func with(claimsOf other: SweepSpec) -> SweepSpec? {
        guard grid == other.grid else { return nil }
        return SweepSpec(
            name: name, grid: grid, zip: zip, sobol: sobol, conditions: conditions, figures: figures,
            claims: other.claims, style: style)
    }

    /// The part of the sweep that a worker needs. It has no figures, and reads back as an equal grid
    /// (`Grid(parsing:)`).
    public var gridJSON: JSONValue { .object(gridMembers) }

    private var gridMembers: [String: JSONValue] {
        var top: [String: JSONValue] = ["name": .string(name)]
        for (path, value) in grid.fixed { top.set(value, at: path[...]) }
        if case .object(var dataset)? = top["dataset"], dataset.count == 1,
            let name = dataset.removeValue(forKey: "name")
        {
            top["dataset"] = name
        }
        if grid.files != SweepFiles() { top["files"] = grid.files.json }
        if !axes.isEmpty { top["axes"] = .array(axes.map { .object([$0.path: $0.values.json]) }) }
        for (key, groups) in [("zip", zip.filter { !sobol.contains($0) }), ("sobol", sobol)]
        where !groups.isEmpty {
            top[key] = .array(groups.map { .array($0.map(JSONValue.string)) })
        }
        if !conditions.isEmpty { top["where"] = .array(conditions.map { .string($0.text) }) }
        return top
    }

    /// The files that trials read, by their paths in the sweep file.
    public var files: SweepFiles { grid.files }

    /// The image sets that any trial needs, each once.
    public var imageSets: [ImageSetDescription] {
        let values = Axis.values(of: "dataset", axes, grid.fixed)
        let names = Set(values.compactMap { ($0["name"] ?? $0).string })
        return ImageSetDescription.allCases.filter { names.contains($0.rawValue) }
    }

    /// Trials whose points cover every pair of the axes' values, as far as `where` allows.
    package var coveringTrials: [Trial] {
        PairCover(grid).points().map { grid.trial(positions: $0, index: 0) }
    }

    /// Identifies the sweep: 32 hexadecimal digits of the SHA-256 of `canonicalJSON` without `weights`,
    /// `reproducibility`, claims and the looks of figures. Records contain it. What is left out changes no record: kept
    /// weights, the choice of machines that may run trials, what is claimed, and how figures are drawn.
    public var digest: String {
        var top = canonicalJSON.object ?? [:]
        top["style"] = nil
        top["claims"] = nil
        if !figures.isEmpty { top["figures"] = .array(figures.map { $0.plain.json }) }
        for setting in ["weights", "reproducibility"] { top[setting] = nil }
        return Digest(of: JSONValue.object(top).canonicalText).hexadecimal(bytes: 16)
    }
}

extension [String: JSONValue] {
    /// Sets a value at the location of a setting in a sweep file, in nested mappings. A data set's name becomes
    /// `name` beside its options.
    fileprivate mutating func set(_ value: JSONValue, at path: Substring) {
        if path == "dataset" {
            var members = self["dataset"]?.object ?? [:]
            members["name"] = value
            self["dataset"] = .object(members)
            return
        }
        guard let dot = path.firstIndex(of: ".") else {
            // `local_rank: true` adds nothing to the mapping of its settings.
            if self[String(path)]?.object == nil { self[String(path)] = value }
            return
        }
        let key = String(path[..<dot])
        var members = self[key]?.object ?? [:]
        members.set(value, at: path[path.index(after: dot)...])
        self[key] = .object(members)
    }
}
