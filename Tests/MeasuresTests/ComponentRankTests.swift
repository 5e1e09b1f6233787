import LinearAlgebra
import Model
import Testing

@testable import Measures

/// 4 × 4 pixels of 16 channels: the usual tolerance of 256 units is above what 1e-5 adds to variances.
private let image = ImageSize(height: 4, width: 4, channels: 16)
private let all: [NetworkComponent] = [
    .dense, .relu, .convolution, .layerNorm, .instanceNorm, .groupNorm(3), .batchNorm,
]

private func matrix(_ component: NetworkComponent, _ image: ImageSize, _ draws: inout Draws) -> Matrix<Double>
{
    component.matrixSize(image).map { draws.normals($0.rows, $0.columns) } ?? Matrix(rows: 0, columns: 0)
}

@Test func `Each component loses the ranks that its formula says`() {
    var draws = Draws(21)
    let (inputs, weight) = (draws.normals(300, 256), draws.normals(256, 256))
    let features = Matrix.product(inputs, weight)
    let active = (0..<256).count { features[0, $0] > 0 }
    // Each set has its mean and its own direction.
    let due: [(NetworkComponent, Int)] = [
        (.relu, active), (.layerNorm, 254), (.instanceNorm, 256 - 32), (.groupNorm(4), 248),
        (.groupNorm(64), 256 - 32), (.batchNorm, 256),
    ]
    for (component, rank) in due {
        let found = ComponentRank(
            component, image: image, inputs: inputs, weight: weight, matrix: matrix(component, image, &draws))
        #expect(found.rankBefore == 256 && found.rankAfter == rank, "\(component)")
        #expect(found.dimensionBefore == ComponentRank.dimension(features), "\(component)")
    }
    // A matrix of rank 20 leaves 20, of features and of the Jacobian.
    let narrow = Matrix.product(draws.normals(256, 20), draws.normals(20, 256))
    let found = ComponentRank(.dense, image: image, inputs: inputs, weight: weight, matrix: narrow)
    #expect(found.rankAfter == 20 && found.dimensionAfter == 20 && found.dimensionBefore > 200)
}

@Test(arguments: all) func `Derivatives are those of the values`(component: NetworkComponent) {
    var draws = Draws(22)
    let image = ImageSize(height: 3, width: 3, channels: 5)
    let features = draws.normals(4, 45), direction = draws.normals(1, 45)
    let map = ComponentMap(component, image, matrix(component, image, &draws), at: features)
    let found = map.derivative(along: direction).values
    func value(_ step: Double) -> [Double] {
        let point = Matrix<Double>(rows: 1, columns: 45)
        point.assign(zip(features.values, direction.values).map { $0 + step * $1 })
        return map.values(of: point).values
    }
    for (number, (after, before)) in zip(found, zip(value(1e-6), value(-1e-6))) {
        #expect(abs(number - (after - before) / 2e-6) < 1e-7 * max(1, abs(number)), "\(component)")
    }
}

@Test func `Normalised numbers have mean 0 and variance 1 over each set`() {
    var draws = Draws(23)
    let image = ImageSize(height: 3, width: 3, channels: 4)
    let features = draws.normals(50, 36)
    func values(_ component: NetworkComponent) -> [[Double]] {
        rows(ComponentMap(component, image, Matrix(rows: 0, columns: 0), at: features).values(of: features))
    }
    func expectStandard(_ numbers: [Double], _ what: String) {
        let count = Double(numbers.count)
        let mean = numbers.reduce(0, +) / count
        let variance = numbers.reduce(0) { $0 + $1 * $1 } / count - mean * mean
        // 1e-5 is added to the variance before the root.
        #expect(abs(mean) < 1e-12 && abs(variance - 1) < 2e-4, "\(what)")
    }
    for row in values(.layerNorm) { expectStandard(row, "layer") }
    for row in values(.instanceNorm) {
        for channel in 0..<4 { expectStandard((0..<9).map { row[4 * $0 + channel] }, "instance") }
    }
    for row in values(.groupNorm(2)) {
        for group in 0..<2 {
            expectStandard((0..<18).map { row[$0 / 2 * 4 + 2 * group + $0 % 2] }, "group")
        }
    }
    let batch = values(.batchNorm)
    for channel in 0..<4 {
        expectStandard(batch.flatMap { row in (0..<9).map { row[4 * $0 + channel] } }, "batch")
    }
}

@Test func `A convolution reads the pixels around, and zeros beyond the image`() {
    var draws = Draws(24)
    let image = ImageSize(height: 3, width: 4, channels: 2)
    let points = draws.normals(70, 24), kernel = draws.normals(18, 2)
    let found = ComponentMap(.convolution, image, kernel, at: points).values(of: points)
    for point in [0, 63, 64, 69] {
        for (row, column, channel) in [(0, 0, 0), (1, 2, 1), (2, 3, 0)] {
            var sum = 0.0
            for (index, (down, right)) in (0..<9).map({ ($0, ($0 / 3 - 1, $0 % 3 - 1)) }) {
                let (y, x) = (row + down, column + right)
                guard (0..<3).contains(y), (0..<4).contains(x) else { continue }
                for from in 0..<2 {
                    sum += points[point, (y * 4 + x) * 2 + from] * kernel[index * 2 + from, channel]
                }
            }
            #expect(abs(found[point, (row * 4 + column) * 2 + channel] - sum) < 1e-12)
        }
    }
}
