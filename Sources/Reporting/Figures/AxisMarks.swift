import Glibc
import Text

/// The marks of an axis: major ones with a number and minor ones without. Pure.
struct AxisMarks: Equatable {
    /// Labelled marks, ascending.
    let major: [Double]
    /// Minor marks of a log axis, which show that it is one. Ascending.
    let minor: [Double]
    /// Labels of the major marks that aren't their numbers.
    let names: [String]?

    /// The labels of the major marks, as gnuplot's enhanced text.
    var labels: [String] { names ?? AxisMarks.labels(of: major) }

    /// The space of an axis on the canvas: its length, and whether labels stand side by side along it.
    struct Room {
        /// In ems.
        let length: Double
        let isAcross: Bool

        static let across = Room(length: 25, isAcross: true)
        static let down = Room(length: 16, isAcross: false)

        /// Whether labels of these widths fit at these positions, given as fractions of the axis.
        func holds(_ labels: [(position: Double, width: Double)]) -> Bool {
            zip(labels, labels.dropFirst()).allSatisfy { one, other in
                let need = isAcross ? (one.width + other.width) / 2 + 0.5 : 1.33
                return (other.position - one.position) * length >= need
            }
        }
    }

    /// Marks at given numbers, with labels.
    init(at numbers: [Double], _ low: Double, _ high: Double, isLog: Bool) {
        major = numbers
        minor = isLog ? AxisMarks.minor(low, high, beside: numbers) : []
        names = nil
    }

    /// Marks with labels that aren't their numbers.
    init(at numbers: [Double], names: [String]) {
        (major, minor, self.names) = (numbers, [], names)
    }

    /// Round numbers between two ends, as many as fit. Precondition: low < high, and 0 < low on a log axis.
    init(_ low: Double, _ high: Double, isLog: Bool, room: Room) {
        let major = isLog ? AxisMarks.logarithmic(low, high, room) : AxisMarks.linear(low, high, room)
        self.major = major
        names = nil
        minor = isLog ? AxisMarks.minor(low, high, beside: major) : []
    }

    /// The densest of the usual series that fits; equal steps where the axis spans too little for any.
    private static func logarithmic(_ low: Double, _ high: Double, _ room: Room) -> [Double] {
        func fits(_ marks: [Double]) -> Bool {
            room.holds(
                zip(marks, labels(of: marks)).map { (log($0 / low) / log(high / low), width($1)) })
        }
        for digits in [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1, 3], [1]] {
            let marks = FigureRange.roundNumbers(low, high, digits: digits)
            if marks.count < 3 { break }
            if marks.count <= 12, fits(marks) { return marks }
        }
        let decades = FigureRange.roundNumbers(low, high, digits: [1])
        for step in [2, 3, 5, 10, 20, 50, 100] where decades.count >= 3 {
            let marks = decades.filter { Int(log10($0).rounded()) % step == 0 }
            if marks.count >= 2, fits(marks) { return marks }
        }
        let steps = linear(low, high, room)
        return steps.count > 2 && fits(steps)
            ? steps : FigureRange.roundNumbers(low, high, digits: [1, 2, 5])
    }

    /// Multiples of 1, 2 or 5 times a power of ten.
    static func linear(_ low: Double, _ high: Double, _ room: Room) -> [Double] {
        for count in stride(from: 8.0, through: 2, by: -1) {
            let marks = FigureRange.equalSteps(low, high, count: count)
            let labels = zip(marks, labels(of: marks)).map {
                (position: ($0 - low) / (high - low), width: width($1))
            }
            if marks.count > 1, room.holds(labels) { return marks }
        }
        // Ends that nearly agree have no round number between them.
        return [low, high]
    }

    /// All digits of each power of ten, or only the powers if there are many.
    private static func minor(_ low: Double, _ high: Double, beside major: [Double]) -> [Double] {
        let decades = log10(high / low)
        guard decades < 100 else { return [] }
        let all = FigureRange.roundNumbers(low, high, digits: decades < 8 ? Array(1...9) : [1])
        let known = Set(major)
        return all.filter { !known.contains($0) }
    }

    // MARK: Labels

    /// Each number to its last digit as gnuplot's enhanced text. If one is far from 1, all are written
    /// with powers of ten.
    static func labels(of numbers: [Double]) -> [String] {
        let hasPowers = numbers.contains { $0 != 0 && !(1e-4..<1e6).contains(abs($0)) }
        return numbers.map { hasPowers ? power($0) : plain($0) }
    }

    private static func plain(_ number: Double) -> String { minus(JSONValue.text(of: number)) }

    /// 200000 as 2·10^{5}.
    static func power(_ number: Double) -> String {
        guard number != 0, number.isFinite else { return plain(number) }
        var text = Substring("\(abs(number))")
        var exponent = 0
        if let mark = text.firstIndex(of: "e") {
            exponent = Int(text[text.index(after: mark)...]) ?? 0
            text = text[..<mark]
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let whole = parts[0], part = parts.count > 1 ? parts[1] : ""
        exponent += whole.count - 1
        let all = String(whole + part)
        let digits = all.drop { $0 == "0" }
        exponent -= all.count - digits.count
        let rest = String(digits.dropFirst().reversed().drop { $0 == "0" }.reversed())
        let lead = String(digits.prefix(1)) + (rest.isEmpty ? "" : "." + rest)
        let sign = number < 0 ? "−" : ""
        return sign + (lead == "1" ? "" : lead + "·") + "10^{\(exponent)}"
    }

    private static func minus(_ text: String) -> String {
        text.hasPrefix("-") ? "−" + text.dropFirst() : text
    }

    /// A label's width in ems.
    static func width(_ label: String) -> Double { WrappedText.width(label, isEnhanced: true) }
}

extension AxisMarks {
    /// The argument of `set xtics`: marks, with or without labels.
    ///
    /// - Parameter showsNumbers: false for a panel whose neighbour beside or below it has the labels.
    func script(showsNumbers: Bool, on canvas: FigureCanvas) -> String {
        let texts = showsNumbers ? labels.map(canvas.mark) : major.map { _ in "''" }
        let entries =
            zip(major, texts).map { "\($1) \(JSONValue.text(of: $0))" }
            + minor.map { "'' \(JSONValue.text(of: $0)) 1" }
        // Keeps lines readable.
        let lines = stride(from: 0, to: entries.count, by: 8).map { start in
            entries[start..<min(start + 8, entries.count)].joined(separator: ", ")
        }
        return "(" + lines.joined(separator: ", \\\n        ") + ")"
    }
}
