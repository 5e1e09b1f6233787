import Text

/// The trials of a sweep, in order: the first axis changes slowest. Trials are created on request. Memory
/// doesn't grow with the grid, except for the points of axes that `where` names.
public struct Grid: Equatable, Sendable {
    /// The axes, slowest first.
    public let axes: [Axis]
    /// Settings with a single value, by path.
    let fixed: [String: JSONValue]
    /// The value of a setting that the sweep gives one value; nil for an axis, or a setting at its default.
    public func fixedValue(_ path: String) -> JSONValue? { fixed[path] }
    /// The weights that the trials keep.
    public var weights: KeptWeights { KeptWeights(fixed["weights"]) }
    /// Number of trials.
    public let count: Int
    /// The files that trials read.
    private(set) var files: SweepFiles
    let dimensions: [Dimension]
    let selections: [Selection]

    /// Axes that advance together: a single axis, or those of a zip.
    struct Dimension: Equatable, Sendable {
        /// Indices in `axes`.
        let axes: [Int]
        let count: Int
        /// The selection that the dimension belongs to, if a condition names one of its axes.
        var selection: Int?
    }

    /// The most trials in a grid.
    public static let limit = 100_000_000

    init(
        axes: [Axis], fixed: [String: JSONValue], zip: [[String]], conditions: [Condition],
        files: SweepFiles = SweepFiles()
    ) throws(GridMistake) {
        self.axes = axes
        self.fixed = fixed
        self.files = files
        var dimensions = Grid.dimensions(axes: axes, zip: zip)
        selections = try Selection.selections(of: conditions, axes: axes, dimensions: &dimensions)
        self.dimensions = dimensions
        var total: Int? = 1
        for dimension in dimensions where dimension.selection == nil {
            total = total.flatMap { Grid.product($0, dimension.count) }
        }
        for selection in selections { total = total.flatMap { Grid.product($0, selection.kept.count) } }
        guard let total, total <= Grid.limit else {
            let counts =
                dimensions.filter { $0.count > 1 && $0.selection == nil }.map { String($0.count) }
                + selections.map { String($0.kept.count) }
            throw .tooLarge(counts.joined(separator: " × "))
        }
        guard total > 0 else { throw .empty }
        count = total
    }

    /// Reads `SweepSpec.gridJSON` of a checked sweep. Points aren't checked again, and figures aren't read.
    public init(parsing json: [UInt8]) throws(SweepError) {
        self = try Draft.read(json, file: "sweep.json") { draft, faults in
            faults.isEmpty ? draft.grid(&faults)?.grid : nil
        }
    }

    private static func product(_ a: Int, _ b: Int) -> Int? {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? nil : product
    }

    private static func dimensions(axes: [Axis], zip: [[String]]) -> [Dimension] {
        var dimensions: [Dimension] = []
        for (index, axis) in axes.enumerated() {
            guard let group = zip.first(where: { $0.contains(axis.path) }) else {
                dimensions.append(Dimension(axes: [index], count: axis.count))
                continue
            }
            let members = axes.indices.filter { group.contains(axes[$0].path) }
            if members.first == index { dimensions.append(Dimension(axes: members, count: axis.count)) }
        }
        return dimensions
    }

    /// The trial at an index of the grid. Precondition: 0 ≤ index < count.
    public subscript(index: Int) -> Trial {
        trial(positions: positions(at: index), index: index)
    }

    package func trial(positions: [Int], index: Int) -> Trial {
        Trial(index: index, point: GridPoint(self, positions), axes: axes, positions: positions)
    }

    /// The values that a setting has at some point, without its default.
    func values(_ path: String) -> [JSONValue] {
        guard let axis = axes.firstIndex(where: { $0.path == path }),
            let points = combinations(where: { $0 == path })
        else { return Axis.values(of: path, axes, fixed) }
        return points.map { axes[axis].values[$0.positions[axis]] }
    }

    /// The grid without facts of files that no trial depends on.
    var pruned: Grid {
        guard files != SweepFiles() else { return self }
        var grid = self
        let norms = values("measures.weight_norms")
        grid.files = files.pruned(
            NamedFiles(values), patterns: values("layers").compactMap { [String](json: $0) },
            hasNorms: norms.contains(.bool(true))
                || norms.isEmpty && !values("measures.weight_norms.tolerance").isEmpty)
        return grid
    }

    // MARK: Index and positions

    /// For each axis, the index of the value that the trial at `index` has. Precondition: 0 ≤ index < count.
    public func positions(at index: Int) -> [Int] {
        precondition(index >= 0 && index < count, "no trial \(index) in a grid of \(count)")
        var walk = Walk(self)
        var rest = index
        for (position, dimension) in dimensions.enumerated() {
            if let selection = dimension.selection {
                let others = walk.completions / walk.ranges[selection].count
                let combination = walk.ranges[selection].lowerBound + rest / others
                let digit = selections[selection].digit(of: combination, dimension: position)
                rest -= walk.choose(digit, at: position)
            } else {
                let digit = rest / (walk.completions / dimension.count)
                rest -= walk.choose(digit, at: position)
            }
        }
        return walk.positions
    }

    /// The index of the trial with these positions; nil where `where` drops it (or a zip's axes differ).
    public func index(ofPositions positions: [Int]) -> Int? {
        var walk = Walk(self)
        var index = 0
        for (position, dimension) in dimensions.enumerated() {
            let digit = positions[dimension.axes[0]]
            guard dimension.axes.allSatisfy({ positions[$0] == digit }) else { return nil }
            index += walk.choose(digit, at: position)
            guard walk.completions > 0 else { return nil }
        }
        return index
    }

    /// A descent through the dimensions, slowest first.
    private struct Walk {
        let grid: Grid
        /// Number of trials with the digits chosen so far.
        var completions: Int
        /// For each selection, the range of its combinations with these digits.
        var ranges: [Range<Int>]
        var positions: [Int]

        init(_ grid: Grid) {
            self.grid = grid
            completions = grid.count
            ranges = grid.selections.map { 0..<$0.kept.count }
            positions = [Int](repeating: 0, count: grid.axes.count)
        }

        /// Chooses a dimension's digit. Returns the number of trials before the first one with it, among
        /// those with the digits chosen so far.
        mutating func choose(_ digit: Int, at position: Int) -> Int {
            let dimension = grid.dimensions[position]
            for axis in dimension.axes { positions[axis] = digit }
            guard let selection = dimension.selection else {
                completions /= dimension.count
                return digit * completions
            }
            let before = ranges[selection]
            guard !before.isEmpty else { return 0 }
            let others = completions / before.count
            let range = grid.selections[selection].narrowed(before, dimension: position, digit: digit)
            ranges[selection] = range
            completions = others * range.count
            return others * (range.lowerBound - before.lowerBound)
        }
    }
}

/// Why a sweep has no valid grid.
enum GridMistake: Error, Equatable {
    case tooLarge(String)
    case empty
    case tooWide(axes: [String], points: Int)
}
