import Learning
import LinearAlgebra
import Testing

@Suite struct LogDeterminantTests {
    @Test(arguments: [(20, 6, "logDeterminantTall"), (6, 20, "logDeterminantWide")])
    func `Value and gradient are NumPy's, on either Gram matrix`(points: Int, units: Int, name: String) throws
    {
        let h = drawn(95, points, units)
        let gradient = Matrix<Double>(rows: points, columns: units)
        let regulariser = LogDeterminant(points: 32, units: units)
        let value = try #require(regulariser.value(of: h, epsilon: 0.01, addTo: gradient))
        expectPeers(name, [value] + gradient.rows(0..<1).values, 1e-11)
        #expect(regulariser.value(of: h, epsilon: 0.01) == value)
    }

    @Test(arguments: [(9, 4), (4, 9), (5, 5)]) func `The gradient is the finite difference`(
        points: Int, units: Int
    ) throws {
        let h = drawn(96, points, units)
        let gradient = Matrix<Double>(rows: points, columns: units)
        gradient.fill(1)
        let regulariser = LogDeterminant(points: points, units: units)
        _ = try #require(regulariser.value(of: h, epsilon: 0.1, addTo: gradient, scale: 0.5))
        for row in 0..<points {
            for column in 0..<units {
                let old = h[row, column]
                h[row, column] = old + 1e-5
                let above = try #require(regulariser.value(of: h, epsilon: 0.1))
                h[row, column] = old - 1e-5
                let below = try #require(regulariser.value(of: h, epsilon: 0.1))
                h[row, column] = old
                // It is added to what was there.
                #expect(abs(gradient[row, column] - 1 - 0.5 * (above - below) / 2e-5) < 1e-7)
            }
        }
    }

    @Test func `Single precision is computed in double`() throws {
        let h = Matrix<Float>(rows: 8, columns: 5)
        h.assign(converting: drawn(97, 8, 5))
        let wide = Matrix<Double>(rows: 8, columns: 5)
        wide.assign(converting: h)
        let (single, double) = (Matrix<Float>(rows: 8, columns: 5), Matrix<Double>(rows: 8, columns: 5))
        let regulariser = LogDeterminant(points: 8, units: 5)
        let value = regulariser.value(of: h, epsilon: 1e-3, addTo: single)
        #expect(value == regulariser.value(of: wide, epsilon: 1e-3, addTo: double))
        #expect(zip(single.values, double.values).allSatisfy { $0 == Float($1) })
    }

    @Test(arguments: [Double.nan, .infinity, 1e200])
    func `Matrices without a determinant leave the gradient alone`(entry: Double) {
        let h = Matrix<Double>([[1, 1], [entry, 2], [1, 2]])
        let gradient = Matrix<Double>(rows: 3, columns: 2)
        #expect(LogDeterminant(points: 3, units: 2).value(of: h, epsilon: 1, addTo: gradient) == nil)
        #expect(gradient.values.allSatisfy { $0 == 0 })
    }
}
