import Text

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
    /// A number that no training can use.
    case badNumber(String, at: [Int])
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
            "holds \(ArrayProblem.kind(type)) of type '\(type)'; real numbers of at most 64 bits are read: save "
                + (["texts", "Python objects"].contains(ArrayProblem.kind(type))
                    ? "classes as np.unique(y, return_inverse=True)[1]" : "x.astype('f4')")
        case .bigEndian(let type):
            "holds big-endian numbers ('\(type)'); save it as '<\(type.dropFirst())'"
        case .fortranOrder: "is in Fortran order; save it as np.ascontiguousarray(…)"
        case .tooLarge(let shape):
            "announces the shape \(tupleText(shape)): more than any file holds"
        case .truncated(let expected, let found):
            "is cut short: its header announces \(expected) bytes of data, it holds \(found)"
        case .trailing(let count): "goes on for \(count) bytes after the data that its header announces"
        case .dimensions(let shape, let expected):
            "has the shape \(tupleText(shape)); expected \(expected)"
        case .empty(let shape): "has the shape \(tupleText(shape)): no numbers"
        case .notFinite(let row): "has a number that is not finite (in single precision), at point \(row)"
        case .badLabel(let label, let index): "has the label \(label) at \(index); labels are 0, 1, 2, …"
        case .badNumber(let number, let at):
            "has \(number) at row \(at.first ?? 0)"
                + (at.count > 1 ? ", column \(at.dropFirst().map(String.init).joined(separator: ", "))" : "")
                + " (counted from 0); every number must be finite in single precision"
        }
    }

    /// The kind of things that a type of NumPy holds: "complex numbers", "text", …
    private static func kind(_ type: String) -> String {
        switch type.drop(while: { "<>|=".contains($0) }).first {
        case "c": "complex numbers"
        case "U", "S", "a": "texts"
        case "O": "Python objects"
        case "M", "m": "dates or times"
        default: "numbers"
        }
    }
}
