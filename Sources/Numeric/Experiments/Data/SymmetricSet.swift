import Glibc
import LinearAlgebra
import Model
import Sweep

/// The symmetric data set of Shwartz-Ziv & Tishby (2017): all 4096 patterns of 12 bits, with a class that is
/// invariant under the symmetries of the icosahedron. It needs no download: the rule below reproduces the
/// published file without a mismatch.
///
/// The bits are an icosahedron's vertices. Let S be the set of a pattern's ones, k = |S|, a the number of
/// edges and c the number of antipodal pairs inside S. Then y = 1 where
///
///     k = 5: a = 7;   k = 6: a ≥ 7, or a = 6 and c = 0;   k = 7: not (a = 8 and c = 2);   k ≥ 8: always
///
/// and 0 otherwise. 2118 patterns have y = 1; H(Y) = I(X;Y) = 0.9991571208502711 bits.
public enum SymmetricSet {
    /// Bits of a pattern.
    public static let bits = SymmetricData.bits
    /// Number of patterns.
    public static let patterns = SymmetricData.patterns

    /// The vertices joined to each vertex by an edge, as a bit mask: bit i stands for vertex i.
    private static let neighbours: [Int] = [
        [1, 3, 5, 10, 11], [0, 2, 3, 4, 11], [1, 3, 4, 8, 9], [0, 1, 2, 8, 10], [1, 2, 6, 9, 11],
        [0, 6, 7, 10, 11], [4, 5, 7, 9, 11], [5, 6, 8, 9, 10], [2, 3, 7, 9, 10], [2, 4, 6, 7, 8],
        [0, 3, 5, 7, 8], [0, 1, 4, 5, 6],
    ].map { $0.reduce(0) { $0 | 1 << $1 } }

    /// The vertex opposite to each vertex.
    private static let antipodes = [9, 7, 5, 6, 10, 2, 3, 1, 11, 0, 4, 8]

    /// Whether a vertex is in the pattern: vertex 0 is the most significant of its 12 bits.
    public static func isSet(_ vertex: Int, of pattern: Int) -> Bool {
        precondition(vertex >= 0 && vertex < bits)
        return pattern >> (bits - 1 - vertex) & 1 == 1
    }

    /// y of a pattern, 0 ..< 4096.
    public static func label(of pattern: Int) -> Int32 {
        precondition(pattern >= 0 && pattern < patterns)
        let vertices = (0..<bits).filter { isSet($0, of: pattern) }
        let members = vertices.reduce(0) { $0 | 1 << $1 }
        let edges = vertices.reduce(0) { $0 + (neighbours[$1] & members).nonzeroBitCount } / 2
        let pairs = vertices.count { members >> antipodes[$0] & 1 == 1 } / 2
        let isOne =
            switch vertices.count {
            case ...4: false
            case 5: edges == 7
            case 6: edges >= 7 || (edges == 6 && pairs == 0)
            case 7: !(edges == 8 && pairs == 2)
            default: true
            }
        return isOne ? 1 : 0
    }

    /// y of all patterns, in order.
    public static var labels: [Int32] { (0..<patterns).map { label(of: $0) } }

    /// Row i holds the 12 bits of i, most significant first, [4096, 12]; the published file has 0 and 1.
    public static func inputs<Scalar: Real>(zero: Scalar = 0, one: Scalar = 1) -> Matrix<Scalar> {
        let matrix = Matrix<Scalar>(rows: patterns, columns: bits)
        for pattern in 0..<patterns {
            for vertex in 0..<bits { matrix[pattern, vertex] = isSet(vertex, of: pattern) ? one : zero }
        }
        return matrix
    }

    /// The inputs on a trial's scale.
    static func inputs(_ scale: InputScale) -> Matrix<Float> {
        inputs(zero: scale == .symmetric ? -1 : 0)
    }

    /// H(Y) = I(X;Y), bits.
    public static var entropyInBits: Double {
        let share = Double(labels.count { $0 == 1 }) / Double(patterns)
        return -share * log2(share) - (1 - share) * log2(1 - share)
    }
}
