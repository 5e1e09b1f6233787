import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

@Suite struct GraphElementwiseTests {
    static let numbers = [-3.5, -1, -0.4, 0, 0.5, 2.5, 4]
    static let positive = [0.25, 1, 2, 9]
    static let pairs = ([-3.5, -1, 0, 2, 7], [2, -1, 0.5, 2, -3])
    static let truths = ([0.0, 0, 2, -1], [0.0, 1, 0, 3])

    /// The values of ONNX's definitions at the numbers above, with α = 1/4 and β = 3/4, by Python's math.
    static let answers: [(ElementwiseFunction, [[Double]], [Double])] = [
        (.identity, [numbers], [-3.5, -1, -0.4, 0, 0.5, 2.5, 4]),
        (.relu, [numbers], [0, 0, 0, 0, 0.5, 2.5, 4]),
        (.leakyRelu, [numbers], [-0.875, -0.25, -0.1, 0, 0.5, 2.5, 4]),
        (
            .elu, [numbers],
            [-0.24245065414442, -0.15803013970714, -0.08241998849109, 0, 0.5, 2.5, 4]
        ),
        (
            .celu, [numbers],
            [-0.24999979211782, -0.24542109027782, -0.19952587050134, 0, 0.5, 2.5, 4]
        ),
        (
            .selu, [numbers],
            [-0.18183799060832, -0.11852260478035, -0.061814991368318, 0, 0.375, 1.875, 3]
        ),
        (.thresholdedRelu, [numbers], [0, 0, 0, 0, 0.5, 2.5, 4]),
        (
            .sigmoid, [numbers],
            [
                0.029312230751356, 0.26894142137, 0.40131233988755, 0.5, 0.62245933120185,
                0.92414181997876, 0.98201379003791,
            ]
        ),
        (.hardSigmoid, [numbers], [0, 0.5, 0.65, 0.75, 0.875, 1, 1]),
        (
            .hardSwish, [numbers],
            [0, -0.33333333333333, -0.17333333333333, 0, 0.29166666666667, 2.2916666666667, 4]
        ),
        (
            .mish, [numbers],
            [
                -0.10409575448637, -0.30340146137411, -0.18891648239351, 0, 0.3752452113049,
                2.4713923045579, 3.9974128069762,
            ]
        ),
        (
            .tanh, [numbers],
            [
                -0.9981778976112, -0.76159415595576, -0.37994896225522, 0, 0.46211715726001,
                0.98661429815143, 0.99932929973907,
            ]
        ),
        (
            .softplus, [numbers],
            [
                0.029750418272621, 0.31326168751822, 0.51301525239995, 0.69314718055995,
                0.97407698418011, 2.5788897342925, 4.0181499279178,
            ]
        ),
        (
            .softsign, [numbers],
            [
                -0.77777777777778, -0.5, -0.28571428571429, 0, 0.33333333333333, 0.71428571428571, 0.8,
            ]
        ),
        (
            .gelu, [numbers],
            [
                -0.00081420177662439, -0.15865525393146, -0.13783130335587, 0, 0.34573123063701,
                2.4844758366856, 3.9998733150327,
            ]
        ),
        (
            .geluTanh, [numbers],
            [
                -0.00061619765537374, -0.15880800939172, -0.13783883057264, 0, 0.34571400982514,
                2.48491573391, 3.9999297540518,
            ]
        ),
        (
            .erf, [numbers],
            [
                -0.99999925690163, -0.84270079294971, -0.42839235504667, 0, 0.52049987781305,
                0.99959304798255, 0.99999998458274,
            ]
        ),
        (
            .exp, [numbers],
            [
                0.030197383422319, 0.36787944117144, 0.67032004603564, 1, 1.6487212707001,
                12.182493960703, 54.598150033144,
            ]
        ),
        (.log, [positive], [-1.3862943611199, 0, 0.69314718055995, 2.1972245773362]),
        (.sqrt, [positive], [0.5, 1, 1.4142135623731, 3]),
        (.reciprocal, [positive], [4, 1, 0.5, 0.11111111111111]),
        (.negate, [numbers], [3.5, 1, 0.4, 0, -0.5, -2.5, -4]),
        (.abs, [numbers], [3.5, 1, 0.4, 0, 0.5, 2.5, 4]),
        (.sign, [numbers], [-1, -1, -1, 0, 1, 1, 1]),
        (.floor, [numbers], [-4, -1, -1, 0, 0, 2, 4]),
        (.ceil, [numbers], [-3, -1, 0, 0, 1, 3, 4]),
        (.round, [numbers], [-4, -1, 0, 0, 0, 2, 4]),
        (.truncate, [numbers], [-3, -1, 0, 0, 0, 2, 4]),
        (.not, [numbers], [0, 0, 0, 1, 0, 0, 0]),
        (
            .sin, [numbers],
            [
                0.35078322768962, -0.8414709848079, -0.38941834230865, 0, 0.4794255386042,
                0.59847214410396, -0.75680249530793,
            ]
        ),
        (
            .cos, [numbers],
            [
                -0.9364566872908, 0.54030230586814, 0.92106099400289, 1, 0.87758256189037,
                -0.80114361554693, -0.65364362086361,
            ]
        ),
        (.clip, [numbers], [0.25, 0.25, 0.25, 0.25, 0.5, 0.75, 0.75]),
        (.add, [pairs.0, pairs.1], [-1.5, -2, 0.5, 4, 4]),
        (.subtract, [pairs.0, pairs.1], [-5.5, 0, -0.5, 0, 10]),
        (.multiply, [pairs.0, pairs.1], [-7, 1, 0, 4, -21]),
        (.divide, [pairs.0, pairs.1], [-1.75, 1, 0, 1, -2.3333333333333]),
        (.power, [[2, 4, 9, 3, 0], [3, 0.5, -0.5, 0, 2]], [8, 2, 0.33333333333333, 1, 0]),
        (.minimum, [pairs.0, pairs.1], [-3.5, -1, 0, 2, -3]),
        (.maximum, [pairs.0, pairs.1], [2, -1, 0.5, 2, 7]),
        (.modulo, [pairs.0, pairs.1], [0.5, 0, 0, 0, -2]),
        (.remainder, [pairs.0, pairs.1], [-1.5, 0, 0, 0, 1]),
        (.prelu, [pairs.0, pairs.1], [-7, 1, 0, 2, 7]),
        (.equal, [pairs.0, pairs.1], [0, 1, 0, 1, 0]),
        (.less, [pairs.0, pairs.1], [1, 0, 1, 0, 0]),
        (.greater, [pairs.0, pairs.1], [0, 0, 0, 0, 1]),
        (.lessOrEqual, [pairs.0, pairs.1], [1, 1, 1, 1, 0]),
        (.greaterOrEqual, [pairs.0, pairs.1], [0, 1, 0, 1, 1]),
        (.and, [truths.0, truths.1], [0, 0, 0, 1]),
        (.or, [truths.0, truths.1], [0, 1, 1, 1]),
        (.xor, [truths.0, truths.1], [0, 1, 1, 0]),
        (.select, [[0, 1, -2, 0], [1, 2, 3, 4], [5, 6, 7, 8]], [5, 2, 3, 8]),
    ]

