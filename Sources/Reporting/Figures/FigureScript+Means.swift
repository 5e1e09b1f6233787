import Sweep
import Text

/// Means and their spread.
extension FigureScript {
    /// Measured curves: bars, bands or single seeds below, then points.
    func curves(_ row: Int, _ column: Int) -> [String] {
        var below: [String] = []
        var above: [String] = []
        for (index, block) in blocks.enumerated() where block.panelIndex == column {
            let points = block.curve.points.filter { $0.samples[row].mean != nil }
            guard let style = styleIndices[block.curve.label.key], !points.isEmpty else { continue }
            if data.isScatter {
                above += scatter(index, block.curve, row, look: "ls \(style + 1)")
                continue
            }
            let series = Series(
                table: "table index \(index) using", x: columns.x, mean: columns.means[row],
                shift: dodge?.shift(of: style, among: styles.count), style: style,
                isOrdinal: figure.isOrdinal)
            if figure.isOrdinal {
                (below, above) = (below + boxes(index, row, series), above + spread(points, row, series))
                if data.interval == .seeds, figure.style.kind == .bars {
                    above.append(singleSeeds(index, row, series))
                }
                continue
            }
            if data.showsIntervals { below += spread(points, row, series) }
            if data.interval == .seeds { below.append(singleSeeds(index, row, series)) }
            let lines = means(points, block.curve, row, series)
            below += lines.pale
            above += lines.whole
        }
        return below + above
    }

    /// A curve's columns in its table, its shift and its style.
    private struct Series {
        let table: String
        let x: Int
        let mean: Int
        /// The shift beside the other curves at its x.
        let shift: Dodge.Shift?
        let style: Int
        /// Whether each x has a position.
        let isOrdinal: Bool

        var count: String { "$\(mean + 4)" }
        var look: String { "ls \(style + 1)" }

        /// x in the rows that meet a condition, or in all rows.
        func x(where condition: String? = nil, column: Int? = nil) -> String {
            let number = "$\(column ?? x)"
            let position = isOrdinal ? "at(\(number))" : number
            let moved = shift?.script(position) ?? position
            if let condition { return "(\(condition) ? \(moved) : NaN)" }
            return moved == number ? "\(column ?? x)" : "(\(moved))"
        }
    }

    /// Bars from 0, or boxes from quartile to quartile with whiskers to the ends.
    private func boxes(_ index: Int, _ row: Int, _ series: Series) -> [String] {
        let x = series.x()
        guard figure.style.kind == .box else {
            let half = rounded(0.45 * (dodge?.step ?? 0.8))
            let position = x.hasPrefix("(") ? String(x.dropFirst().dropLast()) : "$\(x)"
            let base = max(y[row]?.low ?? 0, min(0, y[row]?.high ?? 0))
            return [
                "\(series.table) \(x):\(series.mean):(\(position) - \(half)):(\(position) + \(half)):(\(rounded(base)))"
                    + ":\(series.mean) with boxxyerror \(series.look) lw 0.6 fs solid 0.6 noborder notitle"
            ]
        }
        let first = columns.spread[row]
        let median = [String](repeating: "\(first + 2)", count: 4).joined(separator: ":")
        return [
            "\(series.table) \(x):\(first + 1):\(first):\(first + 4):\(first + 3) with candlesticks"
                + " \(series.look) lw 0.8 fs solid 0.3 notitle whiskerbars 0.5",
            "\(series.table) \(x):\(median) with candlesticks \(series.look) lw 2 notitle",
        ]
    }

    /// Each seed, as a thin line or as dots.
    private func singleSeeds(_ index: Int, _ row: Int, _ series: Series) -> String {
        let drawing = isTrace ? "lines \(series.look) lw 0.4" : "points \(series.look) pt 7 ps 0.3"
        return "seeds index \(index) using \(series.x(column: 1)):\(row + 3) with \(drawing) notitle"
    }

    /// The intervals of samples that have one. For two seeds without one, the seeds themselves, which lie a standard
    /// error from their mean.
    private func spread(_ points: [FigureData.DataPoint], _ row: Int, _ series: Series) -> [String] {
        guard data.showsIntervals else { return [] }
        let counts = points.map { $0.samples[row].count }
        let least = data.leastSeeds
        var lines: [String] = []
        if counts.contains(where: { $0 > least }) {
            let x = series.x(where: counts.allSatisfy { $0 > least } ? nil : "\(series.count) > \(least)")
            let spread = columns.spread.isEmpty ? nil : columns.spread[row]
            let terms = data.intervalTerms(mean: series.mean, spread: spread)
            let ends = ends(terms, limits(points, row))
            lines.append(
                figure.isOrdinal
                    // gnuplot would draw a white disc over the bar where an interval has a point.
                    ? "\(series.table) \(x):(\(ends.low)):(0):((\(ends.high)) - (\(ends.low))) with vectors nohead"
                        + " lc rgb \"black\" lw 0.8 notitle"
                    : isTrace
                        ? "\(series.table) \(x):\(columns(ends)) with filledcurves fs transparent solid 0.18 noborder"
                            + " \(series.look) notitle"
                        : "\(series.table) \(x):\(series.mean):\(columns(ends)) with yerrorbars \(series.look) pt -1 notitle"
            )
        }
        if counts.contains(2), data.showsSeeds {
            let x = series.x(where: counts.allSatisfy { $0 == 2 } ? nil : "\(series.count) == 2")
            let drawing = isTrace ? "lines \(series.look) lw 0.4" : "points \(series.look) pt 7 ps 0.3"
            lines += ["-", "+"].map { sign in
                "\(series.table) \(x):($\(series.mean) \(sign) $\(series.mean + 1)) with \(drawing) notitle"
            }
        }
        return lines
    }

