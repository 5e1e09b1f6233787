import Glibc
import Text

/// One axis of a figure: what it spans, and how it is divided.
struct FigureRange: Equatable {
    let low: Double
    let high: Double
    let isLog: Bool
    /// Marks at these numbers only, instead of where gnuplot puts them.
    var marks: [Double]?

    /// As scripts write it: to four digits, where those tell the ends apart well.
    var ends: String {
        let isNarrow = high - low < 0.01 * max(abs(low), abs(high))
        func text(_ end: Double) -> String { isNarrow ? JSONValue.text(of: end) : rounded(end) }
        return "\(text(low)):\(text(high))"
    }

    /// Beyond the larger a number is left out, below the smaller it counts as 0: their ratios and inverses
    /// are no numbers, and records and axes may hold any.
    private static let limits = 1e-100...1e100

    private static func drawable(_ numbers: [Double]) -> [Double] {
        numbers.filter { abs($0) <= limits.upperBound }.map { abs($0) < limits.lowerBound ? 0 : $0 }
    }

    /// Around all x. Of one x: some room beside it.
    ///
    /// - Parameter isLog: nil: as the numbers want it, those that grow by factors a log axis.
    init?(x numbers: [Double], isLog wish: Bool?) {
        let numbers = FigureRange.drawable(numbers)
        var isLog = wish ?? FigureRange.growByFactors(numbers)
        let distinct = Set(isLog ? numbers.filter { $0 > 0 } : numbers).sorted()
        if isLog, distinct.isEmpty, !numbers.isEmpty { isLog = false }
        guard let first = distinct.first, let last = distinct.last else { return nil }
        self.isLog = isLog
        if isLog {
            let room = first == last ? 3 : pow(last / first, 0.04)
            (low, high) = (first / room, last * room)
        } else {
            let room = first == last ? max(abs(first) / 2, 0.5) : (last - first) * 0.04
            (low, high) = (first - room, last + room)
        }
        let isWhole = distinct.allSatisfy { $0 == $0.rounded() }
        marks =
            distinct.count <= 6 && (isWhole || distinct.count == 1)
            ? distinct : isLog ? FigureRange.logMarks(low, high, ratio: 200) : nil
    }

    /// Around all means and closed forms, and the intervals as far as they leave the means readable.
    init?(means: [Double], intervals: [(low: Double, high: Double)], isLog: Bool, isCount: Bool) {
        let drawable = FigureRange.drawable(means)
        let shown = isLog ? drawable.filter { $0 > 0 } : drawable
        guard var bottom = shown.min(), var top = shown.max() else { return nil }
        self.isLog = isLog
        if isLog {
            let factor = max(top / bottom, 2)
            for interval in intervals where interval.low > 0 {
                bottom = min(bottom, max(interval.low, bottom / factor))
            }
            for interval in intervals { top = max(top, min(interval.high, top * factor)) }
            let room = max(pow(top / bottom, 0.05), 1.2)
            (low, high) = (bottom / room, top * room)
            marks = FigureRange.logMarks(low, high, ratio: 50)
            return
        }
        let span = top > bottom ? top - bottom : max(abs(top) * 0.2, isCount ? 1 : 1e-6)
        let limits = (low: bottom - 0.6 * span, high: top + 0.6 * span)
        let isPositive = bottom >= 0
        for interval in intervals {
            bottom = min(bottom, max(interval.low, limits.low))
            top = max(top, min(interval.high, limits.high))
        }
        // A bar below zero of what is never negative says nothing.
        if isPositive { bottom = max(bottom, 0) }
        if isCount || (isPositive && bottom < 0.3 * top) { bottom = min(bottom, 0) }
        let room = max((top - bottom) * 0.05, span * 0.05)
        (low, high) = (bottom - room, top + room)
        if isCount, (0...8).contains(top) { marks = (0...Int(top.rounded(.up))).map(Double.init) }
    }

    /// Whether numbers are written as powers of ten.
    var hasPowers: Bool { isLog && (low < 2e-4 || high > 2e5) }

    /// How many characters the longest mark has, about.
    var markLength: Int {
        if hasPowers { return 4 }
        if let marks { return marks.map { JSONValue.text(of: $0).count }.max() ?? 0 }
        let decimals = max(0, Int((-log10((high - low) / 6)).rounded(.up)))
        let whole = String(Int(min(max(abs(low), abs(high)), 1e6))).count
        return min(whole + (decimals > 0 ? decimals + 1 : 0) + (low < 0 ? 1 : 0), 8)
    }

    private static func growByFactors(_ numbers: [Double]) -> Bool {
        let sorted = Set(numbers).sorted()
        guard let first = sorted.first, let last = sorted.last, sorted.count > 2, first > 0 else {
            return false
        }
        return last / first >= 8 && sorted[sorted.count / 2] < (first + last) / 4
    }

    /// 1, 2, 5, 10, …: gnuplot marks powers of ten only, too few on a short axis.
    private static func logMarks(_ low: Double, _ high: Double, ratio: Double) -> [Double]? {
        high / low < ratio ? roundNumbers(low, high, digits: [1, 2, 5]) : nil
    }

    /// The numbers of one of the digits, times a power of ten, within a range above 0. Ascending.
    static func roundNumbers(_ low: Double, _ high: Double, digits: [Int]) -> [Double] {
        var marks: [Double] = []
        for exponent in Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up)) {
            // From the text, which has no rounding of a power.
            for digit in digits {
                if let mark = Double("\(digit)e\(exponent)"), low <= mark, mark <= high { marks.append(mark) }
            }
        }
        return marks
    }
}
