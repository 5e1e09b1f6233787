import Glibc
import Sweep
import Text

/// One axis of a figure: its range and its marks.
struct FigureRange: Equatable {
    let low: Double
    let high: Double
    let isLog: Bool
    let division: AxisMarks
    /// Numbers with labels.
    var marks: [Double] { division.major }

    /// Both ends as scripts write them: to four digits, where these distinguish the ends well.
    var written: (low: Double, high: Double) {
        let isNarrow = high - low < 0.01 * max(abs(low), abs(high))
        return isNarrow ? (low, high) : (low.rounded(toDigits: 4), high.rounded(toDigits: 4))
    }

    var ends: String { "\(JSONValue.text(of: written.low)):\(JSONValue.text(of: written.high))" }

    /// Numbers above the upper limit are left out; those below the lower one count as 0. Records and axes may
    /// hold any number, and ratios and inverses of extreme ones overflow.
    private static let limits = 1e-100...1e100

    private static func drawable(_ numbers: [Double]) -> [Double] {
        numbers.filter { abs($0) <= limits.upperBound }.map { abs($0) < limits.lowerBound ? 0 : $0 }
    }

    /// Whether a log axis can show any of the numbers.
    static func hasPositive(_ numbers: [Double]) -> Bool { drawable(numbers).contains { $0 > 0 } }

    /// Range around all x. For a single x, it leaves some room on both sides.
    ///
    /// - Parameters:
    ///   - isLog: nil: chosen from the numbers; numbers that grow by factors get a log axis.
    ///   - isCategory: whether x numbers unordered things, each with a label and equal room.
    init?(x numbers: [Double], isLog asked: Bool?, isCategory: Bool = false, room: AxisMarks.Room = .across) {
        let numbers = FigureRange.drawable(numbers)
        var isLog = (asked ?? FigureRange.growByFactors(numbers)) && !isCategory
        isLog = isLog && numbers.contains { $0 > 0 }
        let distinct = Set(isLog ? numbers.filter { $0 > 0 } : numbers).sorted()
        guard let first = distinct.first, let last = distinct.last else { return nil }
        self.isLog = isLog
        if isCategory {
            let gaps = zip(distinct, distinct.dropFirst()).map { $1 - $0 }
            let (gap, widest) = (gaps.min() ?? 1, gaps.max() ?? 1)
            // Uneven numbers, such as seeds of data sets, need room for the last label, not for one more step.
            let room = widest > 1.5 * gap ? max(0.6 * gap, 0.05 * (last - first)) : 0.6 * gap
            (low, high) = (first - room, last + room)
        } else if isLog {
            let room = first == last ? 3 : pow(last / first, 0.04)
            (low, high) = (first / room, last * room)
        } else {
            let room = first == last ? max(abs(first) / 2, 0.5) : (last - first) * 0.04
            (low, high) = (first - room, last + room)
        }
        let isWhole = distinct.allSatisfy { $0 == $0.rounded() }
        let (low, high) = (low, high)
        let labels = zip(distinct, AxisMarks.labels(of: distinct)).map { number, label in
            (
                position: isLog ? log(number / low) / log(high / low) : (number - low) / (high - low),
                width: AxisMarks.width(label)
            )
        }
        let areFew = distinct.count <= 6 && (isWhole || distinct.count == 1)
        division =
            (isCategory || areFew) && room.holds(labels)
            ? AxisMarks(at: distinct, low, high, isLog: isLog)
            : AxisMarks(low, high, isLog: isLog, room: room)
    }

    /// An axis on which each value has a position, from 0 on.
    init(positions values: [Double], room: AxisMarks.Room) {
        let labels = AxisMarks.labels(of: values)
        (low, high, isLog) = (-0.6, Double(labels.count) - 0.4, false)
        let (low, high) = (low, high)
        // Every position, or as many as there is room for.
        let step = (1...max(labels.count, 1)).first { step in
            room.holds(
                stride(from: 0, to: labels.count, by: step).map {
                    ((Double($0) - low) / (high - low), AxisMarks.width(labels[$0]))
                })
        }
        let shown = Array(stride(from: 0, to: labels.count, by: step ?? 1))
        division = AxisMarks(at: shown.map(Double.init), names: shown.map { labels[$0] })
    }

