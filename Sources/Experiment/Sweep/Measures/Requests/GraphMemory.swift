import Text

/// The memory that a measurement of a graph takes, estimated before it begins, in bytes. The numbers of a sweep's file may
/// be anything, so they are doubles, which don't overflow.
package struct GraphMemory {
    /// The weights, and the values of the points that are computed at once.
    let network: Double
    /// The tangents of one input.
    let tangent: Double
    /// Number of inputs that Jacobians are taken in; 0: none is taken.
    let inputs: Int
    /// The matrices that ranks are counted in.
    let ranks: Double
    /// The layers' values at one point.
    let point: Double
    /// Number of points at which they are kept together.
    let points: Int

    /// All of it.
    package var total: Int { Int(min(bytes, 1e18)) }

    private var bytes: Double { network + tangent * Double(inputs) + ranks + point * Double(points) }

    /// - Parameters:
    ///   - parameters: number of parameters.
    ///   - values: number of numbers of all values of the network for one point.
    ///   - tangent: the most numbers that are held at once for the derivatives in one input.
    ///   - units: number of units of each layer that is measured.
    ///   - input: number of numbers of a point.
    ///   - inputs: number of inputs that Jacobians are taken in.
    ///   - points: number of points that are read.
    package init(
        _ request: MeasureRequest, parameters: Int, values: Int, tangent: Int, units: [Int], input: Int,
        inputs: Int, points: Int
    ) {
        let batch = request.needsOutputs ? Double(GraphMemory.batch(values: values, points: points)) : 0
        network =
            4 * (2 * Double(parameters) + Double(values) * (2 * batch + 1) + Double(input) * Double(points))
        let takesRanks = request.measures?.contains(.localRank) ?? true
        self.inputs = takesRanks ? inputs : 0
        self.tangent = takesRanks ? 4 * Double(tangent) : 0
        let order = takesRanks ? Double(units.map { min($0, inputs) }.max() ?? 0) : 0
        ranks = 2 * 8 * order * order
        point = 4 * units.reduce(0) { $0 + Double($1) }
        // Measures of "all" points name no number.
        let asked = request.requested(of: min(points, request.rankPoints ?? 1000)).compactMap {
            $0.settings["points"] == nil ? nil : $0.testPoints ?? points
        }.max()
        self.points = request.outputsFolder == nil ? min(points, asked ?? 0) : points
    }

    /// Number of points that a network computes at once.
    package static func batch(values: Int, points: Int) -> Int {
        max(1, min(64, points, (1 << 26) / max(1, values)))
    }

    /// The fault where this is more than the memory available, with what would fit; nil: it fits.
    ///
    /// - Parameters:
    ///   - channels: number of channels of an image of which a patch is taken; nil: inputs are drawn.
    ///   - options: the names of the options that the user has.
    package func problem(
        available: UInt64, channels: Int?, _ options: JacobianInputs.Options
    ) -> String? {
        let room = Double(available)
        guard bytes > room else { return nil }
        let (derivatives, kept) = (tangent * Double(inputs), point * Double(points))
        var parts: [String] = []
        if inputs > 0 {
            parts.append("\(sizeText(decimal: derivatives)) for the derivatives in \(inputs) inputs")
        }
        if points > 0 {
            parts.append("\(sizeText(decimal: kept)) for the layers' values at \(countText(points, "point"))")
        }
        let fitting =
            points > 0 ? Int(max(0, min(1e15, (room - network - derivatives - ranks) / max(1, point)))) : 0
        let ways = [
            inputs > 0 ? fewerInputs(room - network - kept, channels, options) : nil,
            fitting > 0 ? "at most \(countText(fitting, "point"))" : nil, "fewer \(options.layers)",
        ]
        return "needs \(sizeText(decimal: bytes)) of memory"
            + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))")
            + ", and \(sizeText(decimal: room)) are free; what would fit: "
            + ways.compactMap { $0 }.joined(separator: ", or ")
    }

    /// The option with which the derivatives fit into so many bytes; nil: none does.
    private func fewerInputs(
        _ room: Double, _ channels: Int?, _ options: JacobianInputs.Options
    ) -> String? {
        func fits(_ count: Int) -> Bool {
            let order = Double(min(count, inputs))
            return tangent * Double(count) + 16 * order * order <= room
        }
        if let channels {
            return stride(from: 64, to: 0, by: -1).first { fits(channels * $0 * $0) }
                .map { "\(options.patch)\(options.separator)\($0)" }
        }
        var count = inputs
        while count > 0, !fits(count) { count -= max(1, count / 16) }
        return count > 0 ? "\(options.columns)\(options.separator)\(options.drawn)\(count)" : nil
    }
}