    /// A plan whose operands are the inputs' parts of `length` numbers where `varies`, else parameters.
    static func plan(
        _ function: ElementwiseFunction, varies: [Bool], length: Int, taking: Bool = false
    ) -> NetworkPlan {
        let (varying, constant) = (varies.filter { $0 }.count, varies.filter { !$0 }.count)
        var (inputs, parameters) = (0, 0)
        return Graphs.plan(
            inputs: varying * length, count: length, parameters: [constant * length], taking: taking
        ) { regions in
            var (operands, maps) = ([Operand](), [IndexMap?]())
            for isInput in varies {
                let start = Int32(isInput ? inputs : parameters)
                if isInput { inputs += length } else { parameters += length }
                operands.append(isInput ? .input(0) : .constant(regions[0]))
                let indices = (0..<Int32(length)).map { start + $0 }
                maps.append(isInput && varying == 1 || !isInput && constant == 1 ? nil : IndexMap(indices))
            }
            return ElementwiseOperation(
                function, alpha: 0.25, beta: 0.75, operands: operands, maps: maps, count: length)
        }
    }

    @Test func `Every function has the values of its definition`() throws {
        #expect(Set(Self.answers.map(\.0)) == Set(ElementwiseFunction.allCases))
        for (function, operands, answer) in Self.answers {
            let varies = [Bool](repeating: true, count: function.operandCount)
            let plan = Self.plan(function, varies: varies, length: answer.count)
            // The second point has the same numbers backwards.
            let points = [operands.flatMap { $0 }, operands.flatMap { $0.reversed() }]
            expectClose(
                Graphs.outputs(plan, at: points), answer + answer.reversed(), within: 1e-12, floor: 1e-3,
                "\(function)")
        }
    }

