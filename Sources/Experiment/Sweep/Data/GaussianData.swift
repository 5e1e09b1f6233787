import Model
import Text

/// Jointly Gaussian inputs and targets. Every batch is drawn anew.
public struct GaussianData: Hashable, Sendable, DatasetDescription {
    /// The joint covariance of (x, y), row-major, (inputs + targets)².
    public var covariance: [[Double]]
    /// Number of variables that are inputs; the others are targets.
    public var inputs: Int
    /// Number of points in the evaluation sample.
    public var testPoints: Int

    /// Gaussian data with a given joint covariance.
    public init(covariance: [[Double]], inputs: Int, testPoints: Int) {
        self.covariance = covariance
        self.inputs = inputs
        self.testPoints = testPoints
    }

    private static let givenCorrelations = DataOption(
        "correlations", .numbers(Bounds(.open(-1), .open(1)), limit: 512), default: [0.0],
        text: "required, or `covariance`",
        "x and y have as many standard normal components, correlated pair by pair; with `inputs` and `targets`, along "
            + "random directions.")
    private static let givenCovariance = DataOption(
        "covariance", .matrix(limit: 1024), default: [[Double]](), text: "none",
        "The joint covariance of (x, y): symmetric and positive definite.")
    private static let givenInputs = DataOption(
        "inputs", .integer(1...1023), default: 0, text: "required with `covariance` or `targets`",
        "How many of the covariance's variables, from the first, are x; or x's components.")
    private static let givenTargets = DataOption(
        "targets", .integer(1...1023), default: 0, text: "none",
        "y's components, with `correlations` and `inputs`: a random cross-covariance.")
    private static let directionsSeed = DataOption(
        "directions_seed", .integer(0...Setting.seedLimit), default: 0,
        "The seed of that cross-covariance: not the trial's, so that all seeds learn the same map.")
    private static let evaluationPoints = DataOption(
        "test_points", .integer(2...10_000_000), default: 65536,
        "Points that the final measures are taken on.")

    package static let kind = DataKind(
        names: ["gaussian"],
        options: [
            givenCorrelations.setting, givenCovariance.setting, givenInputs.setting, givenTargets.setting,
            directionsSeed.setting, evaluationPoints.setting,
        ],
        exclusive: [
            (["dataset.correlations"], ["dataset.covariance"]),
            (["dataset.covariance"], ["dataset.targets", "dataset.directions_seed"]),
        ], activation: .linear, width: 64, mayHaveClasses: false, hasEpochs: false,
        lossText: "gaussian_nll for a vib and mean_squared_error for others", bottleneck: nil, sigmaShift: 0)

    package init(_ options: DataOptions, _ conflicts: inout [PointConflict]) {
        let testPoints = options[Self.evaluationPoints]
        if let correlations = options.given(Self.givenCorrelations) {
            self.init(correlations, options, testPoints: testPoints, &conflicts)
            return
        }
        guard let covariance = options.given(Self.givenCovariance) else {
            conflicts.append(
                PointConflict(
                    "dataset", .data("gaussian data need 'correlations', or 'covariance' with 'inputs'")))
            self.init(correlations: [0], testPoints: testPoints)
            return
        }
        let inputs = options[Self.givenInputs]
        if inputs == 0 {
            conflicts.append(
                PointConflict(
                    "dataset.covariance",
                    .data("a covariance needs 'inputs', the number of its variables that are x")))
        }
        if inputs >= covariance.count {
            conflicts.append(
                PointConflict(
                    "dataset.inputs",
                    .data("\(inputs) inputs of a covariance of \(covariance.count) variables leave no target")
                ))
        }
        self.init(
            covariance: covariance, inputs: min(max(inputs, 1), covariance.count - 1), testPoints: testPoints)
    }

    private init(
        _ correlations: [Double], _ options: DataOptions, testPoints: Int, _ conflicts: inout [PointConflict]
    ) {
        let sizes = [Self.givenInputs, Self.givenTargets]
        guard let inputs = options.given(sizes[0]), let targets = options.given(sizes[1]) else {
            for option in sizes + [Self.directionsSeed] where options.given(option) != nil {
                conflicts.append(
                    PointConflict(
                        option.setting.path,
                        .data(
                            "random directions need 'inputs' and 'targets', the numbers of x's and y's components"
                        )))
            }
            self.init(correlations: correlations, testPoints: testPoints)
            return
        }
        let most = min(inputs, targets)
        if correlations.count > most {
            conflicts.append(
                PointConflict(
                    "dataset.correlations",
                    .data(
                        "\(correlations.count) correlations, and the smaller of inputs and targets is \(most)"
                    )))
        }
        self.init(
            correlations: Array(correlations.prefix(most)), inputs: inputs, targets: targets,
            directions: UInt64(options[Self.directionsSeed]), testPoints: testPoints)
    }

