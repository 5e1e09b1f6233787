import Text

/// Jointly Gaussian inputs and targets, drawn anew for every batch.
public struct GaussianData: Hashable, Sendable, DatasetDescription {
    /// The joint covariance of (x, y), row-major, (inputs + targets)².
    public var covariance: [[Double]]
    /// How many of the variables are inputs; the others are targets.
    public var inputs: Int
    /// Points of the evaluation sample.
    public var testPoints: Int

    /// Points of a joint covariance.
    public init(covariance: [[Double]], inputs: Int, testPoints: Int) {
        self.covariance = covariance
        self.inputs = inputs
        self.testPoints = testPoints
    }

    /// What is known of all Gaussian data.
    public static let kind = DataKind(
        names: ["gaussian"], activation: .linear, width: 64, mayHaveClasses: false, bottleneck: nil,
        sigmaShift: 0)

    var facts: DataFacts {
        DataFacts(
            input: .vector(inputs), outputs: covariance.count - inputs, classes: 0, trainCount: nil,
            testCount: testPoints, losses: [.meanSquaredError], vibLosses: [.gaussianNLL, .meanSquaredError])
    }

    var json: JSONValue {
        .object([
            "name": .string("gaussian"), "covariance": .array(covariance.map { JSONValue($0) }),
            "inputs": JSONValue(inputs), "test_points": JSONValue(testPoints),
        ])
    }
}

extension GaussianData {
    /// x and y standard normal with as many components each, of which the i-th of x and of y have the i-th
    /// correlation and all others are independent.
    public init(correlations: [Double], testPoints: Int) {
        let count = correlations.count
        let covariance = (0..<2 * count).map { row in
            (0..<2 * count).map { column in
                row == column ? 1 : row % count == column % count ? correlations[row % count] : 0
            }
        }
        self.init(covariance: covariance, inputs: count, testPoints: testPoints)
    }

    /// x and y standard normal, with the random cross-covariance Σ_i ρ_i u_i v_iᵀ: the ρ_i are its canonical
    /// correlations, the u_i orthonormal in x's space and the v_i in y's, of directions drawn from a seed.
    ///
    /// A trial's identifier hashes the numbers, so they may not depend on the machine: they are made by
    /// operations that IEEE 754 rounds exactly, without logarithms and cosines.
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

/// Directions from a seed: SplitMix64 (Steele, Lea & Flood 2014), sums of twelve uniform numbers, nearly
/// normal, so that no direction is much likelier than another, and Gram's and Schmidt's orthogonalisation.
private struct DirectionDraws {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// `count` orthonormal vectors. Precondition: count ≤ dimension.
    mutating func orthonormal(_ count: Int, of dimension: Int) -> [[Double]] {
        var vectors: [[Double]] = []
        while vectors.count < count {
            var vector = (0..<dimension).map { _ in nearlyNormal() }
            // Twice: what rounding leaves of the others after the first time.
            for other in vectors + vectors {
                let part = dot(vector, other)
                for index in vector.indices { vector[index] -= part * other[index] }
            }
            let length = dot(vector, vector).squareRoot()
            // A draw that the others nearly span would be mostly rounding: take another.
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

    /// In [0, 1), of 53 bits.
    private mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((word ^ (word >> 31)) >> 11) / 9_007_199_254_740_992
    }
}
