import CKernels
import Model

/// Operations on the numbers of tensors. A row holds one point's tensor, or one tangent.
extension Matrix {
    /// `count` numbers from an index on, of all rows one after the other, as a matrix.
    public func part(_ start: Int, rows: Int, columns: Int) -> Matrix {
        precondition(start >= 0 && start + rows * columns <= count)
        return Matrix(buffer, offset: offset + start, rows: rows, columns: columns)
    }

    /// self[r, i] = w[i] · other[r, map(i)], or `fill` where the map has no index; or self += that.
    ///
    /// - Parameters:
    ///   - other: as many rows as self, or one, which is taken for each row of self.
    ///   - map: nil: i itself.
    ///   - weights: w, one row; nil: 1.
    @_specialize(where Scalar == Float)
    public func gather(
        _ other: Matrix, _ map: IndexMap? = nil, times weights: Matrix? = nil, fill: Scalar = 0,
        adds: Bool = false
    ) {
        precondition(other.rows == rows || other.rows == 1)
        precondition(map.map { $0.count == columns && $0.end <= other.columns } ?? (other.columns == columns))
        precondition(weights.map { $0.count == columns } ?? true)
        guard count > 0 else { return }
        let stride = other.rows == 1 ? 0 : other.columns
        (map?.starts ?? []).withUnsafeBufferPointer { starts in
            let map = ck_index_map(
                starts: map == nil ? nil : starts.baseAddress, length: map?.length ?? 0,
                ascends: map?.ascends ?? true ? 1 : 0)
            if Self.isSingle {
                ck_gather_f32(
                    other.f32, rows, stride, map, weights?.f32, Float(fill), adds ? 1 : 0, columns, f32)
            } else {
                ck_gather_f64(
                    other.f64, rows, stride, map, weights?.f64, Double(fill), adds ? 1 : 0, columns, f64)
            }
        }
    }

    /// self[:, target ..< target + n] = other[:, source ..< source + n]; zeros where there is no other.
    @_specialize(where Scalar == Float)
    public func setColumns(_ target: Int, _ n: Int, to other: Matrix?, from source: Int = 0) {
        precondition(target >= 0 && n >= 0 && target + n <= columns)
        precondition(other.map { $0.rows == rows && source >= 0 && source + n <= $0.columns } ?? true)
        if Self.isSingle {
            ck_copy_columns_f32(
                other.map { $0.f32 + source }, other?.columns ?? 0, rows, n, f32 + target, columns)
        } else {
            ck_copy_columns_f64(
                other.map { $0.f64 + source }, other?.columns ?? 0, rows, n, f64 + target, columns)
        }
    }

    /// self[r, j] += bias[r % bias.count].
    public func addToRows(_ bias: Matrix) {
        precondition(bias.count > 0)
        if Self.isSingle {
            ck_add_row_bias_f32(f32, rows, columns, bias.f32, bias.count)
        } else {
            ck_add_row_bias_f64(f64, rows, columns, bias.f64, bias.count)
        }
    }

    /// self = the function of numbers with the same index in each operand. self may be one of them.
    public func setElementwise(
        _ function: ElementwiseFunction, _ operands: [Matrix], alpha: Double, beta: Double
    ) {
        precondition(operands.count == function.operandCount && operands.allSatisfy { $0.count == count })
        let (second, third) = (operands.count > 1 ? operands[1] : nil, operands.count > 2 ? operands[2] : nil)
        if Self.isSingle {
            ck_elementwise_f32(
                function.rawValue, operands[0].f32, second?.f32, third?.f32, count, alpha, beta, f32)
        } else {
            ck_elementwise_f64(
                function.rawValue, operands[0].f64, second?.f64, third?.f64, count, alpha, beta, f64)
        }
    }

    /// self = the function's derivative with respect to one operand, at these operands.
    ///
    /// Where there is no derivative it is PyTorch's: 0 for |x| and ReLU at 0, and half of it for each of two
    /// equal numbers of a minimum or maximum.
    public func setPartial(
        _ function: ElementwiseFunction, of index: Int, _ operands: [Matrix], alpha: Double, beta: Double
    ) {
        precondition(operands.count == function.operandCount && operands.allSatisfy { $0.count == count })
        let (second, third) = (operands.count > 1 ? operands[1] : nil, operands.count > 2 ? operands[2] : nil)
        let (code, which) = (function.rawValue, Int32(index))
        if Self.isSingle {
            ck_elementwise_partial_f32(
                code, which, operands[0].f32, second?.f32, third?.f32, count, alpha, beta, f32)
        } else {
            ck_elementwise_partial_f64(
                code, which, operands[0].f64, second?.f64, third?.f64, count, alpha, beta, f64)
        }
    }
}
