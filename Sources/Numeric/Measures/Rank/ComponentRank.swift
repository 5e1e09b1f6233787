import LinearAlgebra
import Model

/// A component of networks, between layers with the same number of units.
public enum NetworkComponent: Hashable, Sendable {
    /// Another square matrix.
    case dense
    case relu
    /// 3 × 3 pixels, zeros around the image, the same number of channels; a new matrix.
    case convolution
    case layerNorm
    case instanceNorm
    /// This many groups of neighbouring channels, as equal as possible; at most one group per channel.
    case groupNorm(Int)
    case batchNorm

    /// The shape of the component's matrix: rows are its inputs, columns its outputs. nil if it
    /// has no matrix.
    public func matrixSize(_ image: ImageSize) -> (rows: Int, columns: Int)? {
        switch self {
        case .dense: (image.count, image.count)
        case .convolution: (9 * image.channels, image.channels)
        default: nil
        }
    }
}

/// The effect of a component on ranks (rank diminishing, Figure 3): x → h = W x → c(h), with x standard
/// normal and W square and normal. It compares the rank of the Jacobian at one point and the dimension of the
/// features before and after c.
///
/// - Ranks count σ_i ≥ 1.19e-7 n σ_1, n being the number of units.
/// - Dimensions count the eigenvalues of the points' covariance of at least 1.19e-7 N λ_1, N = min(points, n)
///   being their number. They are at most points − 1.
/// - Normalisations have no γ and β, and add 1e-5 to variances. Batch normalisation takes its moments from
///   the points; its Jacobian treats them as constants.
///
/// Cost: products of n³ in double, two Gram matrices of n and their tridiagonal forms (4/3 n³, half of it at
/// the speed of memory), and two of min(points, n). Images are stored as everywhere: within a pixel, channel
/// by channel.
public struct ComponentRank: Equatable, Sendable {
    /// The rank of the Jacobian of h.
    public let rankBefore: Int
    /// The rank of the Jacobian of c(h).
    public let rankAfter: Int
    /// The dimension of h over the points.
    public let dimensionBefore: Int
    /// The dimension of c(h) over the points.
    public let dimensionAfter: Int

    /// Measures a component.
    ///
    /// - Parameters:
    ///   - inputs: [points, n]; Jacobians are taken at the first.
    ///   - weight: Wᵀ, [n, n].
    ///   - matrix: the component's own, of shape `matrixSize`; empty if it has none.
    public init(
        _ component: NetworkComponent, image: ImageSize, inputs: Matrix<Double>, weight: Matrix<Double>,
        matrix: Matrix<Double>
    ) {
        let features = Matrix.product(inputs, weight)
        let map = ComponentMap(component, image, matrix, at: features)
        rankBefore = NumericalRank.atDefaultTolerance(weight)
        dimensionBefore = ComponentRank.dimension(features)
        rankAfter = NumericalRank.atDefaultTolerance(map.derivative(along: weight))
        dimensionAfter = ComponentRank.dimension(map.values(of: features))
    }

    /// The dimension, from the singular values of the centred points, whose squares are the eigenvalues.
    static func dimension(_ features: Matrix<Double>) -> Int {
        let centred = Matrix<Double>(rows: features.rows, columns: features.columns)
        let sums = Matrix<Double>(rows: 1, columns: features.columns)
        sums.setColumnSums(of: features)
        let means = sums.values.map { $0 / Double(features.rows) }
        centred.assign(features)
        for row in 0..<features.rows {
            for column in 0..<features.columns { centred[row, column] -= means[column] }
        }
        let count = min(features.rows, features.columns)
        return NumericalRank.counts(centred, tolerances: [(1.19e-7 * Double(count)).squareRoot()])[0]
    }
}

/// A component applied to points, and its derivative at the first of them.
struct ComponentMap {
    private let component: NetworkComponent
    private let image: ImageSize
    private let matrix: Matrix<Double>
    /// [points, n]
    private let features: Matrix<Double>
    /// For normalisations within a point: the set of columns that each column is normalised with.
    private let sets: [Int]
    private let setCount: Int
    /// For batch normalisation: the moments of each channel.
    private let moments: [Moments]

    struct Moments {
        var mean = 0.0
        var variance = 0.0
        var scale: Double { 1 / (variance + 1e-5).squareRoot() }
    }

