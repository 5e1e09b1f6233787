import CKernels

/// All pairs of points, processed in tiles: scalar products by BLAS, then loops over them in C. Holds
/// 128 · 1024 products, whatever the number of points.
public struct PairTiles {
    private let points: Matrix<Double>
    /// ‖x_i‖², [1, points].
    private let squares: Matrix<Double>
    private let tile: Matrix<Double>
    private static let rows = 128
    private static let columns = 1024

    /// Prepares the points.
    ///
    /// - Parameters:
    ///   - points: [points, dimensions], centred near the origin, because distances lose the digits by
    ///     which ‖x‖² exceeds them.
    ///   - squares: ‖x_i‖² of each point.
    public init(_ points: Matrix<Double>, squares: [Double]) {
        precondition(squares.count == points.rows)
        self.points = points
        self.squares = Matrix(rows: 1, columns: points.rows)
        self.squares.assign(squares)
        tile = Matrix(rows: PairTiles.rows, columns: PairTiles.columns)
    }

    /// Calls `body` with the products of each tile, its rows and its columns. Tiles entirely above the
    /// diagonal are included only with `aboveDiagonal`.
    private func forEach(
        aboveDiagonal: Bool, _ body: (Matrix<Double>, _ rows: Range<Int>, _ columns: Range<Int>) -> Void
    ) {
        for start in stride(from: 0, to: points.rows, by: PairTiles.rows) {
            let rows = start..<min(points.rows, start + PairTiles.rows)
            let end = aboveDiagonal ? points.rows : rows.upperBound
            for first in stride(from: 0, to: end, by: PairTiles.columns) {
                let columns = first..<min(end, first + PairTiles.columns)
                let products = tile.prefix(rows: rows.count, columns: columns.count)
                products.setProduct(points.rows(rows), points.rows(columns), transposeB: true)
                body(products, rows, columns)
            }
        }
    }

    /// Σ_j exp(−scale · ‖x_i − x_j‖²) for every point i, over the points of its group, including itself
    /// (`own`), and over all others (`others`): as `near` with scale, and as `far` with 4 · scale. Terms
    /// below e^−46 count as 0.
    ///
    /// - Parameter starts: for each point, the first point of its group; groups are consecutive.
    public func kernelSums(
        scale: Double, groups starts: [Int]
    ) -> (near: (own: [Double], others: [Double]), far: (own: [Double], others: [Double])) {
        precondition(starts.count == points.rows)
        let sums = (0..<4).map { _ in Matrix<Double>(rows: 1, columns: points.rows) }
        // A point's term with itself is e⁰.
        sums[0].fill(1)
        sums[1].fill(1)
        forEach(aboveDiagonal: false) { products, rows, columns in
            for row in rows {
                let end = max(columns.lowerBound, min(row, columns.upperBound))
                let own = min(end, max(columns.lowerBound, starts[row]))
                for (part, near, far) in [
                    (own..<end, sums[0], sums[1]), (columns.lowerBound..<own, sums[2], sums[3]),
                ] where !part.isEmpty {
                    let line = products.base + (row - rows.lowerBound) * columns.count
                    let first = part.lowerBound
                    var both = [0.0, 0.0]
                    ck_pair_shares(
                        line + (first - columns.lowerBound), squares.base + first, squares.base[row], scale,
                        part.count, near.base + first, far.base + first, &both)
                    near.base[row] += both[0]
                    far.base[row] += both[1]
                }
            }
        }
        return ((sums[0].values, sums[2].values), (sums[1].values, sums[3].values))
    }

    /// The (up to) four nearest other points of each point, nearest first, to the rounding of products.
    public func nearest() -> [[Int]] {
        var best = [Double](repeating: .infinity, count: 4 * points.rows)
        var nearest = [Int64](repeating: -1, count: 4 * points.rows)
        best.withUnsafeMutableBufferPointer { best in
            nearest.withUnsafeMutableBufferPointer { nearest in
                guard let best = best.baseAddress, let nearest = nearest.baseAddress else { return }
                forEach(aboveDiagonal: true) { products, rows, columns in
                    for row in rows {
                        // The point itself if the tile contains it, otherwise no column.
                        let skip = columns.contains(row) ? row - columns.lowerBound : columns.count
                        let line = products.base + (row - rows.lowerBound) * columns.count
                        ck_nearest(
                            line, squares.base + columns.lowerBound, columns.count, skip,
                            Int64(columns.lowerBound), best + 4 * row, nearest + 4 * row)
                    }
                }
            }
        }
        return (0..<points.rows).map { row in
            nearest[4 * row..<4 * row + 4].filter { $0 >= 0 }.map { Int($0) }
        }
    }
}
