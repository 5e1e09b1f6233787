import Glibc
import Sweep
import Text

/// The distance between curves that have bars at the same x, so that none hides another's.
struct Dodge: Equatable {
    /// The distance between neighbours: a difference in x, or in its logarithm.
    let step: Double
    let isLog: Bool

    /// The shift of a curve's x.
    struct Shift: Equatable {
        /// A difference, or a factor.
        let amount: Double
        let isFactor: Bool

        /// The moved x as a gnuplot term.
        func script(_ x: String) -> String {
            isFactor
                ? "\(x) * \(rounded(amount, digits: 6))"
                : "\(x) \(amount < 0 ? "-" : "+") \(rounded(abs(amount)))"
        }

        func moved(_ x: Double) -> Double { isFactor ? x * amount : x + amount }
    }

    /// The most values of x. With more, bars are too close to stand side by side.
    private static let maxPositions = 12
    /// The least and the greatest distance of neighbours, in ems.
    private static let distances = 0.13...0.53

    /// Whether x is ordered, so that a moved point could be mistaken for one at another x.
    let isOfOrdered: Bool

    /// nil where nothing hides another, and where curves have no room side by side.
    ///
    /// - Parameters:
    ///   - curves: the number of curves in the figure.
    ///   - width: the width of a panel, in ems.
    init?(_ data: FigureData, _ x: FigureRange?, curves: Int, width: Double) {
        if let x, data.figure.isOrdinal {
            (step, isLog, isOfOrdered) = (0.8 / Double(max(curves, 1)), x.isLog, false)
            return
        }
        guard let x, curves > 1, !data.figure.hasLines || data.isCategorical, !data.isScatter, !data.isPlane
        else { return nil }
        let numbers = Set(data.panels.flatMap(\.curves).flatMap(\.points).filter(\.hasMeans).map(\.x))
        let positions = numbers.filter { !x.isLog || $0 > 0 }.map { x.isLog ? log($0) : $0 }.sorted()
        let span = x.isLog ? log(x.high / x.low) : x.high - x.low
        let gap = zip(positions, positions.dropFirst()).map { $1 - $0 }.min()
        isLog = x.isLog
        isOfOrdered = !data.isCategorical
        guard data.isCategorical else {
            guard positions.count <= Dodge.maxPositions, Dodge.areTogether(data) else { return nil }
            let em = span / width
            let (low, high) = x.isLog ? (log(x.low), log(x.high)) : (x.low, x.high)
            // The outermost curves stay within the panel.
            let edge = min((positions.first ?? low) - low, high - (positions.last ?? high))
            let room = min((gap ?? span) / 2 / Double(curves), 1.8 * edge / Double(curves - 1))
            step = min(room, Dodge.distances.upperBound * em)
            guard step >= Dodge.distances.lowerBound * em else { return nil }
            return
        }
        step = (gap ?? 1) * min(0.12, 0.7 / Double(curves))
    }

    /// Whether some panel has two curves with a spread at the same x.
    private static func areTogether(_ data: FigureData) -> Bool {
        data.panels.contains { panel in
            data.figure.y.indices.contains { row in
                var seen: Set<Double> = []
                return panel.curves.flatMap(\.points).filter { $0.samples[row].count > 1 }
                    .contains { !seen.insert($0.x).inserted }
            }
        }
    }

    /// - Parameter index: the curve's index, counted from 0.
    func shift(of index: Int, among curves: Int) -> Shift? {
        let difference = (Double(index) - Double(curves - 1) / 2) * step
        guard difference != 0 else { return nil }
        return Shift(amount: isLog ? exp(difference) : difference, isFactor: isLog)
    }
}