    init(
        _ component: NetworkComponent, _ image: ImageSize, _ matrix: Matrix<Double>,
        at features: Matrix<Double>
    ) {
        (self.component, self.image, self.matrix, self.features) = (component, image, matrix, features)
        let channels = image.channels
        let groups: Int? =
            switch component {
            case .layerNorm: 1
            case .instanceNorm: channels
            case .groupNorm(let groups): min(groups, channels)
            default: nil
            }
        setCount = groups ?? 0
        sets = groups.map { groups in (0..<image.count).map { $0 % channels * groups / channels } } ?? []
        moments = component == .batchNorm ? ComponentMap.channelMoments(features, channels) : []
    }

    /// The component applied to points, [points, n].
    func values(of points: Matrix<Double>) -> Matrix<Double> {
        changed(points) { row in
            switch component {
            case .relu: for column in row.indices { row[column] = max(0, row[column]) }
            case .batchNorm:
                for column in row.indices {
                    let moment = moments[column % image.channels]
                    row[column] = (row[column] - moment.mean) * moment.scale
                }
            default: row = normalised(row).values
            }
        }
    }

    /// The derivative along each direction, [directions, n], at the first point.
    func derivative(along directions: Matrix<Double>) -> Matrix<Double> {
        let point = features.rows(0..<1).values
        let (values, scales) = setCount > 0 ? normalised(point) : ([], [])
        return changed(directions) { row in
            switch component {
            case .relu: for column in row.indices where point[column] <= 0 { row[column] = 0 }
            case .batchNorm:
                for column in row.indices { row[column] *= moments[column % image.channels].scale }
            default:
                // (t − mean t − x̂ mean(x̂ t)) / σ over each set.
                var means = [Double](repeating: 0, count: setCount), products = means
                var counts = means
                for column in row.indices {
                    means[sets[column]] += row[column]
                    products[sets[column]] += values[column] * row[column]
                    counts[sets[column]] += 1
                }
                for column in row.indices {
                    let set = sets[column]
                    let rest = row[column] - (means[set] + values[column] * products[set]) / counts[set]
                    row[column] = rest * scales[set]
                }
            }
        }
    }

    /// Applies linear components by products, and `change` to the rows for the others.
    private func changed(
        _ rows: Matrix<Double>, _ change: (inout [Double]) -> Void
    ) -> Matrix<Double> {
        switch component {
        case .dense: return Matrix.product(rows, matrix)
        case .convolution: return convolved(rows)
        default:
            let result = Matrix<Double>(rows: rows.rows, columns: rows.columns)
            for index in 0..<rows.rows {
                var row = rows.rows(index..<index + 1).values
                change(&row)
                result.rows(index..<index + 1).assign(row)
            }
            return result
        }
    }

    private func convolved(_ images: Matrix<Double>) -> Matrix<Double> {
        let result = Matrix<Double>(rows: images.rows, columns: images.columns)
        guard let window = ImageWindow(image: image, kernel: 3, stride: 1, padding: 1) else { return result }
        for start in stride(from: 0, to: images.rows, by: 64) {
            let some = start..<min(images.rows, start + 64)
            let windows = Matrix<Double>(rows: some.count * window.positions, columns: window.columns)
            windows.setWindows(of: images.rows(some), window)
            result.rows(some).reshaped(rows: windows.rows, columns: image.channels)
                .setProduct(windows, matrix)
        }
        return result
    }

    /// x̂, and 1/σ of each set.
    private func normalised(_ row: [Double]) -> (values: [Double], scales: [Double]) {
        var moments = [Moments](repeating: Moments(), count: setCount)
        var counts = [Double](repeating: 0, count: setCount)
        for column in row.indices {
            counts[sets[column]] += 1
            moments[sets[column]].mean += row[column]
        }
        for set in moments.indices { moments[set].mean /= counts[set] }
        for column in row.indices {
            let rest = row[column] - moments[sets[column]].mean
            moments[sets[column]].variance += rest * rest / counts[sets[column]]
        }
        let scales = moments.map(\.scale)
        let values = row.indices.map { (row[$0] - moments[sets[$0]].mean) * scales[sets[$0]] }
        return (values, scales)
    }

    private static func channelMoments(_ features: Matrix<Double>, _ channels: Int) -> [Moments] {
        let pixels = features.reshaped(rows: features.count / channels, columns: channels)
        let count = Double(pixels.rows)
        let sums = Matrix<Double>(rows: 1, columns: channels)
        sums.setColumnSums(of: pixels)
        var moments = sums.values.map { Moments(mean: $0 / count) }
        for row in 0..<pixels.rows {
            for channel in 0..<channels {
                let rest = pixels[row, channel] - moments[channel].mean
                moments[channel].variance += rest * rest / count
            }
        }
        return moments
    }
}
