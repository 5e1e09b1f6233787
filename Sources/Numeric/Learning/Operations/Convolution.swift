import LinearAlgebra
import Model

extension ConvolutionOperation: TrainedOperation {
    func scratchCount(points: Int) -> Int {
        window.isPointwise ? 0 : min(points, pointsAtOnce) * window.positions * window.columns
    }

    /// Number of points whose windows are gathered together: half a megabyte of floats, which stay in a
    /// core's cache, but at least one point.
    private var pointsAtOnce: Int { max(1, (1 << 17) / (window.positions * window.columns)) }

    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        pushTangents(values, pass)
        if let bias {
            values.output.pixels(of: weight.rows).addBiasAndActivate(bias.of(pass.flat), .linear)
        }
    }

    /// The product of the numbers under the window with the kernels, pixel by pixel.
    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        let (input, result) = (tangents.input, tangents.output.pixels(of: weight.rows))
        let weight = weight.of(pass.flat)
        if window.isPointwise {
            result.setProduct(input.pixels(of: window.image.channels), weight, transposeB: true)
            return
        }
        forEachBlock(of: input.rows, pass) { points, rows, windows in
            windows.setWindows(of: input.rows(points), window)
            result.rows(rows).setProduct(windows, weight, transposeB: true)
        }
    }

    /// dW = δᵀ C and dC = δ W, where C holds the numbers under the window.
    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        let (input, outputs) = (pass.values.input, delta.pixels(of: weight.rows))
        if let gradients = pass.gradients, let bias { bias.of(gradients).setColumnSums(of: outputs) }
        if window.isPointwise {
            let channels = window.image.channels
            if let gradients = pass.gradients {
                weight.of(gradients).setProduct(outputs, input.pixels(of: channels), transposeA: true)
            }
            if let target = pass.target {
                target.matrix.pixels(of: channels).setProduct(
                    outputs, weight.of(pass.flat), beta: target.beta)
            }
            return
        }
        let target = pass.target?.accumulator
        forEachBlock(of: input.rows, pass) { points, rows, windows in
            let part = outputs.rows(rows)
            if let gradients = pass.gradients {
                windows.setWindows(of: input.rows(points), window)
                weight.of(gradients).setProduct(
                    part, windows, transposeA: true, beta: points.lowerBound == 0 ? 0 : 1)
            }
            if let target {
                windows.setProduct(part, weight.of(pass.flat))
                target.rows(points).addWindows(windows, window)
            }
        }
    }

    /// Calls `body` with ranges of points whose windows are gathered together, with the rows of their pixels,
    /// and with memory for those windows.
    private func forEachBlock<Scalar>(
        of points: Int, _ pass: Pass<Scalar>, _ body: (Range<Int>, Range<Int>, Matrix<Scalar>) -> Void
    ) {
        var start = 0
        while start < points {
            let end = min(points, start + pointsAtOnce)
            let rows = start * window.positions..<end * window.positions
            body(start..<end, rows, pass.work.scratch.prefix(rows: rows.count, columns: window.columns))
            start = end
        }
    }
}
