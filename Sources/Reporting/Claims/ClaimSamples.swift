import Records
import Sweep
import Text

/// The numbers that a selection of a claim takes from records, by cell and seed.
struct ClaimSamples {
    /// The numbers of one combination of the free axes' values, and of one layer for `layer: each`.
    struct Cell {
        /// The free axes' values.
        let axes: [(path: String, value: JSONValue)]
        /// The layer, from 1, for `layer: each`; the number of the entry of a list, such as a class.
        let layer: Int?
        /// The numbers of each seed by x; where nothing is followed, by 0.
        fileprivate(set) var seeds: [Double: [Double: Double]] = [:]
        /// The theory of each seed.
        fileprivate(set) var theories: [Double: Double] = [:]

        /// Each seed's number, ascending by seed, where nothing is followed.
        var numbers: [Difference.SeedNumber] { numbers(at: 0) }

        /// Each seed's number at an x, ascending by seed.
        func numbers(at x: Double) -> [Difference.SeedNumber] {
            seeds.keys.sorted().compactMap { seed in seeds[seed]?[x].map { (seed, $0) } }
        }

        /// Each x at which a seed has a number, ascending.
        var abscissas: [Double] { Set(seeds.values.flatMap(\.keys)).sorted() }
    }

    private let selection: ClaimSpec.Selection
    private let along: ClaimSpec.Along?
    private let needsTheory: Bool
    /// The axes by which cells differ.
    let free: [String]
    /// In the order in which they came.
    private(set) var cells: [Cell] = []
    private var indices: [[JSONValue]: Int] = [:]

    init(
        _ selection: ClaimSpec.Selection, along: ClaimSpec.Along?, needsTheory: Bool = false,
        of spec: SweepSpec
    ) {
        self.selection = selection
        self.along = along
        self.needsTheory = needsTheory
        free = selection.freeAxes(spec.axes.filter { $0.count > 1 }.map(\.path), zips: spec.zip, along: along)
    }

    /// Whether each layer, or each entry of a list, has a cell of its own.
    private var hasParts: Bool {
        selection.quantity.metric.list != nil || selection.quantity.layer == .each && along != .layer
    }

    /// The name of such a part.
    var partName: String { selection.quantity.metric.list?.of ?? "layer" }

    /// The cell with the same values of those axes that are free here, too.
    func cell(like other: Cell) -> Cell? {
        let values = free.map { path in other.axes.first { $0.path == path }?.value ?? .null }
        return indices[key(values, hasParts ? other.layer : nil)].map { cells[$0] }
    }

    mutating func add(_ record: Record) {
        guard record.isMeasured,
            selection.at.allSatisfy({ limit in record.axes[limit.path].map(limit.labels.contains) ?? false })
        else { return }
        let seed = record.axes["seed"]?.number ?? 0
        let values = free.map { record.axes[$0] ?? .null }
        if hasParts {
            let entries = along == .step || selection.step != nil ? record.trace : [record.metrics]
            let count = entries.map { selection.quantity.layers(in: $0) }.max() ?? 0
            let first = selection.quantity.metric.list?.first ?? 1
            for layer in first..<(first + count) { add(record, seed, values, layer) }
        } else {
            add(record, seed, values, nil)
        }
    }

    private mutating func add(_ record: Record, _ seed: Double, _ values: [JSONValue], _ layer: Int?) {
        let theory = needsTheory ? selection.quantity.theory(in: record, layer: layer) : nil
        insert(points(of: record, layer), seed: seed, values: values, layer: layer, theory: theory)
    }

    /// Adds a seed's numbers to the cell with these values of the free axes.
    mutating func insert(
        _ points: [(Double, Double)], seed: Double, values: [JSONValue], layer: Int? = nil,
        theory: Double? = nil
    ) {
        guard !points.isEmpty else { return }
        let key = key(values, layer)
        let index = indices[key] ?? cells.count
        if index == cells.count {
            indices[key] = index
            cells.append(Cell(axes: zip(free, values).map { ($0, $1) }, layer: layer))
        }
        for (x, number) in points { cells[index].seeds[seed, default: [:]][x] = number }
        if let theory { cells[index].theories[seed] = theory }
    }

    private func key(_ values: [JSONValue], _ layer: Int?) -> [JSONValue] {
        values + (layer.map { [JSONValue($0)] } ?? [])
    }

    /// The numbers of a record, with the x to which each belongs.
    private func points(of record: Record, _ layer: Int?) -> [(Double, Double)] {
        let quantity = selection.quantity
        if along == .step {
            return record.trace.compactMap { entry in
                guard let step = entry["step"]?.number else { return nil }
                return value(in: entry, layer).map { (step, $0) }
            }
        }
        guard let entry = entry(of: record) else { return [] }
        switch along {
        case .layer?:
            return quantity.entries(in: entry).enumerated().compactMap { index, number in
                number.map { (Double(index + 1), $0) }
            }
        case .axis(let path)?:
            guard let x = record.axes[path]?.number else { return [] }
            return value(in: entry, layer).map { [(x, $0)] } ?? []
        case .step?, nil:
            return value(in: entry, layer).map { [(0, $0)] } ?? []
        }
    }

    private func value(in entry: JSONValue, _ layer: Int?) -> Double? {
        guard let list = selection.quantity.metric.list, let layer else {
            return selection.quantity.value(in: entry, layer: layer)
        }
        let numbers = selection.quantity.entries(in: entry)
        return numbers.indices.contains(layer - list.first) ? numbers[layer - list.first] : nil
    }

    private func entry(of record: Record) -> JSONValue? {
        switch selection.step {
        case nil: record.metrics
        case .first?: record.trace.first
        case .last?: record.trace.last
        case .number(let step)?: record.trace.first { $0["step"]?.number == Double(step) }
        }
    }
}
