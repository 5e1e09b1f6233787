import Fitting
import Sweep
import Text

/// A line or a power law through the means of a curve.
struct FigureFit {
    enum Law {
        case line(LineFit)
        case power(PowerLaw)
    }

    let law: Law
    /// The quantity's row.
    let row: Int
    /// The curve's index among the table's blocks.
    let block: Int

    /// A fit through the points whose coordinates are numbers, and above 0 for a power law. nil where there
    /// are fewer than two.
    init?(_ kind: FigureSpec.Fit, _ points: [(x: Double, y: Double)], row: Int, block: Int) {
        let (x, y) = (points.map(\.x), points.map(\.y))
        switch kind {
        case .line:
            guard let line = LineFit(x, y) else { return nil }
            law = .line(line)
        case .power:
            // Over a narrow range of x, the factor (the law at x = 1) may overflow.
            guard let power = PowerLaw(x, y), power.factor.isNormal else { return nil }
            law = .power(power)
        }
        self.row = row
        self.block = block
    }

    /// "slope 1.020 ± 0.033 (5 points)", with the standard error.
    var text: String {
        switch law {
        case .line(let line):
            "slope \(FigureFit.text(line.slope, line.hasErrors ? line.slopeError : nil))"
                + " (\(counted(line.points, "point")))"
        case .power(let power):
            "exponent \(FigureFit.text(power.exponent, power.hasErrors ? power.exponentError : nil))"
                + " (\(counted(power.points, "point")))"
        }
    }

    /// All numbers of the fit, for a table's header.
    var header: String {
        func number(_ value: Double) -> String { JSONValue.text(of: value) }
        func error(_ value: Double, _ isOne: Bool) -> String { isOne ? number(value) : "nan" }
        switch law {
        case .line(let line):
            return "slope \(number(line.slope)), stderr \(error(line.slopeError, line.hasErrors)), intercept "
                + "\(number(line.intercept)), stderr \(error(line.interceptError, line.hasErrors)), R2 "
                + "\(number(line.determination)), \(line.points) points"
        case .power(let power):
            return "exponent \(number(power.exponent)), stderr "
                + "\(error(power.exponentError, power.hasErrors)), factor "
                + "\(number(power.factor)), R2 of the logarithms \(number(power.determination)), "
                + "\(power.points) points"
        }
    }

    /// The law as a gnuplot function of x.
    var formula: String {
        switch law {
        case .line(let line):
            "(\(JSONValue.text(of: line.intercept))) + (\(JSONValue.text(of: line.slope))) * x"
        case .power(let power):
            "x > 0 ? (\(JSONValue.text(of: power.factor))) * x**(\(JSONValue.text(of: power.exponent))) : NaN"
        }
    }

    /// - Parameter error: nil for two points, which always lie on a line. An error due only to rounding
    ///   counts as 0.
    private static func text(_ value: Double, _ error: Double?) -> String {
        guard let error else { return rounded(value, digits: 3).replacingMinus }
        return textWithError(value, error) ?? "\(rounded(value, digits: 10).replacingMinus) ± 0"
    }
}

extension Table {
    /// The fits of each block and quantity, where the figure asks for them and there are enough points.
    var fits: [FigureFit] {
        guard let kind = data.figure.fit else { return [] }
        return blocks.enumerated().flatMap { position, block in
            data.figure.y.indices.compactMap { row in
                let points = block.curve.sorted.compactMap { point -> (x: Double, y: Double)? in
                    guard let x = data.abscissa(of: point), let y = point.samples[row].mean else {
                        return nil
                    }
                    return (x, y)
                }
                return FigureFit(kind, points, row: row, block: position)
            }
        }
    }

    /// The header lines about the fits.
    var fitLines: [String] {
        let fits = fits
        guard !fits.isEmpty else { return [] }
        let law = data.figure.fit == .power ? "factor * x^exponent, in both logarithms" : "a line"
        return ["# Fits: \(law), by least squares through the means, each weighing the same"]
            + fits.map { fit in
                "# Fit of index \(fit.block), \(data.figure.y[fit.row].columnName): \(fit.header)"
            }
    }
}

extension FigureScript {
    /// The text of each fit in the key.
    static func fitTexts(_ table: Table) -> [(fit: FigureFit, text: String)] {
        let fits = table.fits
        let blocks = table.blocks
        return fits.map { fit in
            let block = blocks[fit.block]
            let names = [
                table.data.panels.count > 1 ? block.panel.label?.text : nil,
                table.data.figure.y.count > 1 ? table.data.figure.y[fit.row].columnName : nil,
                block.curve.label.text,
            ].compactMap { $0 }.filter { !$0.isEmpty }
            return (fit, (names.isEmpty ? "" : names.joined(separator: ", ") + ": ") + fit.text)
        }
    }

    /// The fits of a panel as thin dashed lines in their curves' colours.
    func fitLines(_ row: Int, _ column: Int) -> [String] {
        fits.filter { $0.row == row && blocks[$0.block].panelIndex == column }.compactMap { fit in
            guard let style = styleIndices[blocks[fit.block].curve.label.key] else { return nil }
            return "\(fit.formula) with lines ls \(style + 1) lw 1 dt 2 notitle"
        }
    }
}

extension String {
    /// With a typographic minus sign, since a hyphen is hard to see beside a digit.
    fileprivate var replacingMinus: String { hasPrefix("-") ? "−" + dropFirst() : self }
}
