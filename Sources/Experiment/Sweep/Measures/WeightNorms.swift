import Text

extension Metric {
    package static let spectralNorm = Metric(
        "spectral_norm", .layers, label: "spectral norm", limit: .nonNegative)
    package static let frobeniusNorm = Metric(
        "frobenius_norm", .layers, label: "Frobenius norm", limit: .nonNegative)
    package static let stableRank = Metric(
        "stable_rank", .layers, label: "stable rank", hasBound: true, limit: .matrixRank)
    package static let numericalRank = Metric(
        "numerical_rank", .layers, label: "numerical rank", isCount: true, limit: .matrixRank)
    package static let meanStableRank = Metric(
        "mean_stable_rank", label: "mean stable rank", uses: [.trained], hasBound: true,
        limit: .meanMatrixRank)
}

extension MeasureDeclaration {
    package static let weightNorms = MeasureDeclaration(
        own: "weight_norms",
        metrics: [.spectralNorm, .frobeniusNorm, .stableRank, .numericalRank, .meanStableRank],
        settings: [
            Setting(
                "measures.weight_norms", .flag, value: .bool(false),
                "Whether norms and ranks of the weight matrices are measured."),
            Setting(
                "measures.weight_norms.tolerance", .number(Bounds(.open(0), .open(1))),
                default: "1.19e-07 times the matrix's larger side",
                "Numerical rank counts singular values of at least this share of the largest. "
                    + "Turns the measure on."),
        ], isUsual: false)
}
