import Glibc
import Sweep
import Text

/// The axis above a figure over β, which reads 1/β, and the other way round: papers use both.
extension FigureScript {
    /// Of the topmost panels: marks at the right places of the axis below, whatever its scale.
    func inverseAxis(_ place: FigureLayout.Place) -> [String] {
        guard let label = figure.inverseLabel, let x else { return [] }
        guard place.isTop else { return ["unset x2tics; unset x2label"] }
        let marks = x.inverseMarks
        let hasPowers = marks.contains { $0 < 1e-3 || $0 >= 1e5 }
        let texts = marks.map { mark in
            let name = hasPowers ? FigureScript.power(mark) : JSONValue.text(of: mark)
            // Where it is must be exact: an end of the range has nothing to spare.
            return "\(quoted(name)) \(JSONValue.text(of: 1 / mark))"
        }
        return [
            "\(x.isLog ? "set" : "unset") logscale x2",
            "set x2range [\(x.ends)]",
            "set x2label \(quoted(label)) offset 0,-0.3",
            "set x2tics (\(texts.joined(separator: ", "))) offset 0,-0.2",
        ]
    }

    /// A number of one digit as gnuplot's enhanced text: 1000 is 10^{3}.
    private static func power(_ number: Double) -> String {
        let exponent = Int(log10(number * (1 + 1e-12)).rounded(.down))
        let digits = (number / pow(10, Double(exponent)) * 1e6).rounded() / 1e6
        return (digits == 1 ? "" : "\(JSONValue.text(of: digits))·") + "10^{\(exponent)}"
    }
}

extension FigureSpec {
    /// What the axis above is called; nil where there is none.
    var inverseLabel: String? {
        switch x {
        case .axis("beta"): "β_{IB} = 1/β"
        case .betaIB: "β = 1/β_{IB}"
        default: nil
        }
    }
}

extension FigureRange {
    /// Round numbers whose inverses lie within the range, and far enough from one another to be read.
    /// Ascending by their inverses.
    var inverseMarks: [Double] {
        guard high > 0 else { return [] }
        // Of a linear axis the numbers near 0 have inverses without end; beyond these none is apart.
        let lowest = max(low, high / 1000)
        let ends = (1 / high, 1 / (isLog ? low : lowest))
        let decades = isLog && ends.1 / ends.0 >= 200
        let round = FigureRange.roundNumbers(ends.0, ends.1, digits: decades ? [1] : [1, 2, 5])
        let marks = apart(round)
        return marks.count >= 3 ? marks : apart(FigureRange.equalSteps(ends.0, ends.1))
    }

    /// From the right, those that are a fourteenth of the axis or more from the one before.
    private func apart(_ marks: [Double]) -> [Double] {
        func place(_ x: Double) -> Double {
            isLog ? log(x / low) / log(high / low) : (x - low) / (high - low)
        }
        var kept: [Double] = []
        for mark in marks.sorted() {
            if let last = kept.last, place(1 / last) - place(1 / mark) < 0.07 { continue }
            kept.append(mark)
        }
        return kept.reversed()
    }

    private static func equalSteps(_ low: Double, _ high: Double) -> [Double] {
        let rough = (high - low) / 5
        // Ends that are the same but for rounding have nothing between them.
        guard rough > 1e-12 * high else { return [] }
        let power = pow(10, log10(rough).rounded(.down))
        let digit = [1.0, 2, 5].first { $0 * power >= rough } ?? 10
        // Counted in whole steps: sums would not be round.
        let steps = (Int((low / (digit * power)).rounded(.up))...Int(high / (digit * power)))
        let exponent = Int(log10(power).rounded())
        return steps.compactMap { Double("\($0 * Int(digit))e\(exponent)") }.filter { $0 > 0 }
    }
}