    /// The means over all seeds in the curve's style. Elsewhere means are pale: small open points, with
    /// dotted lines between means over equally many seeds.
    private func means(
        _ points: [FigureData.DataPoint], _ curve: FigureData.Curve, _ row: Int, _ series: Series
    ) -> (pale: [String], whole: [String]) {
        let drawing =
            isTrace && curve.points.count > 1 ? "lines" : isConnected ? "linespoints" : "points"
        let due = curve.trialsAtAPoint
        guard points.contains(where: { $0.samples[row].count < due }) else {
            return (
                [], ["\(series.table) \(series.x()):\(series.mean) with \(drawing) \(series.look) notitle"]
            )
        }
        let style = looks[series.style]
        let shape = style.isFilled ? style.shape - 1 : style.shape
        let size = JSONValue.text(of: isTrace ? 0.35 : style.isFilled ? style.size : style.size / 2)
        var pale = [
            "\(series.table) \(series.x(where: "\(series.count) < \(due)")):\(series.mean) with points"
                + " \(series.look) pt \(shape) ps \(size) lw 0.6 notitle"
        ]
        if drawing != "points" {
            // The line is broken where a seed enters or leaves, since the step there belongs to no seed.
            let fewer = Set(points.map { $0.samples[row].count }.filter { $0 < due }).sorted()
            pale += fewer.map {
                "\(series.table) \(series.x(where: "\(series.count) == \($0)")):\(series.mean) with lines"
                    + " \(series.look) lw 0.7 dt 3 notitle"
            }
        }
        guard points.contains(where: { $0.samples[row].count == due }) else { return (pale, []) }
        let whole = series.x(where: "\(series.count) == \(due)")
        return (pale, ["\(series.table) \(whole):\(series.mean) with \(drawing) \(series.look) notitle"])
    }

    /// The limits at which a curve's intervals are cut, as the script writes them: the range that the trials'
    /// settings allow the quantity, and on a log axis its lower end. Bands are cut at both ends of the axis,
    /// because gnuplot cuts a filled curve wrongly where one axis is log and the other isn't.
    struct Limits {
        let low: String
        let high: String
    }

    /// An interval and its quantity's possible range.
    private struct Bounded {
        let x: Double
        let sample: Sample
        let range: ClosedRange<Double>?
    }

    /// nil where no interval exceeds the limits.
    private func limits(_ points: [Bounded], on range: FigureRange?, isBand: Bool) -> Limits? {
        let isLog = range?.isLog ?? false
        var (lows, highs) = ([(x: Double, end: Double)](), [(x: Double, end: Double)]())
        var needsThem = false
        for point in points.sorted(by: { $0.x < $1.x }) {
            guard let interval = data.interval(of: point.sample) else { continue }
            // A bar keeps its mean.
            let mean = point.sample.mean ?? interval.low
            var low = min(point.range?.lowerBound ?? -.infinity, mean)
            var high = max(point.range?.upperBound ?? .infinity, mean)
            // A band ends within the panel, for any limits.
            if isBand, let panel = range?.written {
                (low, high) = (min(max(low, panel.low), panel.high), max(min(high, panel.high), panel.low))
            }
            let isBelow = isLog && !isBand ? interval.low <= 0 : interval.low < low
            needsThem = needsThem || isBelow || interval.high > high
            if isLog { low = max(low, range?.written.low ?? 0) }
            lows.append((point.x, max(low, -1e300)))
            highs.append((point.x, min(high, 1e300)))
        }
        return needsThem ? Limits(low: limitTable(lows), high: limitTable(highs)) : nil
    }

    /// A number as the script writes it, or one number for each x where they differ. Precondition: x ascends.
    private func limitTable(_ ends: [(x: Double, end: Double)]) -> String {
        let column = data.isScatter ? 1 : columns.x
        var text = ""
        for (position, (x, end)) in ends.enumerated() {
            if position + 1 < ends.count {
                guard ends[position + 1].end != end else { continue }
                text += "$\(column) <= \(JSONValue.text(of: x)) ? \(JSONValue.text(of: end)) : "
            } else {
                text += JSONValue.text(of: end)
            }
        }
        return text
    }

    private func limits(_ points: [FigureData.DataPoint], _ row: Int) -> Limits? {
        limits(
            points.map { Bounded(x: $0.x, sample: $0.samples[row], range: $0.ranges[row]) }, on: y[row],
            isBand: isTrace)
    }

