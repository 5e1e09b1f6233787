/// The costs of measures that do more than work on activations.
extension CostEstimate {
    /// Adds products and decompositions of whole matrices: `weightProduct` decomposes each hidden layer's,
    /// `rankStability` each layer's Jacobian at each point.
    mutating func addSpectra(of measure: RequestedMeasure, _ shape: Shape, times: Double) {
        if measure.name == MeasureDeclaration.componentRank.name { add(component: measure, times: times) }
        let isProduct = measure.name == MeasureDeclaration.weightProduct.name
        guard isProduct || measure.name == MeasureDeclaration.rankStability.name else { return }
        let points = isProduct ? 1 : Double(measure.testPoints ?? 1)
        var narrowest = shape.inputs
        for (units, weights) in zip(shape.jacobianUnits, shape.weights) {
            narrowest = min(narrowest, units)
            let columns = Double(isProduct ? narrowest : shape.inputs)
            // Double precision has half the speed. Decompositions mostly have that of reductions.
            let small = min(Double(units), columns)
            products += times * points * (12 * Double(weights) + 16 * small * Double(units)) * columns
            let decompositions: Double = isProduct ? 2 : 3
            reductions += times * points * decompositions * 0.5 * small * small * max(small, Double(units))
        }
    }

    /// Adds the products of all layers for each input of a Jacobian of a network from a file, in single precision, and
    /// each layer's Gram matrix, in double, with its reduction.
    mutating func add(_ rank: TrialSettings.LocalRank, of graph: TrialSettings.Graph, _ shape: Shape) {
        let points = Double(rank.points)
        let columns = Double(graph.inputs.count)
        products += 2 * points * columns * Double(graph.cost)
        for units in shape.jacobianUnits {
            let (small, large) = (min(columns, Double(units)), max(columns, Double(units)))
            products += points * 2 * small * small * large
            reductions += points * 4 / 3 * small * small * small
        }
    }

    /// Adds the singular values of each weight matrix, in double precision.
    mutating func add(weightNormsOf shape: Shape, times: Double) {
        for (rows, columns) in shape.matrices {
            let small = Double(min(rows, columns))
            reductions += times * 0.5 * small * small * Double(max(rows, columns))
        }
    }

    /// Adds a local rank in the patch. A plain network's Jacobians are as wide as its inputs.
    mutating func add(
        partialRank measure: RequestedMeasure, _ trial: TrialSettings, _ shape: Shape, times: Double
    ) {
        let rank = TrialSettings.LocalRank(
            thresholds: [], relative: [], noise: [], points: measure.testPoints ?? shape.testPoints,
            patch: measure.settings["side"]?.number.flatMap { Int(exactly: $0) })
        if trial.model.architecture == nil {
            add(rank, shape, times: times)
        } else {
            add(rank, ofNetwork: shape, times: times)
        }
    }

    /// Adds a local rank, the decomposition of each weight matrix, and for each threshold the forward passes with all
    /// layers truncated and with each alone, in double precision.
    mutating func add(truncation measure: RequestedMeasure, _ shape: Shape, times: Double) {
        let thresholds = measure.settings["thresholds"]?.array?.compactMap(\.number) ?? []
        let rank = TrialSettings.LocalRank(
            thresholds: thresholds, relative: [], noise: [],
            points: measure.settings["rank_points"]?.number.flatMap { Int(exactly: $0) } ?? 0, patch: nil)
        add(rank, shape, times: times)
        let passes = Double(thresholds.count * (shape.jacobianUnits.count + 1))
        let points = Double(measure.testPoints ?? shape.testPoints)
        products += 4 * times * passes * points * Double(shape.multiplications)
        for (rows, columns) in shape.matrices {
            let small = Double(min(rows, columns))
            reductions += times * 3 * small * small * small
        }
    }

    /// Adds, for n units and p points, the features, the component's product, Gram matrices and their
    /// reductions.
    private mutating func add(component measure: RequestedMeasure, times: Double) {
        func number(_ key: String) -> Double { measure.settings[key]?.number ?? 1 }
        let units = number("channels") * number("side") * number("side")
        let points = number("batch")
        let small = min(units, points)
        // Double precision has half the speed.
        products += times * (12 * units * units * units + 8 * points * units * (units + small))
        reductions += times * 8 / 3 * (units * units * units + small * small * small)
    }
}