    package var facts: DataFacts {
        DataFacts(
            input: .vector(inputs), outputs: covariance.count - inputs, classes: 0, trainCount: nil,
            testCount: testPoints, losses: [.meanSquaredError], vibLosses: [.gaussianNLL, .meanSquaredError])
    }

    package var json: JSONValue {
        .object([
            "name": .string("gaussian"), "covariance": .array(covariance.map { JSONValue($0) }),
            "inputs": JSONValue(inputs), "test_points": JSONValue(testPoints),
        ])
    }
}

extension GaussianData {
    /// Gaussian data where x and y are standard normal and have as many components as there are correlations.
    /// Component i of x and component i of y have the i-th correlation; all other pairs are independent.
    public init(correlations: [Double], testPoints: Int) {
        let count = correlations.count
        let covariance = (0..<2 * count).map { row in
            (0..<2 * count).map { column in
                row == column ? 1 : row % count == column % count ? correlations[row % count] : 0
            }
        }
        self.init(covariance: covariance, inputs: count, testPoints: testPoints)
    }

    /// Gaussian data where x and y are standard normal with the random cross-covariance Σ_i ρ_i u_i v_iᵀ. The
    /// ρ_i are its canonical correlations. The u_i are orthonormal in x's space and the v_i in y's; the seed
    /// `directions` draws both.
    ///
    /// A trial's identifier hashes the covariance, so its numbers must not depend on the machine. Only
    /// operations that IEEE 754 rounds exactly compute them: no logarithms, no cosines.
    ///
    /// Precondition: at most min(inputs, targets) correlations, each in (−1, 1).
    public init(correlations: [Double], inputs: Int, targets: Int, directions: UInt64, testPoints: Int) {
        precondition(correlations.count <= min(inputs, targets))
        var draws = DirectionDraws(seed: directions)
        let x = draws.orthonormal(correlations.count, of: inputs)
        let y = draws.orthonormal(correlations.count, of: targets)
        var covariance = (0..<inputs + targets).map { row in
            (0..<inputs + targets).map { $0 == row ? 1.0 : 0 }
        }
        for row in 0..<inputs {
            for column in 0..<targets {
                var sum = 0.0
                for (index, correlation) in correlations.enumerated() {
                    sum += correlation * x[index][row] * y[index][column]
                }
                covariance[row][inputs + column] = sum
                covariance[inputs + column][row] = sum
            }
        }
        self.init(covariance: covariance, inputs: inputs, testPoints: testPoints)
    }
}

/// Draws directions from a seed. SplitMix64 (Steele, Lea & Flood 2014) gives uniform numbers; sums of twelve
/// are nearly normal, so that no direction is much likelier than another; Gram–Schmidt makes the vectors
/// orthogonal.
private struct DirectionDraws {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// `count` orthonormal vectors. Precondition: count ≤ dimension.
    mutating func orthonormal(_ count: Int, of dimension: Int) -> [[Double]] {
        var vectors: [[Double]] = []
        while vectors.count < count {
            var vector = (0..<dimension).map { _ in nearlyNormal() }
            // The second pass removes the components along other vectors that rounding left in the first.
            for other in vectors + vectors {
                let part = dot(vector, other)
                for index in vector.indices { vector[index] -= part * other[index] }
            }
            let length = dot(vector, vector).squareRoot()
            // A draw that lies almost in the span of the others would be mostly rounding: draw another.
            guard length > 1e-6 else { continue }
            vectors.append(vector.map { $0 / length })
        }
        return vectors
    }

    private func dot(_ left: [Double], _ right: [Double]) -> Double {
        zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private mutating func nearlyNormal() -> Double {
        (0..<12).reduce(-6.0) { sum, _ in sum + uniform() }
    }

    /// A uniform number in [0, 1) with 53 random bits.
    private mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((word ^ (word >> 31)) >> 11) / 9_007_199_254_740_992
    }
}
