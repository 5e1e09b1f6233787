import CKernels

/// How a matrix is cut for normalisation: `instances` blocks of `rows` × `columns`, in each of which groups
/// of neighbouring columns have a mean and a variance.
public struct NormalisationCut: Sendable, Hashable {
    public let instances: Int
    public let rows: Int
    public let columns: Int
    public let groups: Int

    /// - Precondition: `columns` is a whole multiple of `groups`.
    public init(instances: Int, rows: Int, columns: Int, groups: Int) {
        precondition(groups > 0 && columns % groups == 0)
        (self.instances, self.rows, self.columns, self.groups) = (instances, rows, columns, groups)
    }

    /// How many numbers one mean is of.
    public var numbers: Int { rows * (columns / groups) }

    fileprivate var c: ck_normalisation {
        ck_normalisation(instances: instances, rows: rows, columns: columns, groups: groups)
    }
}

/// Memory that the kernels of normalisation work in, for matrices of at most so many columns.
public struct NormalisationScratch<Scalar: Real> {
    fileprivate let sums: Matrix<Double>
    fileprivate let patterns: Matrix<Scalar>

    public init(columns: Int) {
        let part = max(columns, CK_SIDE_BY_SIDE)
        sums = Matrix(rows: 2, columns: part)
        patterns = Matrix(rows: 5, columns: part)
    }

    fileprivate func fits(_ cut: NormalisationCut) -> Bool { cut.columns <= patterns.columns }
}

extension Matrix {
    /// Sets `mean` and `variance` [instances, groups] to those of self; the variance's divisor is the number
    /// of numbers.
    public func findMoments(
        _ cut: NormalisationCut, mean: Matrix, variance: Matrix, scratch: NormalisationScratch<Scalar>
    ) {
        precondition(count == cut.instances * cut.rows * cut.columns && scratch.fits(cut))
        precondition(mean.count == cut.instances * cut.groups && variance.count == mean.count)
        Scalar.layerKernels.moments(
            base, cut.c, mean.base, variance.base, scratch.sums.base, scratch.patterns.base)
    }

    /// self = γ (x − mean) / √(variance + epsilon) + β; γ and β one number a column.
    public func setNormalised(
        _ x: Matrix, _ cut: NormalisationCut, mean: Matrix, variance: Matrix, epsilon: Scalar, gamma: Matrix,
        beta: Matrix, scratch: NormalisationScratch<Scalar>
    ) {
        precondition(count == cut.instances * cut.rows * cut.columns && x.count == count && scratch.fits(cut))
        precondition(mean.count == cut.instances * cut.groups && variance.count == mean.count)
        precondition(gamma.count == cut.columns && beta.count == cut.columns)
        Scalar.layerKernels.normalise(
            x.base, cut.c, mean.base, variance.base, epsilon, gamma.base, beta.base, base,
            scratch.patterns.base)
    }

    /// self, the gradient in what `setNormalised` gave, becomes that in x; those in γ and β are set.
    /// `areFixed`: the moments are constants, not those of x.
    public func becomeNormalisationGradient(
        x: Matrix, _ cut: NormalisationCut, mean: Matrix, variance: Matrix, epsilon: Scalar, gamma: Matrix,
        areFixed: Bool, gammaGradient: Matrix, betaGradient: Matrix, scratch: NormalisationScratch<Scalar>
    ) {
        precondition(count == cut.instances * cut.rows * cut.columns && x.count == count && scratch.fits(cut))
        precondition(mean.count == cut.instances * cut.groups && variance.count == mean.count)
        precondition(gamma.count == cut.columns)
        precondition(gammaGradient.count == cut.columns && betaGradient.count == cut.columns)
        Scalar.layerKernels.normaliseBackward(
            base, x.base, cut.c, mean.base, variance.base, epsilon, gamma.base, areFixed, gammaGradient.base,
            betaGradient.base, scratch.sums.base, scratch.patterns.base)
    }
}
