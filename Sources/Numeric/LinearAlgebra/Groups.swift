import CKernels
import Model

/// Functions of groups of neighbouring numbers, and of windows over planes.
extension Matrix {
    /// self = the function of each group of `length` numbers of `other`, which may be self.
    public func setGroups(_ function: GroupFunction, of other: Matrix, length: Int, epsilon: Double) {
        let groups = function.isReduction ? count : length == 0 ? 0 : count / length
        precondition(other.count == groups * length && (function.isReduction || count == other.count))
        if Self.isSingle {
            ck_group_f32(function.rawValue, other.f32, groups, length, epsilon, f32)
        } else {
            ck_group_f64(function.rawValue, other.f64, groups, length, epsilon, f64)
        }
    }

    /// self = the tangents of `setGroups` at a point, given those of its operand, which may be self.
    ///
    /// A maximum's derivative is that of the first of equal numbers, as in PyTorch.
    ///
    /// - Parameter scratch: at least three times as many numbers as the point has.
    public func setGroupTangents(
        _ function: GroupFunction, of tangents: Matrix, at point: Matrix, length: Int, epsilon: Double,
        scratch: Matrix
    ) {
        precondition(point.rows == 1 && tangents.columns == point.count && tangents.rows == rows)
        let size = point.count
        let groups = function.isReduction ? columns : length == 0 ? 0 : columns / length
        precondition(size == groups * length && (function.isReduction || columns == size))
        let (p, a, q) = (
            scratch.part(0, rows: 1, columns: size), scratch.part(size, rows: 1, columns: size),
            scratch.part(2 * size, rows: 1, columns: size)
        )
        let (code, turns) = (function.rawValue, function == .standardise)
        if Self.isSingle {
            ck_group_partials_f32(code, point.f32, groups, length, epsilon, p.f32, a.f32, q.f32)
            if function.isReduction {
                ck_group_sums_f32(tangents.f32, rows, groups, length, p.f32, f32)
            } else {
                ck_group_tangents_f32(
                    tangents.f32, rows, groups, length, p.f32, a.f32, turns ? q.f32 : nil, f32)
            }
        } else {
            ck_group_partials_f64(code, point.f64, groups, length, epsilon, p.f64, a.f64, q.f64)
            if function.isReduction {
                ck_group_sums_f64(tangents.f64, rows, groups, length, p.f64, f64)
            } else {
                ck_group_tangents_f64(
                    tangents.f64, rows, groups, length, p.f64, a.f64, turns ? q.f64 : nil, f64)
            }
        }
    }

    /// self [points, planes · windows] = the weighted sum under each window over each plane.
    public func setWindowSums(of other: Matrix, _ operation: WindowOperation) {
        precondition(other.columns == operation.planes * operation.planeSize && other.rows == rows)
        precondition(columns == operation.planes * operation.windows && operation.isInside)
        let weights = operation.weights ?? []
        precondition(weights.count == operation.indices.count)
        let planes = rows * operation.planes
        if Self.isSingle {
            ck_window_sums_f32(
                other.f32, planes, operation.planeSize, operation.starts, operation.indices, weights,
                operation.windows, f32)
        } else {
            ck_window_sums_f64(
                other.f64, planes, operation.planeSize, operation.starts, operation.indices, weights,
                operation.windows, f64)
        }
    }

    /// For a point [1, planes · numbers], the index of the largest number under each window over each plane:
    /// the first of equal ones; −1 under an empty window.
    public func windowMaxima(_ operation: WindowOperation) -> IndexMap {
        precondition(rows == 1 && columns == operation.planes * operation.planeSize && operation.isInside)
        let windows = operation.planes * operation.windows
        return IndexMap(
            [Int32](unsafeUninitializedCapacity: windows) { indices, count in
                if Self.isSingle {
                    ck_window_maxima_f32(
                        f32, operation.planes, operation.planeSize, operation.starts, operation.indices,
                        operation.windows, indices.baseAddress)
                } else {
                    ck_window_maxima_f64(
                        f64, operation.planes, operation.planeSize, operation.starts, operation.indices,
                        operation.windows, indices.baseAddress)
                }
                count = windows
            })
    }

    /// Sets the columns of self [numbers under the window, …] from `column` on: one for each position in some
    /// rows of positions of an image's channels, a row of self for each number under the window ("im2col").
    ///
    /// - Parameter image: the channels of one group, [1, channels · pixels].
    @_specialize(where Scalar == Float)
    public func setWindows(
        of image: Matrix, _ window: GroupedWindow, positions: Range<Int>, column: Int = 0
    ) {
        let (vertical, horizontal) = (window.vertical, window.horizontal)
        let channels = window.channels / window.groups
        precondition(image.count == channels * vertical.size * horizontal.size && rows == window.rows)
        precondition(positions.lowerBound >= 0 && positions.upperBound <= vertical.positions)
        precondition(column >= 0 && column + positions.count * horizontal.positions <= columns)
        let (first, last) = (positions.lowerBound, positions.upperBound)
        if Self.isSingle {
            ck_image_columns_f32(
                image.f32, channels, vertical.c, horizontal.c, first, last, f32 + column, columns)
        } else {
            ck_image_columns_f64(
                image.f64, channels, vertical.c, horizontal.c, first, last, f64 + column, columns)
        }
    }
}

extension WindowOperation {
    /// Whether all windows lie within a plane.
    fileprivate var isInside: Bool {
        starts.first == 0 && starts.last.map(Int.init) == indices.count
            && indices.allSatisfy { $0 >= 0 && $0 < planeSize }
            && zip(starts, starts.dropFirst()).allSatisfy { $0 <= $1 }
    }
}

extension GroupedWindow.Axis {
    fileprivate var c: ck_axis {
        precondition(size > 0 && kernel > 0 && stride > 0 && dilation > 0 && before >= 0 && positions >= 0)
        return ck_axis(
            size: size, kernel: kernel, stride: stride, dilation: dilation, before: before,
            positions: positions)
    }
}
