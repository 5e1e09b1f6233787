import Text

/// The points that conditions keep, among the dimensions that those conditions name together. Conditions that
/// share no dimension form separate selections, so a grid never needs a table of all its trials.
struct Selection: Equatable, Sendable {
    /// The most combinations that are tested.
    static let limit = 1 << 22

    /// Indices among the grid's dimensions, ascending.
    let dimensions: [Int]
    /// For each dimension, the number of combinations that share the digits up to and including it.
    let strides: [Int]
    /// The combinations kept, as mixed-radix numbers (first dimension most significant), ascending.
    let kept: [UInt32]

    func digit(of combination: Int, dimension: Int) -> Int {
        let index = dimensions.firstIndex(of: dimension) ?? 0
        let above = index == 0 ? Int(UInt32.max) + 1 : strides[index - 1]
        return Int(kept[combination]) % above / strides[index]
    }

    /// The part of `range` whose combinations have `digit` at `dimension`. All combinations in `range` share
    /// the digits before it, so the part is contiguous.
    func narrowed(_ range: Range<Int>, dimension: Int, digit: Int) -> Range<Int> {
        guard let index = dimensions.firstIndex(of: dimension), let first = range.first else { return range }
        let above = index == 0 ? Int(UInt32.max) + 1 : strides[index - 1]
        let base = Int(kept[first]) / above * above
        let lower = lowerBound(base + digit * strides[index], in: range)
        return lower..<lowerBound(base + (digit + 1) * strides[index], in: lower..<range.upperBound)
    }

    private func lowerBound(_ key: Int, in range: Range<Int>) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if Int(kept[middle]) < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: Making

    /// Groups conditions that share dimensions, and records each dimension's selection.
    static func selections(
        of conditions: [Condition], axes: [Axis], dimensions: inout [Grid.Dimension]
    ) throws(GridMistake) -> [Selection] {
        var involved: [String: Int] = [:]
        for (index, dimension) in dimensions.enumerated() {
            for axis in dimension.axes { involved[axes[axis].path] = index }
        }
        var groups: [(involved: Set<Int>, conditions: [Condition])] = []
        for condition in conditions {
            var joined = (involved: Set(condition.axes.compactMap { involved[$0] }), conditions: [condition])
            var apart: [(involved: Set<Int>, conditions: [Condition])] = []
            for group in groups {
                if group.involved.isDisjoint(with: joined.involved) {
                    apart.append(group)
                } else {
                    joined = (joined.involved.union(group.involved), group.conditions + joined.conditions)
                }
            }
            groups = apart + [joined]
        }
        var selections: [Selection] = []
        for group in groups {
            let sorted = group.involved.sorted()
            for index in sorted { dimensions[index].selection = selections.count }
            selections.append(
                try Selection(group.conditions, dimensions: sorted, of: dimensions, axes: axes))
        }
        return selections
    }

    private init(
        _ conditions: [Condition], dimensions involved: [Int], of dimensions: [Grid.Dimension], axes: [Axis]
    ) throws(GridMistake) {
        var points = 1
        for index in involved {
            let (product, overflow) = points.multipliedReportingOverflow(by: dimensions[index].count)
            points = overflow ? Int.max : product
            if overflow { break }
        }
        guard points <= Selection.limit else {
            let named = involved.flatMap { dimensions[$0].axes.map { axes[$0].path } }
            throw .tooWide(axes: named, points: points)
        }
        var strides = [Int](repeating: 1, count: involved.count)
        for index in involved.indices.reversed() where index + 1 < involved.count {
            strides[index] = strides[index + 1] * dimensions[involved[index + 1]].count
        }
        var digitOf: [String: (index: Int, axis: Axis)] = [:]
        for (index, dimension) in involved.enumerated() {
            for axis in dimensions[dimension].axes { digitOf[axes[axis].path] = (index, axes[axis]) }
        }
        let tests = conditions.map { Test($0, axes: digitOf) }
        var digits = [Int](repeating: 0, count: involved.count)
        var kept: [UInt32] = []
        for point in 0..<points {
            var rest = point
            for index in involved.indices {
                digits[index] = rest / strides[index]
                rest %= strides[index]
            }
            if tests.allSatisfy({ $0.holds(at: digits) }) { kept.append(UInt32(point)) }
        }
        self.dimensions = involved
        self.strides = strides
        self.kept = kept
    }
}