    /// Numbers at which the function has a derivative, for each operand.
    static func smooth(_ function: ElementwiseFunction) -> [[Double]] {
        switch function {
        case .log, .sqrt, .reciprocal: return [[0.3, 1.2, 2.7]]
        case .power: return [[0.3, 1.2, 2.7], [1.5, -2, 0.4]]
        case .select: return [[1, 0, 2], [0.3, -1.2, 2.7], [1.5, -2, 0.4]]
        case _ where function.operandCount == 1: return [[-3.6, -0.7, 0.4, 1.3, 3.4]]
        default: return [[-1.7, 0.4, 2.1], [0.6, -1.1, 0.9]]
        }
    }

    /// All operands vary, or all but one, or one alone; and the result takes the operand's memory or not.
    @Test(arguments: ElementwiseFunction.allCases)
    func `Tangents are the differences' limit`(function: ElementwiseFunction) {
        let operands = Self.smooth(function)
        // The condition of a selection jumps.
        let alone = function == .select ? [1, 2] : Array(operands.indices)
        let mixes =
            [operands.indices.map { alone.contains($0) }]
            + alone.map { one in operands.indices.map { $0 == one } }
        for varies in mixes {
            for taking in [false, true] {
                let plan = Self.plan(function, varies: varies, length: operands[0].count, taking: taking)
                let point = operands.indices.flatMap { varies[$0] ? operands[$0] : [] }
                let rest = operands.indices.flatMap { varies[$0] ? [] : operands[$0] }
                Graphs.expectDerivative(plan, rest, at: point, "\(function) \(varies) \(taking)")
            }
        }
    }

    /// [2, 1] · [3] + [2, 3]: operands are repeated along rows and columns.
    @Test func `Operands are broadcast`() {
        var plan = NetworkPlan(graphInputs: 5)
        let region = plan.take("b", shape: [2, 3], rows: 2, columns: 3)
        let product = plan.add(
            ElementwiseOperation(
                .multiply, operands: [.input(0), .input(0)],
                maps: [IndexMap([0, 0, 0, 1, 1, 1]), IndexMap([2, 3, 4, 2, 3, 4])], count: 6),
            reading: [0], count: 6)
        _ = plan.add(
            ElementwiseOperation(
                .add, operands: [.constant(region), .input(0)], maps: [nil, nil], count: 6),
            reading: [product], count: 6)
        let constants = [0.5, 1, 1.5, 2, 2.5, 3]
        let outputs = Graphs.outputs(plan, constants, at: [[2, -1, 3, 5, 7], [1, 0, 1, 2, 4]])
        #expect(outputs == [6.5, 11, 15.5, -1, -2.5, -4, 1.5, 3, 5.5, 2, 2.5, 3])
        Graphs.expectDerivative(plan, constants, at: [2, -1, 3, 5, 7])
    }

