import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

@Suite struct GraphRearrangementTests {
    /// [2, 3] transposed, then a row of zeros (or −7) around it.
    @Test func `Numbers are rearranged and filled`() {
        let plan = Graphs.plan(inputs: 6, count: 8) { _ in
            RearrangementOperation(map: IndexMap([-1, 0, 3, 1, 4, 2, 5, -1]), fill: -7)
        }
        let outputs = Graphs.outputs(plan, at: [[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]])
        #expect(outputs == [-7, 1, 4, 2, 5, 3, 6, -7, -7, 6, 3, 5, 2, 4, 1, -7])
        Graphs.expectDerivative(plan, at: [1, 2, 3, 4, 5, 6])
    }

    /// Runs, repeated numbers, single numbers, and a reversed slice.
    @Test(
        arguments: [
            [3, 4, 5, 0, 1, 2], [2, 2, 2, 5, 5, 5], [5, 3, 1], [-1, -1, 4, 5, 0, 1], [1], [3, 4, 5],
        ] as [[Int32]])
    func `Any map is followed, in values and tangents`(indices: [Int32]) {
        let plan = Graphs.plan(inputs: 6, count: indices.count, taking: true) { _ in
            RearrangementOperation(map: IndexMap(indices), fill: 0.5)
        }
        let points: [[Double]] = [[1, 2, 3, 4, 5, 6], [10, 20, 30, 40, 50, 60]]
        #expect(
            Graphs.outputs(plan, at: points)
                == points.flatMap { point in indices.map { $0 < 0 ? 0.5 : point[Int($0)] } })
        Graphs.expectDerivative(plan, at: points[0])
    }

    /// Two blocks of: one number of the input, two constants, two numbers of a function of the input.
    @Test func `Operands are joined block by block`() {
        var plan = NetworkPlan(graphInputs: 2)
        let constants = plan.take("c", shape: [2, 2], rows: 2, columns: 2)
        let doubled = plan.add(
            RearrangementOperation(map: IndexMap([0, 0, 1, 1])), reading: [0], count: 4)
        _ = plan.add(
            ConcatenationOperation(
                operands: [.input(0), .constant(constants), .input(1)], lengths: [1, 2, 2], blocks: 2),
            reading: [0, doubled], count: 10)
        let outputs = Graphs.outputs(plan, [7, 8, 9, 10], at: [[1, 2], [3, 4]])
        #expect(
            outputs == [1, 7, 8, 1, 1, 2, 9, 10, 2, 2, 3, 7, 8, 3, 3, 4, 9, 10, 4, 4])
        Graphs.expectDerivative(plan, [7, 8, 9, 10], at: [1, 2])
    }

    /// A constant value, and what depends on it alone, have no tangents.
    @Test func `Constants do not vary`() {
        var plan = NetworkPlan(graphInputs: 2)
        let constants = plan.take("c", shape: [2], rows: 1, columns: 2)
        let constant = plan.add(ConstantOperation(region: constants), reading: [], count: 2)
        let squared = plan.add(
            ElementwiseOperation(
                .multiply, operands: [.input(0), .input(0)], maps: [nil, nil], count: 2),
            reading: [constant], count: 2)
        let joined = plan.add(
            ConcatenationOperation(operands: [.input(0), .input(1)], lengths: [1, 1], blocks: 2),
            reading: [squared, 0], count: 4)
        let wide = plan.add(
            ElementwiseOperation(
                .divide, operands: [.input(0), .input(1)], maps: [IndexMap([0, 0, 1, 1]), nil], count: 4),
            reading: [squared, joined], count: 4)
        _ = plan.add(
            MatrixProductOperation(
                left: .input(0), right: .input(1), rows: 1, inner: 2, columns: 2,
                offsets: [.init(left: 0, right: 0)]),
            reading: [squared, wide], count: 2)
        let outputs = Graphs.outputs(plan, [2, 3], at: [[5, 8], [1, 1]])
        // squared = 4, 9; joined = 4, 5, 9, 8; wide = 1, 4/5, 1, 9/8.
        expectClose(outputs, [13, 13.325, 13, 97], within: 1e-14)
        Graphs.expectDerivative(plan, [2, 3], at: [5, 8])
    }
}

@Suite struct GraphMatrixProductTests {
    struct Shape: Sendable, CustomStringConvertible {
        var description: String
        var rows = 2
        var inner = 3
        var columns = 4
        var isTransposed = false
        /// The matrices of each product, counted from the first of an operand.
        var pairs = [(0, 0)]
        var leftVaries = true
        var rightVaries = false
    }

