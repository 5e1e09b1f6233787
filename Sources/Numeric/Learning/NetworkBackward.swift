import LinearAlgebra
import Model

extension NetworkNumbers {
    /// Computes gradients back from the value that `backward` starts from, whose own gradient is in its slot:
    /// with respect to all parameters that it depends on (`gradients` nil: not computed) and, where the plan
    /// says so, to the input. Values must be those of the last forward pass over the same inputs, in the same
    /// mode.
    func backward(
        _ backward: BackwardPlan, _ inputs: Matrix<Scalar>, _ work: NetworkWorkspace<Scalar>,
        _ mode: NetworkMode, gradients: Matrix<Scalar>?
    ) {
        for index in backward.steps.indices {
            let step = backward.steps[index]
            let node = plan.nodes[step.node]
            let delta = slot(step.output, of: node.output, inputs.rows, work)
            let input = value(node.input, inputs, work)
            switch node.operation {
            case .dense(let weight, let bias):
                if let gradients {
                    weight.of(gradients).setProduct(delta, input, transposeA: true)
                    if let bias { bias.of(gradients).setColumnSums(of: delta) }
                }
                if let target = step.input {
                    slot(target.slot, of: node.input, inputs.rows, work)
                        .setProduct(delta, weight.of(flat), beta: target.isAdded ? 1 : 0)
                }
            case .convolution(let window, let weight, let bias):
                if let gradients, let bias {
                    bias.of(gradients).setColumnSums(of: pixels(delta, of: weight.rows))
                }
                convolutionBackward(step, window, weight, input, delta, work, gradients)
            case .activation(let activation):
                delta.scaleByDerivative(of: value(node.output, inputs, work), activation)
                hand(delta, to: step.input, of: node.input, work)
            case .normalisation(let norm):
                normalisationBackward(norm, node, input, delta, work, mode, gradients)
                hand(delta, to: step.input, of: node.input, work)
            case .sum:
                hand(delta, to: step.second, of: node.second ?? 0, work)
                hand(delta, to: step.input, of: node.input, work)
            case .pool(let pool):
                if let target = cleared(step.input, of: node.input, inputs.rows, work) {
                    target.addPoolGradient(delta, of: input, pool)
                }
            case .subsample(let subsample):
                if let target = cleared(step.input, of: node.input, inputs.rows, work) {
                    target.addSubsampleGradient(delta, subsample)
                }
            }
        }
    }

    func slot(
        _ slot: Int, of value: Int, _ points: Int, _ work: NetworkWorkspace<Scalar>
    ) -> Matrix<Scalar> {
        work.slots[slot].prefix(rows: points, columns: plan.values[value].size.count)
    }

    /// Copies or adds the gradient to its target, unless it is there already.
    private func hand(
        _ delta: Matrix<Scalar>, to target: BackwardPlan.Target?, of value: Int,
        _ work: NetworkWorkspace<Scalar>
    ) {
        guard let target else { return }
        let other = slot(target.slot, of: value, delta.rows, work)
        if target.isAdded {
            other.setSum(other, delta)
        } else if other.buffer !== delta.buffer {
            other.assign(delta)
        }
    }

    /// The target of a gradient that is accumulated, set to zero where it holds nothing yet.
    private func cleared(
        _ target: BackwardPlan.Target?, of value: Int, _ points: Int, _ work: NetworkWorkspace<Scalar>
    ) -> Matrix<Scalar>? {
        guard let target else { return nil }
        let other = slot(target.slot, of: value, points, work)
        if !target.isAdded { other.fill(0) }
        return other
    }

    /// dW = δᵀ C and dC = δ W, where C holds the numbers under the window and δ is the gradient with respect
    /// to the output.
    private func convolutionBackward(
        _ step: BackwardPlan.Step, _ window: ImageWindow, _ weight: NetworkPlan.Region,
        _ input: Matrix<Scalar>,
        _ delta: Matrix<Scalar>, _ work: NetworkWorkspace<Scalar>, _ gradients: Matrix<Scalar>?
    ) {
        let outputs = pixels(delta, of: weight.rows)
        let node = plan.nodes[step.node]
        if window.isPointwise {
            let channels = window.image.channels
            if let gradients {
                weight.of(gradients).setProduct(outputs, pixels(input, of: channels), transposeA: true)
            }
            if let target = step.input {
                pixels(slot(target.slot, of: node.input, input.rows, work), of: channels)
                    .setProduct(outputs, weight.of(flat), beta: target.isAdded ? 1 : 0)
            }
            return
        }
        let target = cleared(step.input, of: node.input, input.rows, work)
        forEachBlock(of: input.rows, window, work) { points, windows in
            let rows = points.lowerBound * window.positions..<points.upperBound * window.positions
            let part = outputs.rows(rows)
            if let gradients {
                windows.setWindows(of: input.rows(points), window)
                weight.of(gradients).setProduct(
                    part, windows, transposeA: true, beta: points.lowerBound == 0 ? 0 : 1)
            }
            if let target {
                windows.setProduct(part, weight.of(flat))
                target.rows(points).addWindows(windows, window)
            }
        }
    }

    private func normalisationBackward(
        _ norm: NetworkPlan.Norm, _ node: NetworkPlan.Node, _ input: Matrix<Scalar>, _ delta: Matrix<Scalar>,
        _ work: NetworkWorkspace<Scalar>, _ mode: NetworkMode, _ gradients: Matrix<Scalar>?
    ) {
        let cut = norm.kind.cut(plan.values[node.output].size, points: input.rows)
        let (mean, variance) = moments(norm, cut, work)
        delta.becomeNormalisationGradient(
            x: input, cut, mean: mean, variance: variance, epsilon: Self.epsilon, gamma: norm.gamma.of(flat),
            areFixed: mode == .evaluation && norm.running != nil,
            gammaGradient: gradients.map { norm.gamma.of($0) }
                ?? work.unread.0.prefix(rows: 1, columns: cut.columns),
            betaGradient: gradients.map { norm.beta.of($0) }
                ?? work.unread.1.prefix(rows: 1, columns: cut.columns), scratch: work.scratch)
    }
}
