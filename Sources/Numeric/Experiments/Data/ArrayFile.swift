import Files
import LinearAlgebra

extension ArrayFile {
    init(opening path: String) throws(DataError) {
        do throws(Fault) { self = try ArrayFile(path) } catch {
            switch error {
            case .unreadable(let cause): throw DataError(file: cause.path, problem: .unreadable(cause.cause))
            case .content(let problem): throw DataError(file: path, problem: .array(problem))
            }
        }
    }

    /// Writes an array of this shape, in version 1 of the format.
    static func write(_ matrix: Matrix<Float>, shape: [Int], to path: String) throws(FileError) {
        let sizes = shape.map { "\($0), " }.joined()
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)), }"
        header += String(repeating: " ", count: 63 - (header.utf8.count + 10) % 64) + "\n"
        var bytes: [UInt8] = magic + [1, 0, UInt8(header.utf8.count & 0xff), UInt8(header.utf8.count >> 8)]
        bytes += Array(header.utf8)
        let file = try WholeFile(path)
        try file.write(bytes)
        for row in 0..<matrix.rows {
            bytes.removeAll(keepingCapacity: true)
            for value in matrix.rows(row..<row + 1).values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
            }
            try file.write(bytes)
        }
        try file.commit()
    }

    func fault(_ problem: ArrayProblem) -> DataError {
        DataError(file: path, problem: .array(problem))
    }

    /// Calls `body` with the numbers in this range, in order; nil: with all.
    func forEach(in range: Range<Int>? = nil, _ body: (Double) -> Void) throws(DataError) {
        try reading(forEachNumber(in: range, body))
    }
}
