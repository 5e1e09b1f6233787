import Text

extension Metric {
    package static let localRank = Metric(
        "local_rank", .layers, label: "local rank",
        thresholds: ("measures.local_rank.thresholds", "σ > ε"), isCount: true, hasTheory: true,
        hasBound: true, limit: .rank, notation: .meanAndError)
    package static let localRankRelative = Metric(
        "local_rank_relative", .layers, label: "local rank",
        thresholds: ("measures.local_rank.relative", "σ ≥ ε σ_1"), isCount: true, limit: .rank,
        notation: .meanAndError)
    package static let localRankNoise = Metric(
        "local_rank_noise", label: "rank above the noise",
        thresholds: ("measures.local_rank.noise", "σ > ε"), uses: [.vib], isCount: true, limit: .rank,
        notation: .meanAndErrorOfLast)
    package static let informativeDirections = Metric(
        "informative_directions", label: "informative directions", uses: [.vib], isCount: true,
        hasTheory: true, limit: .rank, notation: .meanAndError)
    package static let activeUnits = Metric(
        "active_units", .hiddenLayers, label: "active units", uses: [.ofActivations], isCount: true,
        limit: .units, notation: .meanAndError)
}

extension MeasureDeclaration {
    package static let localRank = MeasureDeclaration(
        own: "local_rank",
        metrics: [.localRank, .localRankRelative, .localRankNoise, .informativeDirections, .activeUnits],
        settings: [
            Setting(
                "measures.local_rank", .flag, value: .bool(true), "Whether local ranks are measured at all."),
            Setting(
                "measures.local_rank.thresholds", .numbers(Setting.positive, limit: 100),
                value: JSONValue([0.01, 0.1]), "Absolute thresholds ε: singular values above ε count."),
            Setting(
                "measures.local_rank.relative", .numbers(Bounds(.open(0), .closed(1)), limit: 100),
                value: JSONValue([0.01]),
                "Relative thresholds: singular values of at least ε times the largest count."),
            Setting(
                "measures.local_rank.noise", .numbers(Setting.positive, limit: 100), value: JSONValue([1.0]),
                uses: [.vib],
                "Thresholds of the rank that knows the noise: singular values of diag(1/σ)·J above τ count."),
            Setting(
                "measures.local_rank.points", .integer(1...1_000_000),
                default: "256, 4 (networks on images), 1 (onnx)",
                "Test points that the mean goes over."),
            Setting(
                "measures.local_rank.patch", .integer(1...1000), value: JSONValue(16), uses: [.ofPatches],
                "Side of the square of pixels, in the image's middle, that Jacobians are taken in: the rank "
                    + "is at most its numbers. As large as the image: the whole."),
            Setting(
                "measures.local_rank.columns", .integer(1...1_000_000), default: "none", uses: [.onnx],
                "Number of inputs that Jacobians are taken in, drawn by the seed; instead of a patch."),
        ], isUsual: true)
}
