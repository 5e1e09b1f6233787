import CKernels

/// The division of a matrix for normalisation: `instances` blocks of `rows` × `columns`. In each block, each
/// group of neighbouring columns has its own mean and variance.
public struct NormalisationCut: Sendable, Hashable {
    /// Number of blocks.
    public let instances: Int
    /// Number of rows in a block.
    public let rows: Int
    /// Number of columns.
    public let columns: Int
    /// Number of groups of columns.
    public let groups: Int

    /// Creates a division.
    ///
    /// - Precondition: `columns` is a whole multiple of `groups`.
    public init(instances: Int, rows: Int, columns: Int, groups: Int) {
        precondition(groups > 0 && columns % groups == 0)
        (self.instances, self.rows, self.columns, self.groups) = (instances, rows, columns, groups)
    }

    /// Number of scalars that each mean is taken over.
    public var numbers: Int { rows * (columns / groups) }

    fileprivate var c: ck_normalisation {
        ck_normalisation(instances: instances, rows: rows, columns: columns, groups: groups)
    }
}

/// Working memory of the normalisation kernels, for matrices of at most `columns` columns.
public struct NormalisationScratch<Scalar: Real> {
    fileprivate let sums: Matrix<Double>
    fileprivate let patterns: Matrix<Scalar>

    /// Allocates memory for at most `columns` columns.
    public init(columns: Int) {
        let part = max(columns, CK_SIDE_BY_SIDE)
        sums = Matrix(rows: 2, columns: part)
        patterns = Matrix(rows: 5, columns: part)
    }

    fileprivate func fits(_ cut: NormalisationCut) -> Bool { cut.columns <= patterns.columns }
}

extension Matrix {
    /// Sets `mean` and `variance` [instances, groups] to those of self. Variances are divided by n, not
    /// by n − 1.
    public func findMoments(
        _ cut: NormalisationCut, mean: Matrix, variance: Matrix, scratch: NormalisationScratch<Scalar>
    ) {
        precondition(count == cut.instances * cut.rows * cut.columns && scratch.fits(cut))
        precondition(mean.count == cut.instances * cut.groups && variance.count == mean.count)
        if Self.isSingle {
            ck_moments_f32(f32, cut.c, mean.f32, variance.f32, scratch.sums.base, scratch.patterns.f32)
        } else {
            ck_moments_f64(f64, cut.c, mean.f64, variance.f64, scratch.sums.base, scratch.patterns.f64)
        }
    }

    /// self = γ (x − mean) / √(variance + epsilon) + β, with one number per column in γ and β.
    public func setNormalised(
        _ x: Matrix, _ cut: NormalisationCut, mean: Matrix, variance: Matrix, epsilon: Double, gamma: Matrix,
        beta: Matrix, scratch: NormalisationScratch<Scalar>
    ) {
        precondition(count == cut.instances * cut.rows * cut.columns && x.count == count && scratch.fits(cut))
        precondition(mean.count == cut.instances * cut.groups && variance.count == mean.count)
        precondition(gamma.count == cut.columns && beta.count == cut.columns)
        if Self.isSingle {
            ck_normalise_f32(
                x.f32, cut.c, mean.f32, variance.f32, Float(epsilon), gamma.f32, beta.f32, f32,
                scratch.patterns.f32)
        } else {
            ck_normalise_f64(
                x.f64, cut.c, mean.f64, variance.f64, epsilon, gamma.f64, beta.f64, f64,
                scratch.patterns.f64)
        }
    }

    /// Turns self, the gradient in the result of `setNormalised`, into the gradient in x, and sets the
    /// gradients in γ and β. With `areFixed` the moments are constants, not those of x.
    public func becomeNormalisationGradient(
        x: Matrix, _ cut: NormalisationCut, mean: Matrix, variance: Matrix, epsilon: Double, gamma: Matrix,
        areFixed: Bool, gammaGradient: Matrix, betaGradient: Matrix, scratch: NormalisationScratch<Scalar>
    ) {
        precondition(count == cut.instances * cut.rows * cut.columns && x.count == count && scratch.fits(cut))
        precondition(mean.count == cut.instances * cut.groups && variance.count == mean.count)
        precondition(gamma.count == cut.columns)
        precondition(gammaGradient.count == cut.columns && betaGradient.count == cut.columns)
        if Self.isSingle {
            ck_normalise_backward_f32(
                f32, x.f32, cut.c, mean.f32, variance.f32, Float(epsilon), gamma.f32, areFixed ? 1 : 0,
                gammaGradient.f32, betaGradient.f32, scratch.sums.base, scratch.patterns.f32)
        } else {
            ck_normalise_backward_f64(
                f64, x.f64, cut.c, mean.f64, variance.f64, epsilon, gamma.f64, areFixed ? 1 : 0,
                gammaGradient.f64, betaGradient.f64, scratch.sums.base, scratch.patterns.f64)
        }
    }
}