/// A condition whose axis values are looked up in advance, to test many points quickly.
private indirect enum Test {
    /// The result of the comparison, by the digit of one dimension.
    case table(index: Int, holds: [Bool])
    /// Two axes' values, by their digits.
    case numbers(Int, [Double], Condition.Operator, Int, [Double])
    case texts(Int, [String], Condition.Operator, Int, [String])
    case not(Test)
    case and(Test, Test)
    case or(Test, Test)
    case constant(Bool)

    init(_ condition: Condition, axes: [String: (index: Int, axis: Axis)]) {
        switch condition {
        case .not(let inner): self = .not(Test(inner, axes: axes))
        case .and(let left, let right): self = .and(Test(left, axes: axes), Test(right, axes: axes))
        case .or(let left, let right): self = .or(Test(left, axes: axes), Test(right, axes: axes))
        case .comparison(let left, let sign, let right):
            self = Test.comparison(left, sign, right, axes: axes)
        }
    }

    private static func comparison(
        _ left: Condition.Operand, _ sign: Condition.Operator, _ right: Condition.Operand,
        axes: [String: (index: Int, axis: Axis)]
    ) -> Test {
        func side(_ operand: Condition.Operand) -> (index: Int?, numbers: [Double], texts: [String]) {
            switch operand {
            case .number(let number): return (nil, [number], [])
            case .text(let text): return (nil, [], [text])
            case .axis(let path):
                guard let (index, axis) = axes[path] else { return (nil, [], []) }
                let values = axis.values.all
                let numbers = values.compactMap(\.number)
                return (index, numbers, numbers.isEmpty ? values.map { conditionText($0) ?? "" } : [])
            }
        }
        let (one, other) = (side(left), side(right))
        let isText = one.numbers.isEmpty
        func holds(_ i: Int, _ j: Int) -> Bool {
            isText
                ? sign.holds(one.texts[i], other.texts[j]) : sign.holds(one.numbers[i], other.numbers[j])
        }
        switch (one.index, other.index) {
        case (let index?, nil):
            let count = max(one.numbers.count, one.texts.count)
            return .table(index: index, holds: (0..<count).map { holds($0, 0) })
        case (nil, let index?):
            let count = max(other.numbers.count, other.texts.count)
            return .table(index: index, holds: (0..<count).map { holds(0, $0) })
        case (let first?, let second?):
            return isText
                ? .texts(first, one.texts, sign, second, other.texts)
                : .numbers(first, one.numbers, sign, second, other.numbers)
        case (nil, nil): return .constant(holds(0, 0))
        }
    }

    func holds(at digits: [Int]) -> Bool {
        switch self {
        case .table(let index, let holds): holds[digits[index]]
        case .numbers(let first, let one, let sign, let second, let other):
            sign.holds(one[digits[first]], other[digits[second]])
        case .texts(let first, let one, let sign, let second, let other):
            sign.holds(one[digits[first]], other[digits[second]])
        case .not(let inner): !inner.holds(at: digits)
        case .and(let left, let right): left.holds(at: digits) && right.holds(at: digits)
        case .or(let left, let right): left.holds(at: digits) || right.holds(at: digits)
        case .constant(let value): value
        }
    }
}

extension Condition.Operator {
    fileprivate func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
        switch self {
        case .less: left < right
        case .atMost: left <= right
        case .greater: left > right
        case .atLeast: left >= right
        case .equal: left == right
        case .notEqual: left != right
        }
    }
}