    /// Range around all means and closed forms, and around the intervals as far as the means stay readable.
    ///
    /// - Parameter intervals: intervals, already cut to the quantity's possible range.
    init?(
        means: [Double], intervals: [(low: Double, high: Double)], isLog: Bool, isCount: Bool,
        room: AxisMarks.Room = .down
    ) {
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
            let space = max(pow(top / bottom, 0.05), 1.2)
            (low, high) = (bottom / space, top * space)
            division = AxisMarks(low, high, isLog: true, room: room)
            return
        }
        let span = top > bottom ? top - bottom : max(abs(top) * 0.2, isCount ? 1 : 1e-6)
        let limits = (low: bottom - 0.6 * span, high: top + 0.6 * span)
        let isPositive = bottom >= 0
        for interval in intervals {
            bottom = min(bottom, max(interval.low, limits.low))
            top = max(top, min(interval.high, limits.high))
        }
        // A bar below zero is meaningless for a quantity that is never negative.
        if isPositive { bottom = max(bottom, 0) }
        if isCount || (isPositive && bottom < 0.3 * top) { bottom = min(bottom, 0) }
        let space = max((top - bottom) * 0.05, span * 0.05)
        (low, high) = (bottom - space, top + space)
        let counts = isCount && (0...8).contains(top) ? (0...Int(top.rounded(.up))).map(Double.init) : []
        let (first, last) = (low, high)
        let areApart = room.holds(counts.map { (($0 - first) / (last - first), 0.64) })
        division =
            !counts.isEmpty && areApart
            ? AxisMarks(at: counts, low, high, isLog: false)
            : AxisMarks(low, high, isLog: false, room: room)
    }

    /// The width of the widest label, in ems.
    var markWidth: Double { division.labels.map(AxisMarks.width).max() ?? 0 }

    /// The positions of the labels, as fractions of the axis, and their widths.
    var markPlan: [(position: Double, width: Double)] {
        zip(marks, division.labels).map { (fraction(of: $0), AxisMarks.width($1)) }
    }

    /// A number's position, as a fraction of the axis.
    func fraction(of number: Double) -> Double {
        isLog ? log(number / low) / log(high / low) : (number - low) / (high - low)
    }

    /// This range with ends that the figure asks for. Ends that a log axis can't have are left out.
    func limited(to limits: FigureStyle.Limits?, room: AxisMarks.Room) -> FigureRange {
        guard let limits, division.names == nil else { return self }
        func end(_ asked: Double?) -> Double? { asked.flatMap { isLog && $0 <= 0 ? nil : $0 } }
        var (low, high) = (end(limits.low) ?? self.low, end(limits.high) ?? self.high)
        if low >= high {
            // One end alone is asked for, and all numbers lie beyond it.
            if limits.high == nil {
                high = isLog ? low * 10 : low + 1
            } else {
                low = isLog ? high / 10 : high - 1
            }
        }
        return FigureRange(
            low: low, high: high, isLog: isLog, division: AxisMarks(low, high, isLog: isLog, room: room))
    }

    private init(low: Double, high: Double, isLog: Bool, division: AxisMarks) {
        (self.low, self.high, self.isLog, self.division) = (low, high, isLog, division)
    }

    /// The script's lines for the axis: its range, scale and marks.
    func script(_ name: String, showsNumbers: Bool, on canvas: FigureCanvas) -> [String] {
        // The order matters: gnuplot warns of a log axis that still has the range of a linear one, and vice
        // versa.
        let range = "set \(name)range [\(ends)]"
        return [
            isLog ? range : "unset logscale \(name)", isLog ? "set logscale \(name)" : range,
            "set \(name)tics nomirror \(division.script(showsNumbers: showsNumbers, on: canvas))",
        ]
    }

    private static func growByFactors(_ numbers: [Double]) -> Bool {
        let sorted = Set(numbers).sorted()
        guard let first = sorted.first, let last = sorted.last, sorted.count > 2, first > 0 else {
            return false
        }
        return last / first >= 8 && sorted[sorted.count / 2] < (first + last) / 4
    }

    /// Numbers within a positive range that are one of the digits times a power of ten. Ascending.
    static func roundNumbers(_ low: Double, _ high: Double, digits: [Int]) -> [Double] {
        var marks: [Double] = []
        for exponent in Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up)) {
            // Parsed from text, which avoids the rounding of a power.
            for digit in digits {
                if let mark = Double("\(digit)e\(exponent)"), low <= mark, mark <= high { marks.append(mark) }
            }
        }
        return marks
    }

    /// About `count` multiples of 1, 2 or 5 times a power of ten. None where the ends agree up to rounding.
    static func equalSteps(_ low: Double, _ high: Double, count: Double) -> [Double] {
        let rough = (high - low) / count
        guard rough > 1e-12 * max(abs(low), abs(high)), rough > 1e-290 else { return [] }
        let power = pow(10, log10(rough).rounded(.down))
        let digit = [1.0, 2, 5].first { $0 * power >= rough } ?? 10
        // Counted in whole steps, since sums would not be round.
        let first = (low / (digit * power)).rounded(.up), last = (high / (digit * power)).rounded(.down)
        guard first <= last else { return [] }
        let exponent = Int(log10(power).rounded())
        return (Int(first)...Int(last)).compactMap { Double("\($0 * Int(digit))e\(exponent)") }
    }
}
