import Glibc

/// Fixed memory for `count` scalars, zeroed, aligned to 64 bytes. A reference type: all holders see each
/// other's writes. Not for use from two threads at once.
public final class Buffer<Scalar: Real> {
    /// Number of scalars.
    public let count: Int
    let base: UnsafeMutablePointer<Scalar>
    private let memory: UnsafeMutableRawPointer

    /// Allocates memory for `count` zeros.
    public init(count: Int) {
        precondition(count >= 0)
        self.count = count
        let bytes = max(64, count * MemoryLayout<Scalar>.stride)
        // A large buffer has pages of 2 MB: the kernel takes as long to make small ones as it takes to fill them.
        let isLarge = bytes >= 4 << 20
        memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isLarge ? 2 << 20 : 64)
        if isLarge { madvise(memory, bytes, MADV_HUGEPAGE) }
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        base = memory.bindMemory(to: Scalar.self, capacity: count)
    }

    deinit { memory.deallocate() }

    /// The scalar at an index.
    public subscript(index: Int) -> Scalar {
        get {
            precondition(index >= 0 && index < count)
            return base[index]
        }
        set {
            precondition(index >= 0 && index < count)
            base[index] = newValue
        }
    }
}

/// A rows × columns view of a buffer, row-major and contiguous.
///
/// A copy of the struct is a second view of the same numbers, not a copy of them.
public struct Matrix<Scalar: Real> {
    /// The memory that holds the numbers.
    public let buffer: Buffer<Scalar>
    /// Index of the first number within the buffer.
    public let offset: Int
    /// Number of rows.
    public let rows: Int
    /// Number of columns.
    public let columns: Int

    /// Number of scalars.
    public var count: Int { rows * columns }
    var base: UnsafeMutablePointer<Scalar> { buffer.base + offset }

    /// Creates a matrix of zeros in new memory.
    public init(rows: Int, columns: Int) {
        self.init(Buffer(count: rows * columns), rows: rows, columns: columns)
    }

    /// Creates a view of `buffer` from `offset` on.
    public init(_ buffer: Buffer<Scalar>, offset: Int = 0, rows: Int, columns: Int) {
        precondition(rows >= 0 && columns >= 0 && offset >= 0 && offset + rows * columns <= buffer.count)
        self.buffer = buffer
        self.offset = offset
        self.rows = rows
        self.columns = columns
    }

    /// Creates a matrix in new memory from rows of equal length.
    public init(_ values: [[Scalar]]) {
        self.init(rows: values.count, columns: values.first?.count ?? 0)
        for (i, row) in values.enumerated() {
            precondition(row.count == columns)
            for (j, value) in row.enumerated() { base[i * columns + j] = value }
        }
    }

