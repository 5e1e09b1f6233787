import LinearAlgebra

/// The random streams of one trial. A stream depends on (seed, purpose, index) alone: step n's noise does not
/// depend on what was drawn before it, so retries and restarts see the same numbers.
public struct RandomStreams: Sendable, Equatable {
    /// The use of a stream's numbers. The raw values must not change: records depend on them.
    public enum Purpose: UInt64, Sendable {
        case initialisation = 1
        /// Index: the epoch.
        case batchOrder = 2
        /// Index: the step.
        case latentNoise = 3
        /// Index: the step.
        case trainingData = 4
        case evaluationData = 5
        /// Index: the sample's number.
        case evaluationNoise = 6
        /// A teacher's weights, keyed by its own seed. Index: the layer.
        case teacherWeights = 7
        /// Candidates for a teacher's training and test points. Index: the block of candidates.
        case teacherTrainingPoints = 8
        case teacherTestPoints = 9
        /// The choice of the symmetric set's training patterns.
        case symmetricSplit = 20
        /// The classes' patterns of generated images, keyed by their own seed. Index: the class.
        case imageTemplates = 12
        /// Index: the image.
        case imageNoise = 13
        /// Perturbations of measured Jacobians. Index: the point's and the layer's.
        case perturbation = 30
        /// The choice of a finite table's training pairs. Index: 0.
        case trainingPart = 31
        /// The random layers of the component study. Index: 0 inputs, 1 the layer before, 2 the component's
        /// matrix.
        case component = 32
        /// The choice of inputs that a graph's Jacobians are taken in. Index: 0.
        case columns = 33
        /// The training labels that are replaced, and by which. Index: 0.
        case labelNoise = 34
        /// The choice of test points, keyed by its own seed. Index: the class; 0 in a regression.
        case testShare = 35
    }

    /// The trial's seed, the key of all its streams.
    public let seed: UInt64

    /// The streams of a seed.
    public init(seed: UInt64) { self.seed = seed }

    private func stream(_ purpose: Purpose, _ index: Int) -> UInt64 {
        purpose.rawValue << 48 | UInt64(index) & 0xFFFF_FFFF_FFFF
    }

    /// The first 32-bit words of a stream, each uniform.
    public func words(_ purpose: Purpose, index: Int = 0, count: Int) -> [UInt32] {
        Philox.words(key: seed, stream: stream(purpose, index), first: 0, count: count)
    }

    /// Fills `matrix` with standard normal variates: the stream's values from number 4 · `block` on.
    public func fillNormals(_ matrix: Matrix<Float>, _ purpose: Purpose, index: Int = 0, block: Int = 0) {
        matrix.fillNormals(key: seed, stream: stream(purpose, index), first: UInt64(block))
    }

    /// Fills `matrix` with the first of a stream's standard normal variates that lie within ±2.
    public func fillTruncatedNormals(_ matrix: Matrix<Float>, _ purpose: Purpose, index: Int = 0) {
        let draws = Matrix<Float>(rows: 256, columns: 4)
        var kept: [Float] = []
        kept.reserveCapacity(matrix.count + draws.count)
        var block = 0
        while kept.count < matrix.count {
            fillNormals(draws, purpose, index: index, block: block)
            kept += draws.values.filter { abs($0) <= 2 }
            block += draws.rows
        }
        matrix.assign(Array(kept.prefix(matrix.count)))
    }

    /// Fills `matrix` with numbers uniform on [−√3, √3), whose variance is 1.
    public func fillUniforms(_ matrix: Matrix<Float>, _ purpose: Purpose, index: Int = 0) {
        let words = Philox.words(key: seed, stream: stream(purpose, index), first: 0, count: matrix.count)
        let width = Double(3).squareRoot() / Double(UInt32(1) << 31)
        matrix.assign(words.map { Float((Double($0) + 0.5 - Double(UInt32(1) << 31)) * width) })
    }

    /// Writes a random order of 0 ..< order.count (Fisher & Yates). Draws are 32-bit fractions of the range,
    /// so the bias of any number is below count / 2³².
    public func shuffle(_ order: inout [UInt32], _ purpose: Purpose, index: Int) {
        let words = Philox.words(key: seed, stream: stream(purpose, index), first: 0, count: order.count)
        for position in order.indices { order[position] = UInt32(position) }
        for position in order.indices.reversed() where position > 0 {
            let other = Int((UInt64(words[position]) * UInt64(position + 1)) >> 32)
            order.swapAt(position, other)
        }
    }
}
