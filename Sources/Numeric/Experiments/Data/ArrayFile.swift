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

    /// A new file, in version 1 of the format, that is whole once it is committed.
    ///
    /// - Parameter element: f4 or i8, as the numbers are.
    static func begin(_ path: String, _ element: Element = .f4, shape: [Int]) throws(FileError) -> WholeFile {
        let sizes = shape.map { "\($0), " }.joined()
        var header = "{'descr': '<\(element.rawValue)', 'fortran_order': False, 'shape': (\(sizes)), }"
        header += String(repeating: " ", count: 63 - (header.utf8.count + 10) % 64) + "\n"
        let file = try WholeFile(path)
        try file.write(magic + [1, 0, UInt8(header.utf8.count & 0xff), UInt8(header.utf8.count >> 8)])
        try file.write(header.utf8)
        return file
    }

    func fault(_ problem: ArrayProblem) -> DataError {
        DataError(file: path, problem: .array(problem))
    }

    /// Calls `body` with the numbers in this range, in order; nil: with all.
    func forEach(in range: Range<Int>? = nil, _ body: (Double) -> Void) throws(DataError) {
        try reading(forEachNumber(in: range, body))
    }
}
