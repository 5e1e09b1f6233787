import LinearAlgebra
import Model

extension NormalisationOperation: TrainedOperation {
    var isBackwardInPlace: Bool { true }
    /// Added to variances before their root.
    private var epsilon: Double { 1e-5 }
    /// The share of a running average that a training step keeps.
    private var share: Double { 0.9 }

    /// The mean and variance of each instance's groups.
    func keptSizes(points: Int) -> [(rows: Int, columns: Int)] {
        let cut = cut(points: points)
        return [(cut.instances, cut.groups), (cut.instances, cut.groups)]
    }

    private func moments<Scalar>(
        _ pass: Pass<Scalar>, _ cut: NormalisationCut
    ) -> (mean: Matrix<Scalar>, variance: Matrix<Scalar>) {
        let kept = pass.kept
        return (kept[0].rows(0..<cut.instances), kept[1].rows(0..<cut.instances))
    }

    func forward<Scalar>(_ values: Operands<Scalar>, _ pass: Pass<Scalar>) {
        let cut = cut(points: values.input.rows)
        let (mean, variance) = moments(pass, cut)
        let averages = running.map { ($0.mean.of(pass.numbers.states), $0.variance.of(pass.numbers.states)) }
        if pass.mode == .evaluation, let averages {
            mean.assign(averages.0)
            variance.assign(averages.1)
        } else {
            values.input.findMoments(cut, mean: mean, variance: variance, scratch: pass.work.normalisation)
            if case .training(movesAverages: true) = pass.mode, let averages {
                averages.0.moveAverage(towards: mean, keep: share)
                // The unbiased estimate, as is usual; a single number has none.
                let numbers = Scalar(cut.numbers)
                let unbiased = pass.work.unread.0.prefix(rows: 1, columns: variance.count)
                unbiased.assign(variance, times: numbers / max(1, numbers - 1))
                averages.1.moveAverage(towards: unbiased, keep: share)
            }
        }
        values.output.setNormalised(
            values.input, cut, mean: mean, variance: variance, epsilon: epsilon,
            gamma: gamma.of(pass.flat), beta: beta.of(pass.flat), scratch: pass.work.normalisation)
    }

    func backward<Scalar>(_ delta: Matrix<Scalar>, _ pass: Pass<Scalar>) {
        pullBack(
            delta, pass, gamma: gamma.of(pass.flat), areFixed: pass.mode == .evaluation && running != nil,
            gradients: pass.gradients)
        pass.target?.take(delta)
    }

    /// The Jacobian of x ↦ γ N(x) + β is diag(γ) S with a symmetric S = ∂N/∂x. The backward kernel gives S (γ
    /// ⊙ δ), hence S itself with scales of 1.
    func pushTangents<Scalar>(_ tangents: Operands<Scalar>, _ pass: Pass<Scalar>) {
        let (output, cut) = (tangents.output, cut(points: 1))
        let (gamma, variance) = (gamma.of(pass.flat), moments(pass, cut).variance)
        let scales = Matrix<Scalar>(rows: 1, columns: cut.columns)
        for column in 0..<cut.columns {
            scales[0, column] =
                running == nil
                ? gamma[0, column]
                : gamma[0, column] / (variance[0, column] + Scalar(epsilon)).squareRoot()
        }
        if output.buffer !== tangents.input.buffer { output.assign(tangents.input) }
        if running == nil {
            let ones = pass.work.ones.prefix(rows: 1, columns: cut.columns)
            for row in 0..<output.rows {
                pullBack(
                    output.rows(row..<row + 1), pass, gamma: ones, areFixed: false, gradients: nil)
            }
        }
        output.pixels(of: cut.columns).multiplyColumns(by: scales)
    }

    /// Turns a gradient with respect to the output into that with respect to the input, in place, with γ =
    /// `scales`.
    private func pullBack<Scalar>(
        _ delta: Matrix<Scalar>, _ pass: Pass<Scalar>, gamma scales: Matrix<Scalar>, areFixed: Bool,
        gradients: Matrix<Scalar>?
    ) {
        let cut = cut(points: delta.rows)
        let (mean, variance) = moments(pass, cut)
        let unread = pass.work.unread
        delta.becomeNormalisationGradient(
            x: pass.values.input, cut, mean: mean, variance: variance, epsilon: epsilon,
            gamma: scales, areFixed: areFixed,
            gammaGradient: gradients.map { gamma.of($0) } ?? unread.0.prefix(rows: 1, columns: cut.columns),
            betaGradient: gradients.map { beta.of($0) } ?? unread.1.prefix(rows: 1, columns: cut.columns),
            scratch: pass.work.normalisation)
    }

    /// How [points, size] divides into instances and groups. Where moments are per point, there are as many
    /// instances as points.
    private func cut(points: Int) -> NormalisationCut {
        let (pixels, channels) = (size.pixels, size.channels)
        switch kind {
        case .batch:
            return NormalisationCut(instances: 1, rows: points * pixels, columns: channels, groups: channels)
        case .layer: return NormalisationCut(instances: points, rows: pixels, columns: channels, groups: 1)
        case .instance where pixels == 1:
            return NormalisationCut(instances: points, rows: channels, columns: 1, groups: 1)
        case .instance:
            return NormalisationCut(instances: points, rows: pixels, columns: channels, groups: channels)
        case .group(let groups):
            return NormalisationCut(instances: points, rows: pixels, columns: channels, groups: groups)
        case .token:
            return NormalisationCut(instances: points * pixels, rows: 1, columns: channels, groups: 1)
        }
    }
}
