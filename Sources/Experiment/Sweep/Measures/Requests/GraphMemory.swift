/// The memory that a measurement of a graph takes, estimated before it begins, in bytes.
package struct GraphMemory {
    /// The weights, and the values of the points that are computed at once.
    let network: Int
    /// The tangents of one input.
    let tangent: Int
    /// Number of inputs that Jacobians are taken in; 0: none is taken.
    let inputs: Int
    /// The matrices that ranks are counted in.
    let ranks: Int
    /// The layers' values at one point.
    let point: Int
    /// Number of points at which they are kept together.
    let points: Int

    /// All of it.
    package var total: Int { network + tangent * inputs + ranks + point * points }

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
        let batch = GraphMemory.batch(values: values, points: points)
        network = 4 * (2 * parameters + values * (2 * batch + 1) + input * points)
        let takesRanks = request.measures?.contains(.localRank) ?? true
        self.inputs = takesRanks ? inputs : 0
        self.tangent = takesRanks ? 4 * tangent : 0
        let order = takesRanks ? units.map { min($0, inputs) }.max() ?? 0 : 0
        ranks = 2 * 8 * order * order
        point = 4 * units.reduce(0, +)
        let asked = request.requested(of: min(points, request.rankPoints ?? 1000)).compactMap(\.testPoints)
            .max()
        self.points = request.outputsFolder == nil ? min(points, asked ?? 0) : points
    }

    /// Number of points that a network computes at once.
    package static func batch(values: Int, points: Int) -> Int {
        max(1, min(64, points, (1 << 26) / max(1, values)))
    }

    /// The fault where this is more than the memory available, with what would fit; nil: it fits.
    ///
    /// - Parameter shape: the shape of a point.
    package func problem(available: UInt64, shape: [Int], asksForColumns: Bool) -> String? {
        guard total > available else { return nil }
        let room = Int(min(available, 1 << 62))
        var parts: [String] = []
        if inputs > 0 {
            parts.append("\(GraphMemory.text(tangent * inputs)) for the derivatives in \(inputs) inputs")
        }
        if points > 0 {
            parts.append("\(GraphMemory.text(point * points)) for the layers' values at \(points) points")
        }
        let ways = [
            inputs > 0 ? fewerInputs(room - network - point * points, shape, asksForColumns) : nil,
            points > 0 && network + tangent * inputs + ranks <= room
                ? "at most \((room - network - tangent * inputs - ranks) / max(1, point)) points" : nil,
        ]
        return "needs \(GraphMemory.text(total)) of memory"
            + (parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))")
            + ", and \(GraphMemory.text(room)) are free; what would fit: "
            + (ways.compactMap { $0 } + ["fewer --layers"]).joined(separator: ", or ")
    }

    /// The option with which the derivatives fit into so many bytes; nil: none does.
    private func fewerInputs(_ room: Int, _ shape: [Int], _ asksForColumns: Bool) -> String? {
        func fits(_ count: Int) -> Bool {
            let order = min(count, inputs)
            return tangent * count + 16 * order * order <= room
        }
        guard shape.count == 3, !asksForColumns else {
            var count = inputs
            while count > 0, !fits(count) { count -= max(1, count / 16) }
            return count > 0 ? "--columns random:\(count)" : nil
        }
        return stride(from: 64, to: 0, by: -1).first { fits(shape[0] * $0 * $0) }.map { "--patch \($0)" }
    }

    /// The size in MB or GB.
    package static func text(_ bytes: Int) -> String {
        let (unit, scale) = bytes < 1_000_000_000 ? ("MB", 1e6) : ("GB", 1e9)
        return "\((Double(bytes) / scale * 10).rounded() / 10) \(unit)"
    }
}