    /// The limits of x, for a figure against a metric.
    private func xLimits(_ points: [FigureData.DataPoint]) -> Limits? {
        guard data.isScatter else { return nil }
        return limits(
            points.map { Bounded(x: $0.x, sample: $0.abscissa, range: $0.abscissaRange) }, on: x,
            isBand: false)
    }

    /// The terms for both ends of an interval, cut at the limits.
    private func ends(_ terms: (low: String, high: String), _ limits: Limits?) -> (low: String, high: String)
    {
        guard let limits else { return terms }
        func cut(_ term: String) -> String { "within(\(term), \(limits.low), \(limits.high))" }
        return (cut(terms.low), cut(terms.high))
    }

    /// Both ends as columns.
    private func columns(_ ends: (low: String, high: String)) -> String {
        [ends.low, ends.high].map { $0.contains(" ") ? "(\($0))" : String($0.dropFirst()) }
            .joined(separator: ":")
    }

    var needsClipping: Bool {
        data.showsIntervals
            && blocks.contains { block in
                let points = block.curve.points
                return xLimits(points) != nil || figure.y.indices.contains { limits(points, $0) != nil }
            }
    }

    /// Points with bars in both directions where there are intervals.
    private func scatter(_ index: Int, _ curve: FigureData.Curve, _ row: Int, look: String) -> [String] {
        let (x, y) = (columns.x, columns.means[row])
        let due = curve.trialsAtAPoint
        let counts = curve.points.map { $0.samples[row].count }
        var lines: [String] = []
        let least = data.leastSeeds
        if data.showsIntervals, counts.contains(where: { $0 > least }) {
            let shown = counts.allSatisfy { $0 > least } ? "\(x)" : "($\(y + 4) > \(least) ? $\(x) : NaN)"
            let ofX = columns(ends(data.intervalTerms(mean: x, spread: nil), xLimits(curve.points)))
            let ofY = columns(ends(data.intervalTerms(mean: y, spread: nil), limits(curve.points, row)))
            lines.append(
                "table index \(index) using \(shown):\(y):\(ofX):\(ofY)"
                    + " with xyerrorbars \(look) pt -1 lw 0.8 notitle")
        }
        let isFewer = curve.points.contains { (1..<due).contains($0.samples[row].count) }
        let whole = isFewer ? "($\(y + 4) == \(due) ? $\(x) : NaN)" : "\(x)"
        lines.append("table index \(index) using \(whole):\(y) with points \(look) notitle")
        if isFewer {
            lines.append(
                "table index \(index) using ($\(y + 4) < \(due) ? $\(x) : NaN):\(y) with points \(look) ps 0.4 notitle"
            )
        }
        return lines + [
            "table index \(index) using \(x):\(y):1 with labels left offset 0.8,0.6 font \"\(layout.canvas.font(0.85))\" "
                + "textcolor ls \(look.dropFirst(3)) notitle"
        ]
    }

    /// The number of points of closed forms and bounds that a log axis can't show. Points that all curves
    /// share count once.
    static func hiddenTheory(_ data: FigureData, _ y: [FigureRange?]) -> Int {
        guard data.figure.theory else { return 0 }
        return data.panels.reduce(0) { count, panel in
            count
                + data.figure.y.indices.filter { y[$0]?.isLog ?? false }.reduce(0) { count, row in
                    let hidden = panel.curves.flatMap(\.points).filter { ($0.theory[row] ?? 1) <= 0 }.map(\.x)
                    return count + Set(hidden).count
                }
        }
    }

    /// The values at or below 0 of points with a mean that a log axis can't show.
    static func hidden(_ data: FigureData, _ x: FigureRange?, _ y: [FigureRange?]) -> [Double] {
        data.panels.flatMap(\.curves).flatMap(\.points).flatMap { point in
            data.figure.y.indices.compactMap { row -> Double? in
                guard let mean = point.samples[row].mean, let abscissa = data.abscissa(of: point) else {
                    return nil
                }
                if x?.isLog ?? false, abscissa <= 0 { return abscissa }
                return (y[row]?.isLog ?? false) && mean <= 0 ? mean : nil
            }
        }
    }

    /// The number of intervals that reach 0 or below around a mean that a log axis shows.
    static func cut(_ data: FigureData, _ x: FigureRange?, _ y: [FigureRange?]) -> Int {
        func reachesZero(_ sample: Sample, on range: FigureRange?) -> Bool {
            guard range?.isLog ?? false else { return false }
            return data.interval(of: sample).map { $0.low <= 0 } ?? false
        }
        guard data.showsIntervals else { return 0 }
        return data.panels.flatMap(\.curves).flatMap(\.points).reduce(0) { count, point in
            guard let abscissa = data.abscissa(of: point), abscissa > 0 || !(x?.isLog ?? false) else {
                return count
            }
            let ofX = data.isScatter && reachesZero(point.abscissa, on: x)
            return count
                + data.figure.y.indices.count { row in
                    guard let mean = point.samples[row].mean, mean > 0 || !(y[row]?.isLog ?? false) else {
                        return false
                    }
                    return ofX || reachesZero(point.samples[row], on: y[row])
                }
        }
    }
}
