import LinearAlgebra
import Model

/// The moments that a pass uses in batch normalisations.
enum NetworkMode: Sendable, Equatable {
    /// The batch's; running averages are updated with them or not.
    case training(movesAverages: Bool)
    /// The running averages.
    case evaluation
}

/// A network's plan and its parameters in their flat buffer.
struct NetworkNumbers<Scalar: Real> {
    let plan: NetworkPlan
    let flat: Matrix<Scalar>

    /// Added to variances before their root.
    static var epsilon: Scalar { 1e-5 }
    /// The share of a running average that a training step keeps.
    static var kept: Double { 0.9 }

    func value(
        _ index: Int, _ inputs: Matrix<Scalar>, _ work: NetworkWorkspace<Scalar>
    ) -> Matrix<Scalar> {
        index == 0 ? inputs : work.values[index].rows(0..<inputs.rows)
    }

    /// Computes all values up to `last` from inputs [points, inputs].
    func forward(
        _ inputs: Matrix<Scalar>, _ work: NetworkWorkspace<Scalar>, _ mode: NetworkMode, upTo last: Int
    ) {
        for index in plan.nodes.indices {
            let node = plan.nodes[index]
            // Values are numbered in the order in which they are computed.
            if node.output > last { return }
            let input = value(node.input, inputs, work)
            let output = value(node.output, inputs, work)
            switch node.operation {
            case .dense(let weight, let bias):
                output.setProduct(input, weight.of(flat), transposeB: true)
                if let bias { output.addBiasAndActivate(bias.of(flat), .linear) }
            case .convolution(let window, let weight, let bias):
                convolve(input, output, window, weight.of(flat), work)
                if let bias { pixels(output, of: weight.rows).addBiasAndActivate(bias.of(flat), .linear) }
            case .activation(let activation):
                if output.isElsewhere(than: input) { output.assign(input) }
                guard activation != .linear else { continue }
                let channels = plan.values[node.output].size.channels
                pixels(output, of: channels).addBiasAndActivate(
                    work.zeros.prefix(rows: 1, columns: channels), activation)
            case .normalisation(let norm): normalise(input, output, norm, node, work, mode)
            case .pool(let pool): output.setPool(of: input, pool)
            case .subsample(let subsample): output.setSubsample(of: input, subsample)
            case .sum: output.setSum(input, value(node.second ?? 0, inputs, work))
            }
        }
    }

    /// The matrix with a row for each pixel.
    func pixels(_ matrix: Matrix<Scalar>, of channels: Int) -> Matrix<Scalar> {
        matrix.reshaped(rows: matrix.count / channels, columns: channels)
    }

    /// Sets `output` to the product of the numbers under the window with the kernels, pixel by pixel.
    func convolve(
        _ input: Matrix<Scalar>, _ output: Matrix<Scalar>, _ window: ImageWindow, _ weight: Matrix<Scalar>,
        _ work: NetworkWorkspace<Scalar>
    ) {
        let result = pixels(output, of: weight.rows)
        if window.isPointwise {
            result.setProduct(pixels(input, of: window.image.channels), weight, transposeB: true)
            return
        }
        forEachBlock(of: input.rows, window, work) { points, windows in
            windows.setWindows(of: input.rows(points), window)
            let rows = points.lowerBound * window.positions..<points.upperBound * window.positions
            result.rows(rows).setProduct(windows, weight, transposeB: true)
        }
    }

    /// Calls `body` with ranges of points whose windows are gathered together, and with memory for those
    /// windows.
    func forEachBlock(
        of points: Int, _ window: ImageWindow, _ work: NetworkWorkspace<Scalar>,
        _ body: (Range<Int>, Matrix<Scalar>) -> Void
    ) {
        let maximum = NetworkWorkspace<Scalar>.pointsAtOnce(window)
        var start = 0
        while start < points {
            let end = min(points, start + maximum)
            body(
                start..<end,
                work.windows.prefix(rows: (end - start) * window.positions, columns: window.columns))
            start = end
        }
    }

    private func normalise(
        _ input: Matrix<Scalar>, _ output: Matrix<Scalar>, _ norm: NetworkPlan.Norm, _ node: NetworkPlan.Node,
        _ work: NetworkWorkspace<Scalar>, _ mode: NetworkMode
    ) {
        let cut = norm.kind.cut(plan.values[node.output].size, points: input.rows)
        let (mean, variance) = moments(norm, cut, work)
        if mode == .evaluation, let running = norm.running {
            mean.assign(running.mean.of(flat))
            variance.assign(running.variance.of(flat))
        } else {
            input.findMoments(cut, mean: mean, variance: variance, scratch: work.scratch)
            if case .training(movesAverages: true) = mode, let running = norm.running {
                running.mean.of(flat).moveAverage(towards: mean, keep: Self.kept)
                // The unbiased estimate, as is usual; a single number has none.
                let numbers = Scalar(cut.numbers)
                let unbiased = work.unread.0.prefix(rows: 1, columns: variance.count)
                unbiased.assign(variance, times: numbers / max(1, numbers - 1))
                running.variance.of(flat).moveAverage(towards: unbiased, keep: Self.kept)
            }
        }
        output.setNormalised(
            input, cut, mean: mean, variance: variance, epsilon: Self.epsilon, gamma: norm.gamma.of(flat),
            beta: norm.beta.of(flat), scratch: work.scratch)
    }

    /// Memory for a normalisation's moments of these points.
    func moments(
        _ norm: NetworkPlan.Norm, _ cut: NormalisationCut, _ work: NetworkWorkspace<Scalar>
    ) -> (mean: Matrix<Scalar>, variance: Matrix<Scalar>) {
        let all = work.moments[norm.number]
        return (all.mean.rows(0..<cut.instances), all.variance.rows(0..<cut.instances))
    }
}

extension Matrix {
    fileprivate func isElsewhere(than other: Matrix) -> Bool {
        buffer !== other.buffer || offset != other.offset
    }
}
