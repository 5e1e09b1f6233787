import Sweep

/// Closed forms and bounds as lines.
extension FigureScript {
    /// The closed form: one line where it is the same for all curves of the panel, otherwise one per curve.
    func closedForms(_ row: Int, _ column: Int) -> [String] {
        guard figure.theory, let theory = columns.theory[row] else { return [] }
        let known = blocks.enumerated().filter { _, block in
            block.panelIndex == column && block.curve.points.contains { $0.theory[row] != nil }
        }
        guard let longest = known.max(by: { $0.element.curve.points.count < $1.element.curve.points.count })
        else { return [] }
        if data.hasBounds { return bounds(known.map { ($0.offset, $0.element) }, longest.offset, row) }
        if saysTheSame(known.map(\.element.curve), row) {
            return closedForm(longest.offset, theory, isStaircase: figure.y[row].isStaircase, look: "ls 100")
        }
        return known.flatMap { index, block in
            let style = styleIndices[block.curve.label.key].map { "ls \($0 + 1)" } ?? "ls 100"
            return closedForm(index, theory, isStaircase: figure.y[row].isStaircase, look: style)
        }
    }

    /// Bounds as dashed lines, in their curves' colours where they differ, with the trivial bound, which
    /// depends on width alone.
    private func bounds(_ known: [(Int, Table.Block)], _ longest: Int, _ row: Int) -> [String] {
        guard let theory = columns.theory[row] else { return [] }
        func line(_ index: Int, _ column: Int, _ look: String) -> String {
            let drawing = hasOnePoint ? "points \(look)" : "lines \(look) dt 2"
            return "table index \(index) using \(theoryX):\(column) with \(drawing) notitle"
        }
        let isOne = saysTheSame(known.map(\.1.curve), row)
        let lines =
            isOne
            ? [line(longest, theory, "ls 100")]
            : known.map { index, block in
                line(index, theory, "ls \((styleIndices[block.curve.label.key] ?? 99) + 1)")
            }
        guard let trivial = columns.trivial[row], !hasOnePoint else { return lines }
        return [
            "table index \(longest) using \(theoryX):\(trivial) with lines ls 102 notitle"
        ] + lines
    }

    private var theoryX: String { figure.isOrdinal ? "(at($\(columns.x)))" : "\(columns.x)" }

    private func closedForm(_ index: Int, _ column: Int, isStaircase: Bool, look: String) -> [String] {
        let x = columns.x
        // A line needs two points.
        if hasOnePoint {
            return ["table index \(index) using \(theoryX):\(column) with points ls 100 notitle"]
        }
        if figure.isOrdinal {
            return ["table index \(index) using \(theoryX):\(column) with lines \(look) notitle"]
        }
        guard isStaircase, !isTrace else {
            return ["table index \(index) using \(x):\(column) with lines \(look) notitle"]
        }
        // Steps end where the last tread begins; vectors draw the second half of each tread.
        return [
            "last = NaN, table index \(index) using (half($\(x))):\(column) with steps \(look) notitle",
            "last = NaN, table index \(index) using (half($\(x))):\(column):($\(x) - rise):(0)"
                + " with vectors nohead \(look) notitle",
        ]
    }

    private func saysTheSame(_ curves: [FigureData.Curve], _ row: Int) -> Bool {
        var said: [Double: Double] = [:]
        for point in curves.flatMap(\.points) {
            guard let value = point.theory[row] else { continue }
            if let other = said[point.x], other != value { return false }
            said[point.x] = value
        }
        return true
    }
}
