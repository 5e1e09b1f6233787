import TestSupport
import Testing

@testable import LinearAlgebra

extension Draws {
    mutating func numbers<T: Real>(_ count: Int, in range: ClosedRange<Double> = -2...2) -> [T] {
        (0..<count).map { _ in T(uniform(range)) }
    }

    mutating func matrix<T: Real>(
        rows: Int, columns: Int, in range: ClosedRange<Double> = -2...2
    ) -> Matrix<T> {
        let matrix = Matrix<T>(rows: rows, columns: columns)
        matrix.assign(numbers(rows * columns, in: range))
        return matrix
    }
}

/// A matrix with sentinels on both sides, so that a kernel that writes past its end is seen. It starts at an
/// odd offset, as parameters in a flat buffer do.
struct Guarded<T: Real> {
    let matrix: Matrix<T>
    private static var margin: Int { 37 }
    private static var sentinel: T { -12345.5 }

    init(_ values: [T], rows: Int, columns: Int) {
        let count = rows * columns
        let buffer = Buffer<T>(count: count + 2 * Self.margin)
        for index in 0..<buffer.count { buffer[index] = Self.sentinel }
        matrix = Matrix(buffer, offset: Self.margin, rows: rows, columns: columns)
        matrix.assign(values)
    }

    init(rows: Int, columns: Int) {
        self.init([T](repeating: .nan, count: rows * columns), rows: rows, columns: columns)
    }

    var values: [T] { matrix.values }

    var isIntact: Bool {
        let end = matrix.offset + matrix.count
        return ((0..<matrix.offset).map { $0 } + (end..<matrix.buffer.count).map { $0 })
            .allSatisfy { matrix.buffer[$0] == Self.sentinel }
    }
}

/// Below, at and above every vector width in use.
let awkwardSizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 257]

/// Every actual number within `tolerance` of the expected one, relative to numbers above 1 and absolutely
/// below.
func expectClose<T: Real>(
    _ actual: [T], _ expected: [Double], within tolerance: Double, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, "\(what)", sourceLocation: sourceLocation)
    for (index, (a, e)) in zip(actual, expected).enumerated() {
        if Double(a) == e || (a.isNaN && e.isNaN) { continue }
        let error = abs(Double(a) - e) / max(1, abs(e))
        guard error <= tolerance else {
            Issue.record(
                "\(what) \(T.self)[\(index)] is \(a), not \(e): error \(error)",
                sourceLocation: sourceLocation)
            return
        }
    }
}

func expectClose(
    _ actual: Double, _ expected: Double, within tolerance: Double, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    expectClose([actual], [expected], within: tolerance, what, sourceLocation: sourceLocation)
}

/// Whether two lists hold the same bits.
func sameBits<T: Real>(_ a: [T], _ b: [T]) -> Bool {
    a.count == b.count
        && zip(a, b).allSatisfy {
            $0.sign == $1.sign && $0.exponentBitPattern == $1.exponentBitPattern
                && $0.significandBitPattern == $1.significandBitPattern
        }
}

func doubles<T: Real>(_ values: [T]) -> [Double] { values.map { Double($0) } }