    /// The number at a row and column.
    public subscript(row: Int, column: Int) -> Scalar {
        get {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns)
            return base[row * columns + column]
        }
        nonmutating set {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns)
            base[row * columns + column] = newValue
        }
    }

    /// A view of some consecutive rows.
    public func rows(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows)
        return Matrix(
            buffer, offset: offset + range.lowerBound * columns, rows: range.count, columns: columns)
    }

    /// A smaller matrix in the same memory, whose rows do not line up with those of self.
    public func prefix(rows: Int, columns: Int) -> Matrix {
        precondition(rows * columns <= count)
        return Matrix(buffer, offset: offset, rows: rows, columns: columns)
    }

    /// A view of the same numbers in another shape of equal count.
    public func reshaped(rows: Int, columns: Int) -> Matrix {
        precondition(rows * columns == count)
        return Matrix(buffer, offset: offset, rows: rows, columns: columns)
    }

    /// All numbers, row by row.
    public var values: [Scalar] { Array(UnsafeBufferPointer(start: base, count: count)) }

    /// Sets every number.
    public func fill(_ value: Scalar) {
        guard count > 0 else { return }
        base[0] = value
        // Copies what is there already, because a loop in generic code would go number by number.
        var done = 1
        while done < count {
            let part = min(done, count - done)
            copy(from: base, part, to: base + done)
            done += part
        }
    }

    private func copy(
        from source: UnsafePointer<Scalar>, _ count: Int, to target: UnsafeMutablePointer<Scalar>
    ) {
        UnsafeMutableRawPointer(target).copyMemory(
            from: source, byteCount: count * MemoryLayout<Scalar>.stride)
    }

    /// Copies the numbers of a matrix of the same shape.
    public func assign(_ other: Matrix) {
        precondition(rows == other.rows && columns == other.columns)
        copy(from: other.base, count, to: base)
    }

    /// Copies the numbers of a matrix of the same shape, each multiplied by `factor`.
    public func assign(_ other: Matrix, times factor: Scalar) {
        precondition(rows == other.rows && columns == other.columns)
        for index in 0..<count { base[index] = other.base[index] * factor }
    }

    /// Copies numbers of another scalar type, rounded.
    public func assign<Other: Real>(converting other: Matrix<Other>) {
        precondition(rows == other.rows && columns == other.columns)
        for index in 0..<count { base[index] = Scalar(other.base[index]) }
    }

    /// self += factor · other, rounded.
    public func add(narrowing other: Matrix<Double>, times factor: Double) {
        precondition(rows == other.rows && columns == other.columns)
        for index in 0..<count { base[index] += Scalar(factor * other.base[index]) }
    }

    /// Writes `values`, row by row.
    public func assign(_ values: [Scalar]) {
        precondition(values.count == count)
        values.withUnsafeBufferPointer { values in
            if let start = values.baseAddress { copy(from: start, count, to: base) }
        }
    }

    /// Calls `body` with the numbers of a row, to write them.
    public func withRow(_ row: Int, _ body: (UnsafeMutableBufferPointer<Scalar>) -> Void) {
        precondition(row >= 0 && row < rows)
        body(UnsafeMutableBufferPointer(start: base + row * columns, count: columns))
    }

    /// Whether every number is finite.
    public var isFinite: Bool {
        @_specialize(where Scalar == Float)
        get {
            for index in 0..<count where !base[index].isFinite { return false }
            return true
        }
    }
}

/// Operations on parts of matrices in double. They are not generic, so that they are compiled for this type.
extension Matrix where Scalar == Double {
    /// Copies numbers of either scalar type.
    public func assign<Other: Real>(widening other: Matrix<Other>) {
        precondition(rows == other.rows && columns == other.columns)
        if Matrix<Other>.isSingle {
            let (source, target) = (other.f32, base)
            for index in 0..<count { target[index] = Double(source[index]) }
        } else {
            base.update(from: other.f64, count: count)
        }
    }

    /// self[i] = other[indices[i]], row by row.
    public func assign(rows indices: [Int], of other: Matrix) {
        precondition(rows == indices.count && columns == other.columns)
        for (row, index) in indices.enumerated() {
            precondition(index >= 0 && index < other.rows)
            (base + row * columns).update(from: other.base + index * columns, count: columns)
        }
    }

    /// self[i] = factors[i] · other[indices[i]], row by row.
    public func assign(rows indices: [Int], of other: Matrix, times factors: [Double]) {
        precondition(rows == indices.count && rows == factors.count && columns == other.columns)
        for (row, index) in indices.enumerated() {
            precondition(index >= 0 && index < other.rows)
            let (source, target, factor) = (
                other.base + index * columns, base + row * columns, factors[row]
            )
            for column in 0..<columns { target[column] = source[column] * factor }
        }
    }

    /// self[i, j] = factors[i] factors[j] · other[indices[i], indices[j]] for j ≤ i: the lower triangle of a
    /// scaled submatrix of a symmetric matrix, of which only the lower triangle is read. `indices`
    /// must ascend.
    public func assignLower(indices: [Int], of other: Matrix, times factors: [Double]) {
        precondition(rows == indices.count && rows == columns && rows == factors.count)
        precondition(indices.allSatisfy { $0 >= 0 && $0 < other.rows } && other.rows == other.columns)
        for row in 0..<rows {
            let (source, target) = (other.base + indices[row] * other.columns, base + row * columns)
            for column in 0...row {
                target[column] = source[indices[column]] * (factors[row] * factors[column])
            }
        }
    }
}