    static let shapes = [
        Shape(description: "dense"),
        Shape(description: "dense, transposed", isTransposed: true),
        Shape(description: "one row", rows: 1),
        Shape(description: "a batch and one matrix", pairs: [(0, 0), (1, 0), (2, 0)]),
        Shape(description: "a batch backwards", pairs: [(2, 0), (1, 0), (0, 0)]),
        Shape(description: "pairs", pairs: [(0, 1), (1, 0)]),
        Shape(description: "constant left", leftVaries: false, rightVaries: true),
        Shape(
            description: "constant left, transposed", isTransposed: true, pairs: [(0, 0), (0, 1)],
            leftVaries: false, rightVaries: true),
        Shape(description: "both", pairs: [(0, 0), (1, 1)], rightVaries: true),
        Shape(
            description: "attention", rows: 3, inner: 2, columns: 3, isTransposed: true,
            pairs: [(0, 1), (1, 1), (2, 0)], rightVaries: true),
    ]

    private static func sizes(_ shape: Shape) -> (left: Int, right: Int) {
        (
            ((shape.pairs.map(\.0).max() ?? 0) + 1) * shape.rows * shape.inner,
            ((shape.pairs.map(\.1).max() ?? 0) + 1) * shape.inner * shape.columns
        )
    }

    static func plan(_ shape: Shape) -> NetworkPlan {
        let (left, right) = sizes(shape)
        let constant = shape.leftVaries ? shape.rightVaries ? 0 : right : left
        var plan = NetworkPlan(
            graphInputs: (shape.leftVaries ? left : 0) + (shape.rightVaries ? right : 0))
        let region = plan.take("c", shape: [constant], rows: 1, columns: constant)
        var values = [0]
        // Both are parts of the input.
        if shape.leftVaries && shape.rightVaries {
            values = [(0, left), (left, right)].map { start, count in
                plan.add(
                    RearrangementOperation(map: IndexMap((0..<count).map { Int32(start + $0) })),
                    reading: [0], count: count)
            }
        }
        _ = plan.add(
            MatrixProductOperation(
                left: shape.leftVaries ? .input(0) : .constant(region),
                right: shape.rightVaries ? .input(values.count - 1) : .constant(region), rows: shape.rows,
                inner: shape.inner, columns: shape.columns, isRightTransposed: shape.isTransposed,
                offsets: shape.pairs.map {
                    .init(
                        left: $0.0 * shape.rows * shape.inner, right: $0.1 * shape.inner * shape.columns)
                }), reading: values, count: shape.pairs.count * shape.rows * shape.columns)
        return plan
    }

    /// Sums of products, number by number.
    private static func plain(_ shape: Shape, _ left: [Double], _ right: [Double]) -> [Double] {
        shape.pairs.flatMap { pair in
            (0..<shape.rows * shape.columns).map { index in
                let (row, column) = (index / shape.columns, index % shape.columns)
                return (0..<shape.inner).reduce(0.0) { sum, k in
                    let a = left[(pair.0 * shape.rows + row) * shape.inner + k]
                    let b =
                        shape.isTransposed
                        ? right[(pair.1 * shape.columns + column) * shape.inner + k]
                        : right[(pair.1 * shape.inner + k) * shape.columns + column]
                    return sum + a * b
                }
            }
        }
    }

    @Test(arguments: shapes) func `Products are sums of products`(shape: Shape) {
        let (plan, sizes) = (Self.plan(shape), Self.sizes(shape))
        var draws = Draws(11)
        let constants = draws.numbers(shape.leftVaries ? shape.rightVaries ? 0 : sizes.right : sizes.left)
        let points = (0..<3).map { _ in draws.numbers(plan.values[0].size.count) }
        let expected = points.flatMap { point in
            Self.plain(
                shape, shape.leftVaries ? Array(point.prefix(sizes.left)) : constants,
                shape.rightVaries ? Array(point.suffix(sizes.right)) : constants)
        }
        expectClose(Graphs.outputs(plan, constants, at: points), expected, within: 1e-12)
        Graphs.expectDerivative(plan, constants, at: points[0], shape.description)
    }

    @Test func `A product is that of mathematics`() {
        let plan = Self.plan(Shape(description: "", rows: 2, inner: 2, columns: 1))
        #expect(Graphs.outputs(plan, [5, 6], at: [[1, 2, 3, 4]]) == [17, 39])
    }
}
