/// Why a .npy file gives no points or labels.
public enum ArrayProblem: Error, Equatable, Sendable {
    case notNPY
    case version(UInt8, UInt8)
    case headerCut
    case header(String)
    case type(String)
    case bigEndian(String)
    case fortranOrder
    case tooLarge(shape: [Int])
    case truncated(expected: Int, found: Int)
    case trailing(Int)
    case dimensions([Int], expected: String)
    case empty([Int])
    case notFinite(row: Int)
    case badLabel(String, at: Int)
}

extension ArrayProblem {
    /// The problem in words that follow the file's name.
    public var words: String {
        switch self {
        case .notNPY: "is not a .npy file"
        case .version(let major, let minor):
            "is a .npy file of version \(major).\(minor); 1, 2 and 3 are read"
        case .headerCut: "is a .npy file cut short in its header"
        case .header(let what): "is a .npy file whose header \(what)"
        case .type(let type):
            "holds numbers of type '\(type)'; f4, f8, u1, i4 and i8 are read: save x.astype('f4')"
        case .bigEndian(let type):
            "holds big-endian numbers ('\(type)'); save it as '<\(type.dropFirst())'"
        case .fortranOrder: "is in Fortran order; save it as np.ascontiguousarray(…)"
        case .tooLarge(let shape):
            "announces the shape \(ArrayProblem.tuple(shape)): more than any file holds"
        case .truncated(let expected, let found):
            "is cut short: its header announces \(expected) bytes of data, it holds \(found)"
        case .trailing(let count): "goes on for \(count) bytes after the data that its header announces"
        case .dimensions(let shape, let expected):
            "has the shape \(ArrayProblem.tuple(shape)); expected \(expected)"
        case .empty(let shape): "has the shape \(ArrayProblem.tuple(shape)): no numbers"
        case .notFinite(let row): "has a number that is not finite (in single precision), at point \(row)"
        case .badLabel(let label, let index): "has the label \(label) at \(index); labels are 0, 1, 2, …"
        }
    }

    /// The shape as Python writes it.
    private static func tuple(_ shape: [Int]) -> String {
        "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
    }
}
