import Glibc
import Sweep
import Text

/// The axis above a figure over β, which reads 1/β, and vice versa: papers use both.
extension FigureScript {
    /// The script's lines for a topmost panel's upper axis: marks where they belong on the axis below,
    /// whatever its scale.
    func inverseAxis(_ frame: FigureLayout.Frame) -> [String] {
        guard let label = figure.inverseLabel, let x else { return [] }
        guard frame.isTop else { return ["unset x2tics; unset x2label"] }
        let marks = x.inverseMarks
        // Positions must be exact: an end of the range has no tolerance.
        let texts = zip(marks, AxisMarks.labels(of: marks)).map { mark, name in
            "\(layout.canvas.mark(name)) \(JSONValue.text(of: 1 / mark))"
        }
        return [
            "\(x.isLog ? "set" : "unset") logscale x2",
            "set x2range [\(x.ends)]",
            "set x2label \(layout.canvas.script([label])) offset 0,-0.1",
            "set x2tics (\(texts.joined(separator: ", "))) offset 0,-0.2",
        ]
    }
}

extension FigureSpec {
    /// The name of the axis above; nil where there is none.
    var inverseLabel: String? {
        switch x {
        case .axis("beta") where !isOrdinal: "β_{IB} = 1/β"
        case .betaIB where !isOrdinal: "β = 1/β_{IB}"
        default: nil
        }
    }
}

extension FigureRange {
    /// Round numbers whose inverses lie within the range, far enough apart to be readable. Ascending; their
    /// inverses descend.
    var inverseMarks: [Double] {
        guard high > 0 else { return [] }
        // On a linear axis, numbers near 0 have inverses without limit; beyond this bound no two are apart.
        let lowest = max(low, high / 1000)
        let ends = (1 / high, 1 / (isLog ? low : lowest))
        let decades = isLog && ends.1 / ends.0 >= 200
        let round = FigureRange.roundNumbers(ends.0, ends.1, digits: decades ? [1] : [1, 2, 5])
        let marks = apart(round)
        return marks.count >= 3
            ? marks : apart(FigureRange.equalSteps(ends.0, ends.1, count: 5).filter { $0 > 0 })
    }

    /// The marks from the right that are at least 0.07 of the axis from the one before.
    private func apart(_ marks: [Double]) -> [Double] {
        func fraction(_ x: Double) -> Double {
            isLog ? log(x / low) / log(high / low) : (x - low) / (high - low)
        }
        var kept: [Double] = []
        for mark in marks.sorted() {
            if let last = kept.last, fraction(1 / last) - fraction(1 / mark) < 0.07 { continue }
            kept.append(mark)
        }
        return kept.reversed()
    }
}
