import LinearAlgebra

/// The four measures of neural collapse (Papyan, Han & Donoho 2020) of a layer's features h, with equal
/// weights for all classes: μ_c is a class's mean, μ_G the mean of those, m_c = μ_c − μ_G, and C the number
/// of classes that have points. All four are 0 at full collapse.
///
///     NC1  tr(Σ_W Σ_B⁺) / C,   Σ_W = mean_c mean_{i in c} (h − μ_c)(h − μ_c)ᵀ,  Σ_B = mean_c m_c m_cᵀ
///     NC2  the coefficient of variation of the ‖m_c‖, the standard deviation over pairs of cos(m_c, m_c'),
///          and the mean over pairs of |cos + 1/(C − 1)|; the same of the head's rows w_c
///     NC3  ‖ W/‖W‖_F − M/‖M‖_F ‖_F², M having the m_c as rows
///     NC4  the share of points that the network does not put into the class whose mean is nearest
///
/// Cost: points · features · C. Eigenvalues of Σ_B below 1e-10 of the largest count as 0 in its inverse.
///
/// When not to trust it: on test points Σ_W is not that of training, where collapse is defined. With unequal
/// classes the paper's μ_G, a mean over points, would differ. NC1 has no upper limit and cannot be compared
/// across widths; with fewer points per class than features it is too small.
public struct NeuralCollapse: Equatable, Sendable {
    /// NC1.
    public let variability: Double
    /// NC2 for the class means.
    public let means: Simplex
    /// NC2 for the head's rows; nil without a head.
    public let head: Simplex?
    /// NC3; nil without a head.
    public let duality: Double?
    /// NC4; nil without predictions.
    public let nearestMean: Double?

    /// The distance of vectors from the corners of a simplex.
    public struct Simplex: Equatable, Sendable {
        /// Standard deviation of lengths / mean length.
        public let lengths: Double
        /// Standard deviation of cosines over pairs.
        public let angles: Double
        /// Mean of |cos + 1/(C − 1)| over pairs.
        public let maximality: Double
    }

    /// Computes the measures; nil if fewer than two classes have points, or if all class means are equal.
    ///
    /// - Parameters:
    ///   - features: [points, features], h.
    ///   - labels: the class of each point.
    ///   - weight: [classes, features], the linear head on h; nil leaves out NC3.
    ///   - predictions: the class that the network gives each point, for NC4.
    /// - Throws: `FactorisationError` if LAPACK's iteration does not converge.
    public init?<Scalar: Real>(
        _ features: Matrix<Scalar>, labels: [Int32], weight: Matrix<Scalar>? = nil,
        predictions: [Int32]? = nil
    ) throws(FactorisationError) {
        precondition(labels.count == features.rows)
        let classes = ClassMeans(widened(features), labels)
        guard classes.labels.count > 1 else { return nil }
        guard let variability = try classes.variability() else { return nil }
        self.variability = variability
        means = Simplex(classes.centred)
        let rows = weight.map { weight in
            precondition(weight.columns == features.columns)
            let rows = Matrix<Double>(rows: classes.labels.count, columns: features.columns)
            rows.assign(rows: classes.labels.map(Int.init), of: widened(weight))
            return rows
        }
        head = rows.map { Simplex($0) }
        duality = rows.map { distance($0.values, classes.centred.values) }
        nearestMean = predictions.map { predictions in
            let nearest = classes.nearest()
            let apart = predictions.indices.count { predictions[$0] != nearest[$0] }
            return Double(apart) / Double(max(1, predictions.count))
        }
    }
}

/// ‖a/‖a‖ − b/‖b‖‖², in which a zero vector remains zero.
private func distance(_ a: [Double], _ b: [Double]) -> Double {
    func scale(_ values: [Double]) -> Double {
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? 1 / length : 0
    }
    let (scaleA, scaleB) = (scale(a), scale(b))
    return zip(a, b).reduce(0) {
        let difference = $1.0 * scaleA - $1.1 * scaleB
        return $0 + difference * difference
    }
}

