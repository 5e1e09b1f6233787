import LinearAlgebra
import Testing

// The matrices of docs/benchmarks/check_measures.py, and comparison with its numbers (PeerValues.swift).

/// Uniform in [−1, 1), row by row.
func drawn(_ seed: UInt64, _ rows: Int, _ columns: Int) -> Matrix<Double> {
    let matrix = Matrix<Double>(rows: rows, columns: columns)
    var state = seed
    var values: [Double] = []
    for _ in 0..<rows * columns + 8 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        values.append(Double(state >> 11) * 0x1p-52 - 1)
    }
    matrix.assign(Array(values.dropFirst(8)))
    return matrix
}

func drawnLabels(_ seed: UInt64, _ points: Int, _ classes: Int) -> [Int32] {
    drawn(seed, points, 1).values.map { Int32((($0 + 1) / 2 * Double(classes)).rounded(.down)) }
}

/// Number by number.
func mapped(_ matrix: Matrix<Double>, _ transform: (Double) -> Double) -> Matrix<Double> {
    let result = Matrix<Double>(rows: matrix.rows, columns: matrix.columns)
    result.assign(matrix.values.map(transform))
    return result
}

func sum(_ a: Matrix<Double>, _ b: Matrix<Double>, times factor: Double = 1) -> Matrix<Double> {
    let result = Matrix<Double>(rows: a.rows, columns: a.columns)
    result.assign(zip(a.values, b.values).map { $0 + factor * $1 })
    return result
}

func largestLabels(_ logits: Matrix<Double>) -> [Int32] {
    rows(logits).map { row in Int32(row.indices.max { (row[$0], -$0) < (row[$1], -$1) } ?? 0) }
}

func isClose(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(b))
}

/// The numbers are the peer's, to a tolerance relative to the larger of 1 and the number.
func expectPeers(
    _ name: String, _ values: [Double], _ tolerance: Double, location: SourceLocation = #_sourceLocation
) {
    let peers = peerValues[name] ?? []
    #expect(peers.count == values.count, "\(name)", sourceLocation: location)
    for (index, (value, peer)) in zip(values, peers).enumerated() {
        #expect(
            isClose(value, peer, tolerance), "\(name)[\(index)]: \(value), not \(peer)",
            sourceLocation: location)
    }
}