    /// The memory of a value that is read twice is not taken.
    @Test func `A value may be both operands`() {
        for inputs in [[0, 0], [1, 1]] {
            var plan = NetworkPlan(graphInputs: 3)
            if inputs == [1, 1] {
                _ = plan.add(
                    ElementwiseOperation(.tanh, operands: [.input(0)], maps: [nil], count: 3), reading: [0],
                    count: 3)
            }
            for operands in [[Operand.input(0), .input(1)], [.input(0), .input(0)]] {
                _ = plan.add(
                    ElementwiseOperation(.multiply, operands: operands, maps: [nil, nil], count: 3),
                    reading: operands[1] == .input(1) ? [plan.last, plan.last] : [plan.last], count: 3)
            }
            Graphs.expectDerivative(plan, at: [0.3, -0.8, 1.1], "\(inputs)")
        }
        let operation = ElementwiseOperation(
            .multiply, operands: [.input(0), .input(0)], maps: [nil, nil], count: 3)
        #expect(!operation.overwritesInput)
    }

    /// ReLU and |x| at 0, clip at its ends, minimum and maximum of two equal numbers.
    @Test func `Where there is no derivative it is PyTorch's`() {
        func slopes(_ function: ElementwiseFunction, _ point: [Double], varies: [Bool] = [true]) -> [Double] {
            let plan = Self.plan(function, varies: varies, length: point.count / varies.count)
            let network: Network<Double> = Graphs.network(plan, [], points: 1)
            var found = [Double]()
            NetworkTangents(network, of: [plan.last]).forEachJacobian(
                at: Matrix([point])
            ) {
                let jacobian = $0.whole
                found = (0..<point.count).map { input in
                    (0..<jacobian.columns).map { jacobian[input, $0] }.reduce(0, +)
                }
            }
            return found
        }
        #expect(slopes(.relu, [0, 1, -1]) == [0, 1, 0])
        #expect(slopes(.abs, [0, 2, -2]) == [0, 1, -1])
        #expect(slopes(.leakyRelu, [0]) == [0.25])
        #expect(slopes(.clip, [0.25, 0.75, 0.2, 0.8]) == [1, 1, 0, 0])
        #expect(slopes(.thresholdedRelu, [0.25]) == [0])
        for function in [ElementwiseFunction.minimum, .maximum] {
            #expect(slopes(function, [3, 3], varies: [true, true]) == [0.5, 0.5])
        }
        #expect(slopes(.round, [0.5, 1.2]) == [0, 0])
    }

    @Test func `NaN passes, and infinities have their limits`() {
        let through: [ElementwiseFunction] = [
            .relu, .leakyRelu, .elu, .clip, .hardSigmoid, .hardSwish, .softplus, .sigmoid, .mish, .gelu,
            .sign,
            .abs, .thresholdedRelu,
        ]
        for function in through {
            let plan = Self.plan(function, varies: [true], length: 1)
            #expect(Graphs.outputs(plan, at: [[.nan]])[0].isNaN, "\(function)")
        }
        for function in [ElementwiseFunction.minimum, .maximum] {
            let plan = Self.plan(function, varies: [true, true], length: 2)
            #expect(Graphs.outputs(plan, at: [[.nan, 1, 1, .nan]]).allSatisfy { $0.isNaN }, "\(function)")
        }
        func limits(_ function: ElementwiseFunction) -> [Double] {
            Graphs.outputs(Self.plan(function, varies: [true], length: 2), at: [[-.infinity, .infinity]])
        }
        #expect(limits(.sigmoid) == [0, 1] && limits(.tanh) == [-1, 1] && limits(.erf) == [-1, 1])
        #expect(limits(.softplus) == [0, .infinity] && limits(.elu) == [-0.25, .infinity])
        // Far from 0 nothing overflows on the way.
        let far = Graphs.outputs(Self.plan(.softplus, varies: [true], length: 2), at: [[-800, 800]])
        #expect(far == [0, 800])
        #expect(Graphs.outputs(Self.plan(.mish, varies: [true], length: 2), at: [[-800, 800]])[1] == 800)
    }
}