extension NeuralCollapse.Simplex {
    /// Computes NC2 of vectors given as rows, at least two. A zero vector has cosine 0 with all others.
    init(_ vectors: Matrix<Double>) {
        let count = vectors.rows
        let products = Matrix.product(vectors, vectors, transposeB: true).values
        let lengths = (0..<count).map { products[$0 * count + $0].squareRoot() }
        var cosines: [Double] = []
        for row in 0..<count {
            for column in 0..<row {
                let scale = lengths[row] * lengths[column]
                cosines.append(scale > 0 ? products[row * count + column] / scale : 0)
            }
        }
        let ideal = -1 / Double(count - 1)
        let (mean, deviation) = NeuralCollapse.Simplex.moments(lengths)
        self.lengths = mean > 0 ? deviation / mean : 0
        angles = NeuralCollapse.Simplex.moments(cosines).deviation
        maximality = cosines.reduce(0) { $0 + abs($1 - ideal) } / Double(cosines.count)
    }

    private static func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot())
    }
}

/// The means of the classes that have points, in the order of their labels.
private struct ClassMeans {
    let labels: [Int32]
    /// μ_c, [classes, features]
    let means: Matrix<Double>
    /// m_c.
    let centred: Matrix<Double>
    private let features: Matrix<Double>
    /// The class of each point, as an index of `labels`.
    private let classOf: [Int]
    private let counts: [Int]

    init(_ features: Matrix<Double>, _ labels: [Int32]) {
        self.features = features
        let present = Set(labels).sorted()
        self.labels = present
        let index = Dictionary(uniqueKeysWithValues: present.enumerated().map { ($1, $0) })
        classOf = labels.map { index[$0] ?? 0 }
        let indicator = Matrix<Double>(rows: features.rows, columns: present.count)
        var counts = [Int](repeating: 0, count: present.count)
        for (point, number) in classOf.enumerated() {
            indicator[point, number] = 1
            counts[number] += 1
        }
        self.counts = counts
        let sums = Matrix.product(indicator, features, transposeA: true)
        means = Matrix(rows: present.count, columns: features.columns)
        means.assign(rows: Array(0..<present.count), of: sums, times: counts.map { 1 / Double($0) })
        centred = Measures.centred(means).points
    }

    /// NC1; nil if Σ_B is 0.
    func variability() throws(FactorisationError) -> Double? {
        let count = labels.count
        let gram = Matrix<Double>(rows: count, columns: count)
        gram.setGram(of: centred, transposed: false)
        let eigen = try gram.symmetricEigen()
        let kept = eigen.values.indices.filter { eigen.values[$0] > 1e-10 * (eigen.values.last ?? 0) }
        guard !kept.isEmpty, eigen.values[kept[0]] > 0 else { return nil }
        // Eigenvectors of Σ_B as rows: Mᵀ u / √s, with s an eigenvalue of M Mᵀ, whose eigenvalue in Σ_B is s
        // / C.
        let all = Matrix.product(eigen.vectors, centred, transposeA: true)
        let directions = Matrix<Double>(rows: kept.count, columns: features.columns)
        directions.assign(rows: kept, of: all, times: kept.map { 1 / eigen.values[$0].squareRoot() })
        let points = Matrix.product(features, directions, transposeB: true).values
        let centres = Matrix.product(means, directions, transposeB: true).values
        var trace = 0.0
        for (point, number) in classOf.enumerated() {
            let weight = 1 / Double(counts[number] * count)
            for (column, index) in kept.enumerated() {
                let away = points[point * kept.count + column] - centres[number * kept.count + column]
                trace += weight * away * away * Double(count) / eigen.values[index]
            }
        }
        return trace / Double(count)
    }

    /// The label of the mean nearest to each point, the first of equal ones.
    func nearest() -> [Int32] {
        let products = Matrix.product(features, means, transposeB: true).values
        let squares = squaredLengths(means)
        return classOf.indices.map { point in
            var (best, least) = (0, Double.infinity)
            for number in labels.indices {
                let distance = squares[number] - 2 * products[point * labels.count + number]
                if distance < least { (best, least) = (number, distance) }
            }
            return labels[best]
        }
    }
}
