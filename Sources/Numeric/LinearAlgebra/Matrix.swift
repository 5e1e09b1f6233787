// LinearAlgebra: matrices in fixed memory, products through OpenBLAS, factorisations through LAPACK, and the
// fused elementwise kernels. Imports Model (sizes of images, activations), COpenBLAS and CKernels; the only
// target of Swift that holds unsafe pointers to numbers. Leaves out networks and what any matrix means.

/// Fixed memory for `count` scalars, zeroed, aligned to 64 bytes. A reference: whoever holds it sees what
/// others write. Not for use from two threads at once.
public final class Buffer<Scalar: Real> {
    public let count: Int
    let base: UnsafeMutablePointer<Scalar>
    private let memory: UnsafeMutableRawPointer

    public init(count: Int) {
        precondition(count >= 0)
        self.count = count
        let bytes = max(64, count * MemoryLayout<Scalar>.stride)
        memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        base = memory.bindMemory(to: Scalar.self, capacity: count)
    }

    deinit { memory.deallocate() }

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

/// A rows × columns window on a buffer, row-major and contiguous.
///
/// A copy of the struct is a second window on the same numbers, not a copy of them.
public struct Matrix<Scalar: Real> {
    public let buffer: Buffer<Scalar>
    public let offset: Int
    public let rows: Int
    public let columns: Int

    public var count: Int { rows * columns }
    var base: UnsafeMutablePointer<Scalar> { buffer.base + offset }

    /// A new matrix of zeros.
    public init(rows: Int, columns: Int) {
        self.init(Buffer(count: rows * columns), rows: rows, columns: columns)
    }

    public init(_ buffer: Buffer<Scalar>, offset: Int = 0, rows: Int, columns: Int) {
        precondition(rows >= 0 && columns >= 0 && offset >= 0 && offset + rows * columns <= buffer.count)
        self.buffer = buffer
        self.offset = offset
        self.rows = rows
        self.columns = columns
    }

    /// From rows of equal length.
    public init(_ values: [[Scalar]]) {
        self.init(rows: values.count, columns: values.first?.count ?? 0)
        for (i, row) in values.enumerated() {
            precondition(row.count == columns)
            for (j, value) in row.enumerated() { base[i * columns + j] = value }
        }
    }

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

    /// The window on some consecutive rows.
    public func rows(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows)
        return Matrix(
            buffer, offset: offset + range.lowerBound * columns, rows: range.count, columns: columns)
    }

    /// A smaller matrix in the same memory; its rows do not line up with those of self.
    public func prefix(rows: Int, columns: Int) -> Matrix {
        precondition(rows * columns <= count)
        return Matrix(buffer, offset: offset, rows: rows, columns: columns)
    }

    /// The same numbers in another shape of equal count.
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
        // Copies of what is there: a loop of generic code would go number by number.
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

    /// Copies the numbers of a matrix of the same shape, each times `factor`.
    public func assign(_ other: Matrix, times factor: Scalar) {
        precondition(rows == other.rows && columns == other.columns)
        for index in 0..<count { base[index] = other.base[index] * factor }
    }

    /// Copies numbers of another type, rounded.
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

    public var isFinite: Bool {
        for index in 0..<count where !base[index].isFinite { return false }
        return true
    }
}

/// Parts of matrices in double. Not generic, so that they are compiled for the one type.
extension Matrix where Scalar == Double {
    /// Copies numbers of either type.
    public func assign<Other: Real>(widening other: Matrix<Other>) {
        precondition(rows == other.rows && columns == other.columns)
        Other.kernels.widen(other.base, base, count)
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
    /// scaled part of a symmetric matrix, whose lower triangle is read. `indices` ascend.
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
