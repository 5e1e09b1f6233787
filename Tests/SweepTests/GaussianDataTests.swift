import Model
import Testing
import Text

@testable import Sweep

private func data(_ options: String, seed: Int = 0) throws -> GaussianData {
    let sweep = try SweepSpec(
        parsing: """
            name: s
            model: mlp
            dataset: {name: gaussian, \(options)}
            seed: \(seed)
            training: {steps: 1}
            """, file: "s.yaml")
    let dataset = sweep.grid[0].settings.dataset
    return try #require(dataset.description as? GaussianData)
}

/// C, [inputs][targets].
private func cross(_ gaussian: GaussianData) -> [[Double]] {
    gaussian.covariance.prefix(gaussian.inputs).map { Array($0.dropFirst(gaussian.inputs)) }
}

@Test func `A random cross covariance has the correlations as its canonical ones`() throws {
    let gaussian = try data("correlations: [0.9, 0.6], inputs: 30, targets: 2")
    let joint = gaussian.covariance
    #expect(gaussian.inputs == 30 && joint.count == 32)
    for row in joint.indices {
        for column in joint.indices {
            #expect(joint[row][column] == joint[column][row])
            guard (row < 30) == (column < 30) else { continue }
            #expect(joint[row][column] == (row == column ? 1 : 0))
        }
    }
    #expect(isPositiveDefinite(joint))
    // x and y are white: the squared canonical correlations are the eigenvalues of CᵀC, whose trace and
    // determinant are their sum and product.
    let c = cross(gaussian)
    func gram(_ i: Int, _ j: Int) -> Double { c.reduce(0) { $0 + $1[i] * $1[j] } }
    #expect(abs(gram(0, 0) + gram(1, 1) - (0.81 + 0.36)) < 1e-12)
    #expect(abs(gram(0, 0) * gram(1, 1) - gram(0, 1) * gram(0, 1) - 0.81 * 0.36) < 1e-12)
    // Neither along the axes of x nor along those of y.
    #expect(c.allSatisfy { $0.allSatisfy { abs($0) < 0.8 && $0 != 0 } })
    #expect(abs(gram(0, 1)) > 1e-3)
}

@Test func `The cross covariance depends on its own seed alone`() throws {
    let options = "correlations: [0.5], inputs: 3, targets: 2"
    let first = try data(options)
    #expect(try data(options, seed: 5) == first)
    #expect(try data(options + ", directions_seed: 0") == first)
    #expect(try data(options + ", directions_seed: 1") != first)
    // Trials' identifiers hash these numbers.
    let expected = [
        [-0.015744468937740574, 0.005590053420699736], [-0.46862075665045866, 0.1663831961613769],
        [-0.04647382017571266, 0.016500470004643327],
    ]
    #expect(cross(first) == expected)
}
