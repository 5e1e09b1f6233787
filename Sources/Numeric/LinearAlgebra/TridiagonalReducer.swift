import COpenBLAS

/// Reduces symmetric matrices to tridiagonal form and counts their eigenvalues: this counts a rank without
/// singular values (docs/measures.md). It allocates memory once, for matrices up to `order`.
public struct TridiagonalReducer {
    private var diagonal: [Double]
    private var offDiagonal: [Double]
    private var tau: [Double]
    private var work: [Double]
    private var size = 0
    /// Number of columns reduced together. LAPACK's own choice, 32, is a sixth slower for orders of 80 to
    /// 300, because a block is itself reduced by matrix-vector products.
    private static let block = 8

    /// Allocates memory for matrices up to `order`.
    public init(order: Int) {
        diagonal = [Double](repeating: 0, count: max(1, order))
        offDiagonal = [Double](repeating: 0, count: max(1, order))
        tau = [Double](repeating: 0, count: max(1, order))
        work = [Double](repeating: 0, count: max(1, order * TridiagonalReducer.block))
    }

    /// Reduces a matrix of which only the lower triangle is read (LAPACK dsytrd); overwrites the matrix.
    public mutating func reduce(_ matrix: Matrix<Double>) {
        precondition(matrix.rows == matrix.columns && matrix.rows <= diagonal.count)
        size = matrix.rows
        guard size > 0 else { return }
        // Row-major lower is column-major upper: the column-major call needs no transpose.
        _ = LAPACKE_dsytrd_work(
            LAPACK_COL_MAJOR, CChar(UInt8(ascii: "U")), Int32(size), matrix.base, Int32(size), &diagonal,
            &offDiagonal, &tau, &work, Int32(work.count))
    }

    /// Number of eigenvalues of the reduced matrix above `bound`, by Sylvester's law of inertia on the pivots
    /// of T − bound · I.
    public func count(above bound: Double) -> Int {
        var negative = 0
        var pivot = 1.0
        for i in 0..<size {
            let coupling = i == 0 ? 0 : offDiagonal[i - 1] * offDiagonal[i - 1]
            pivot = diagonal[i] - bound - coupling / pivot
            // A zero pivot: an eigenvalue equals the bound to the last bit, and counts as below it.
            if pivot == 0 { pivot = -Double.leastNormalMagnitude }
            if pivot < 0 { negative += 1 }
        }
        return size - negative
    }

    /// `count(above:)` for eight bounds at once, at nearly the cost of one, whose divisions wait for each
    /// other.
    private func counts(above bounds: SIMD8<Double>) -> SIMD8<Int64> {
        var negative = SIMD8<Int64>.zero
        var pivot = SIMD8<Double>(repeating: 1)
        let nudged = SIMD8<Double>(repeating: -Double.leastNormalMagnitude)
        for i in 0..<size {
            let coupling = i == 0 ? 0 : offDiagonal[i - 1] * offDiagonal[i - 1]
            pivot = (SIMD8(repeating: diagonal[i]) - bounds) - SIMD8(repeating: coupling) / pivot
            pivot.replace(with: nudged, where: pivot .== 0)
            negative.replace(with: negative &+ 1, where: pivot .< 0)
        }
        return SIMD8(repeating: Int64(size)) &- negative
    }

    /// `count(above:)` for each bound.
    public func counts(above bounds: [Double]) -> [Int] {
        var result: [Int] = []
        for start in stride(from: 0, to: bounds.count, by: 8) {
            let part = bounds[start..<min(bounds.count, start + 8)]
            var lanes = SIMD8<Double>.zero
            for (lane, bound) in part.enumerated() { lanes[lane] = bound }
            let counted = counts(above: lanes)
            for lane in part.indices { result.append(Int(counted[lane - start])) }
        }
        return result
    }

    /// The largest eigenvalue of the reduced matrix, found within Gershgorin's circles by counting at eight
    /// points at a time. The error is at most 2⁻⁵⁰ of the circles' radius.
    public var largestEigenvalue: Double {
        guard size > 0 else { return 0 }
        var low = -Double.infinity
        var high = -Double.infinity
        for i in 0..<size {
            let radius = (i > 0 ? abs(offDiagonal[i - 1]) : 0) + (i + 1 < size ? abs(offDiagonal[i]) : 0)
            low = max(low, diagonal[i])
            high = max(high, diagonal[i] + radius)
        }
        let ninths = SIMD8<Double>(1, 2, 3, 4, 5, 6, 7, 8) / 9
        // 9^19 > 2^60.
        for _ in 0..<19 where high > low {
            let trials = SIMD8(repeating: low) + ninths * (high - low)
            if trials[0] <= low || trials[7] >= high { break }
            let counted = counts(above: trials)
            let before = low
            for lane in 0..<8 where counted[lane] > 0 { low = trials[lane] }
            for lane in (0..<8).reversed() where counted[lane] == 0 && trials[lane] > before {
                high = trials[lane]
            }
        }
        return high
    }
}
