import Text

extension Metric {
    package static let productRoot = Metric(
        "product_root", .hiddenLayers, label: "l-th root of σ_k/σ_1",
        thresholds: ("measures.weight_product.indices", "k = ε"), hasTheory: true, limit: .share,
        hasGaps: true)
    package static let productExponentRoot = Metric(
        "product_exponent_root", .hiddenLayers, label: "l-th root of r_k/r_1",
        thresholds: ("measures.weight_product.indices", "k = ε"), hasTheory: true,
        limit: .nonNegative,
        hasGaps: true)
    package static let productRank = Metric(
        "product_rank", .hiddenLayers, label: "rank",
        thresholds: ("measures.weight_product.tolerances", "σ ≥ ε σ_1"), isCount: true,
        hasTheory: true, limit: .rank)
    package static let productRankSingle = Metric(
        "product_rank_single", .hiddenLayers, label: "rank, float32",
        thresholds: ("measures.weight_product.tolerances", "σ ≥ ε σ_1"), isCount: true,
        hasTheory: true, limit: .rank)
    package static let productLogNorm = Metric(
        "product_log_norm", .hiddenLayers, label: "ln σ_1", hasTheory: true, hasGaps: true, isOptional: true)
    package static let perturbedRank = Metric(
        "perturbed_rank", .layers, label: "perturbed rank",
        thresholds: ("measures.rank_stability.tolerances", "ε"), isCount: true,
        hasTheory: true, limit: .rank)
    package static let unperturbedRank = Metric(
        "unperturbed_rank", .layers, label: "rank",
        thresholds: ("measures.rank_stability.tolerances", "ε"), isCount: true, limit: .rank)
    package static let safeDelta = Metric(
        "safe_delta", .layers, label: "safe δ",
        thresholds: ("measures.rank_stability.tolerances", "ε"), limit: .nonNegative)
}

extension MeasureDeclaration {
    package static let weightProduct = MeasureDeclaration(
        "weight_product", needs: [.denseChain], theory: "limit of infinite depth",
        metrics: [.productRoot, .productExponentRoot, .productRank, .productRankSingle, .productLogNorm],
        options: [
            Option(
                "indices", .numbers(Bounds(.closed(1), .closed(65536)), limit: 20),
                default: JSONValue([2.0, 10, 100, 500]), "Which singular values, counted from 1."),
            Option(
                "tolerances", .numbers(Bounds(.open(0), .open(1)), limit: 20), default: JSONValue([1.19e-4]),
                "Tolerances of the product's rank, relative to its largest singular value."),
            Option(
                "log_norm", .flag, default: .bool(false),
                "Whether ln σ_1 of the product is recorded: how gradients grow with depth."),
        ],
        "Whether the singular values of the products W_l … W_1 are measured; of a linear network they are "
            + "the Jacobian's.")

    package static let rankStability = MeasureDeclaration(
        "rank_stability", needs: [.activations, .jacobians, .denseChain], theory: "promised below safe δ",
        metrics: [.perturbedRank, .unperturbedRank, .safeDelta],
        options: [
            Option(
                "delta", .number(Bounds(.closed(0), .closed(1000))), default: .number(1e-6),
                "δ, the spectral norm of the normal perturbation, relative to the Jacobian's."),
            Option(
                "tolerances", .numbers(Bounds(.open(0), .open(1)), limit: 20),
                default: JSONValue([1e-13, 1e-4, 0.01]), "Tolerances of the rank."),
        ],
        points: JSONValue(1),
        "Whether ranks of each layer's Jacobian are measured under a perturbation.")
}
