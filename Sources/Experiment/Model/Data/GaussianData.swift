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

    /// The kind of all Gaussian data.
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
            // The second pass removes what rounding left of the other vectors after the first.
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
