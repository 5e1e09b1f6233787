import Sweep
import Text

/// The text of `figures/NAME.gp` for stars: one for each class and each value of the figure's `panels` axis. The class is
/// in the centre, and each class that helps to decide it has a spoke, as long as the weight of its logit. The curves'
/// spokes stand side by side.
struct StarScript {
    private let table: Table
    private let columns: Table.Columns
    private let blocks: [Table.Block]
    private let labels: [FigureData.Label]
    private let looks: [CurveStyle]
    private let wheel: Wheel
    /// For each class in a centre, the classes with a spoke, ascending.
    private let spokes: [[Int]]
    /// The weights along a spoke.
    private let range: FigureRange
    let layout: FigureLayout
    private var data: FigureData { table.data }
    private var figure: FigureSpec { data.figure }

    /// The sizes of a star, in ems.
    private struct Wheel {
        /// The radii where the weight is 0 and where it is largest, and that of the classes' numbers.
        let hub, rim, numbers: Double
        /// The most spokes that there is room for.
        let limit: Int

        init(_ layout: FigureLayout, label: Double, curves: Int) {
            let half = max(label / 2, 0.5)
            rim = max(1, min(layout.panelWidth, layout.panelHeight) / 2 - 0.35 - 2 * half)
            (hub, numbers) = (min(max(0.2 * rim, half + 0.2), 0.6 * rim), rim + 0.35 + half)
            limit = max(3, Int(2 * Double.pi * rim / max(label + 0.6, 0.45 * Double(curves))) - 1)
        }
    }

    init(_ table: Table, isLaTeX: Bool = false) {
        self.table = table
        let data = table.data
        let labels = data.drawnLabels
        (columns, blocks, self.labels) = (table.columns, table.blocks, labels)
        looks = FigureScript.looks(of: labels, data)
        let classes = StarScript.classes(data)
        let deciders = classes.indices.map { StarScript.deciders(data, row: $0) }
        let widest = (classes + deciders.flatMap { $0 }).map { WrappedText.width("\($0)") }.max() ?? 0
        var content = FigureLayout.Content(
            yLabels: classes.map { _ in "" }, keys: FigureScript.keys(data, labels).map(\.text),
            title: data.figure.title ?? table.sweepName)
        content.hasAxes = false
        content.panels = data.panels.indices.map { panel in
            classes.indices.map { StarScript.title(data, row: $0, panel: panel, labels) }
                .max { WrappedText.width($0) < WrappedText.width($1) }
        }
        var layout = FigureLayout(content, data.figure.style, isLaTeX: isLaTeX)
        var wheel = Wheel(layout, label: widest, curves: labels.count)
        for _ in 0..<2 {
            content.notes = FigureSubtitle(data: data, others: StarScript.notes(data, deciders, wheel.limit))
                .parts(sweepName: data.figure.title == nil ? nil : table.sweepName)
            layout = FigureLayout(content, data.figure.style, isLaTeX: isLaTeX)
            wheel = Wheel(layout, label: widest, curves: labels.count)
        }
        let spokes = deciders.map { $0.prefix(wheel.limit).sorted() }
        let room = AxisMarks.Room(length: wheel.rim - wheel.hub, isAcross: false)
        range = StarScript.range(data, spokes, room)
        (self.layout, self.wheel, self.spokes) = (layout, wheel, spokes)
    }

    // MARK: Numbers

    /// The classes in the centres.
    private static func classes(_ data: FigureData) -> [Int] {
        data.figure.y.dropLast().compactMap { $0.threshold.flatMap { Int(exactly: $0) } }
    }

    /// The classes with a weight in some curve, the largest first, so that a class has the same spokes in all panels.
    private static func deciders(_ data: FigureData, row: Int) -> [Int] {
        var weights: [Double: Double] = [:]
        for point in data.panels.flatMap(\.curves).flatMap(\.points) {
            if let mean = point.samples[row].mean, mean != 0 {
                weights[point.x] = max(weights[point.x] ?? 0, abs(mean))
            }
        }
        return weights.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.compactMap { Int(exactly: $0.key) }
    }

    private static func range(
        _ data: FigureData, _ spokes: [[Int]], _ room: AxisMarks.Room
    ) -> FigureRange {
        var (means, intervals) = ([0.0], [(low: Double, high: Double)]())
        for point in data.panels.flatMap(\.curves).flatMap(\.points) {
            for (row, shown) in spokes.enumerated() where shown.contains(where: { Double($0) == point.x }) {
                guard let mean = point.samples[row].mean, mean != 0 else { continue }
                let sample = point.samples[row]
                means.append(abs(mean))
                // Single seeds that are drawn.
                if data.showsSeeds, sample.count == 2 {
                    means.append(abs(mean) + (sample.standardError ?? 0))
                }
                if data.interval == .seeds { means += point.seeds.compactMap { $0.values[row].map(abs) } }
                if data.showsIntervals, let ends = data.interval(of: sample) {
                    intervals.append((0, mean > 0 ? ends.high : -ends.low))
                }
            }
        }
        if means.allSatisfy({ $0 == 0 }) { means.append(1) }
        return FigureRange(means: means, intervals: intervals, isLog: false, isCount: false, room: room)
            ?? FigureRange(positions: [0], room: room)
    }

    var drawsSomething: Bool {
        data.panels.flatMap(\.curves).flatMap(\.points).contains { point in
            point.samples.dropLast().contains { $0.mean != nil }
        }
    }

    // MARK: Words

    /// "MNIST, class 4 (R² 0.58, 0.37)": how well the others determine the class, in the order of the key.
    private static func title(
        _ data: FigureData, row: Int, panel: Int, _ labels: [FigureData.Label]
    ) -> String {
        let label = classes(data)[row]
        let shares = labels.map { label in data.panels[panel].curves.first { $0.label == label } }.map {
            curve in
            curve?.points.first { $0.x == Double(label) }?.samples.last?.mean
        }
        let found = shares.compactMap { $0 }.sorted()
        var text = ([data.panels[panel].title].compactMap { $0 } + ["class \(label)"]).joined(separator: ", ")
        guard let least = found.first, let greatest = found.last else { return text }
        func short(_ share: Double) -> String { JSONValue.text(of: (share * 100).rounded() / 100) }
        let numbers =
            shares.count > 4
            ? "\(short(least))–\(short(greatest))"
            : shares.map { $0.map(short) ?? "–" }.joined(separator: ", ")
        // The numbers stay together on a line.
        text += " " + "(R² \(numbers))".replacing(" ", with: "\u{A0}")
        return text
    }

    private static func notes(_ data: FigureData, _ deciders: [[Int]], _ limit: Int) -> [String] {
        let classes = classes(data)
        var notes = ["spokes: weights of other classes’ logits, filled above 0, open below"]
        if data.figure.form == .stars(classes: []), let best = classes.first {
            notes.append("class \(best): best determined by the others")
        }
        for (label, found) in zip(classes, deciders) {
            if found.isEmpty { notes.append("no class decides class \(label)") }
            if found.count > limit {
                notes.append("class \(label): \(limit) largest of \(found.count) weights")
            }
        }
        return notes
    }

    // MARK: Script

    var text: String {
        guard drawsSomething else { return layout.canvas.emptyScript(table) }
        let lines =
            layout.canvas.header(table) + preamble + ["", "do for [format in formats] {"]
        var body = layout.canvas.terminals(of: figure.name, width: layout.width, height: layout.height)
        body += [layout.canvas.output, "set multiplot", "", "# Title and key"] + layout.titleLabels
        body += [
            FigureLayout.Frame.canvas, "unset border; unset tics; unset title; unset xlabel; unset ylabel",
        ]
        let entries = FigureScript.keys(data, labels).map { key in
            if case .style(let style) = key.sample {
                return (look: "linespoints ls \(style + 1)", text: key.text)
            }
            return (look: "lines lw 0 lc rgb \"white\"", text: key.text)
        }
        body += layout.keyPlots(entries) + ["unset label; unset key"]
        body += [
            "# Positions are in units of the text's size.",
            "set xrange [\(rounded(-layout.panelWidth / 2)):\(rounded(layout.panelWidth / 2))]",
            "set yrange [\(rounded(-layout.panelHeight / 2)):\(rounded(layout.panelHeight / 2))]",
        ]
        for row in spokes.indices { for panel in data.panels.indices { body += star(row, panel) } }
        body += ["unset multiplot", "unset output"]
        return (lines + body.map { $0.isEmpty ? "" : "    " + $0 } + ["}"]).joined(separator: "\n") + "\n"
    }

    private var preamble: [String] {
        var lines = layout.canvas.settings(of: figure.name)
        for (index, look) in looks.enumerated() {
            lines.append(
                "set style line \(index + 1) lc rgb \"\(look.colour)\" pt \(look.shape)"
                    + " ps \(JSONValue.text(of: look.size)) lw 1.2 # \(comment(labels[index].text))")
        }
        if data.interval == .seeds { lines.append("seeds = \(quoted("../tables/\(figure.name)-seeds.dat"))") }
        return lines + [
            "set samples 181",
            "# A weight of 0 is at the hub, and the largest at the rim.",
            "hub = \(rounded(wheel.hub)); rim = \(rounded(wheel.rim)); largest = \(rounded(range.high))",
            "r(w) = hub + (rim - hub) * (abs(w) < largest ? abs(w) : largest) / largest",
            "across(w, turn) = r(w) * cos(turn)", "up(w, turn) = r(w) * sin(turn)",
            "right(w, v, turn) = across(v, turn) - across(w, turn)",
            "rise(w, v, turn) = up(v, turn) - up(w, turn)",
            "# Spokes stand clockwise. The first position has the numbers of the rings.",
            "turn(class, shift) = pi / 2 - 2 * pi * (slot(class) + shift) / slots",
            "above(w, turn) = w > 0 ? turn : NaN", "below(w, turn) = w < 0 ? turn : NaN",
            "# The end of an interval on the other side of 0 is at the hub.",
            "kept(w, mean) = w * mean > 0 ? w : 0",
        ]
    }

    private func star(_ row: Int, _ panel: Int) -> [String] {
        let title = StarScript.title(data, row: row, panel: panel, labels)
        let classes = spokes[row]
        let slots = classes.enumerated().map { "class == \($1) ? \($0 + 1) : " }.joined()
        var lines = ["", "# \(comment(title))", layout.frame(row: row, panel: panel).margins]
        lines += [
            layout.panelTitle(title) + " offset 0,-0.4", "slots = \(classes.count + 1)",
            "slot(class) = \(slots)NaN",
        ]
        let rings = rings
        lines += rings.labels + spokeLines(classes)
        lines.append(
            "set label \(layout.canvas.script(["\(StarScript.classes(data)[row])"], isEnhanced: false, isBold: true))"
                + " at 0,0 center font \"\(layout.canvas.font(1))\" front")
        var elements = rings.plots
        for (index, block) in blocks.enumerated() where block.panelIndex == panel {
            elements += weights(index, block.curve, row)
        }
        lines.append("plot sample " + elements.joined(separator: ", \\\n            "))
        return lines + ["unset label; unset arrow"]
    }

    /// Plots of circles at round weights, open where their numbers are, and the numbers. (As objects, gnuplot would leave
    /// some out of an SVG.)
    private var rings: (plots: [String], labels: [String]) {
        func circle(_ radius: Double, gap: Double, _ look: String) -> String {
            let turn = Double.pi
            return
                "[\(rounded(turn / 2 + gap)):\(rounded(5 * turn / 2 - gap))] '+' using (\(rounded(radius)) * cos($1))"
                + ":(\(rounded(radius)) * sin($1)) with lines \(look) notitle"
        }
        let size = max(layout.canvas.least, 0.85)
        var plots = [circle(wheel.hub, gap: 0, "lc rgb \"#777777\" lw 0.8")]
        var labels: [String] = []
        for (mark, label) in zip(range.marks, range.division.labels) where mark > 0 && mark <= range.high {
            let radius = wheel.hub + (wheel.rim - wheel.hub) * mark / range.high
            // Half the number's angle.
            let gap = (AxisMarks.width(label) * size / 2 + 0.2) / radius
            plots.append(circle(radius, gap: gap, "lc rgb \"#e6e6e6\" lw 1"))
            labels.append(
                "set label \(layout.canvas.script([label], size: size)) at 0,\(rounded(radius)) center"
                    + " font \"\(layout.canvas.font(size))\" textcolor rgb \"#555555\"")
        }
        return (plots, labels)
    }

    /// A pale line for each class, and its number at the end.
    private func spokeLines(_ classes: [Int]) -> [String] {
        classes.flatMap { label in
            [
                "set arrow from across(0, turn(\(label), 0)), up(0, turn(\(label), 0)) to across(largest, turn(\(label), 0)),"
                    + " up(largest, turn(\(label), 0)) nohead back lc rgb \"#e6e6e6\" lw 0.6",
                "set label \(layout.canvas.script(["\(label)"], isEnhanced: false)) at \(rounded(wheel.numbers)) * cos(turn(\(label), 0)),"
                    + " \(rounded(wheel.numbers)) * sin(turn(\(label), 0)) center font \"\(layout.canvas.font(1))\"",
            ]
        }
    }

    /// A curve's spokes, with intervals and marks.
    private func weights(_ index: Int, _ curve: FigureData.Curve, _ row: Int) -> [String] {
        guard let style = labels.firstIndex(of: curve.label) else { return [] }
        let shown = curve.points.filter { spokes[row].map(Double.init).contains($0.x) }.map {
            $0.samples[row]
        }
        let (mean, count) = ("$\(columns.means[row])", "$\(columns.means[row] + 4)")
        let shift = (Double(style) - Double(labels.count - 1) / 2) * 0.72 / Double(labels.count)
        let turn = "turn($1, \(rounded(shift)))"
        let (table, look) = ("table index \(index) using", "ls \(style + 1)")
        var (intervals, lines, marks) = ([String](), [String](), [String]())
        for (side, isAbove) in [("above", true), ("below", false)] {
            let samples = shown.filter { ($0.mean ?? 0) * (isAbove ? 1 : -1) > 0 }
            guard !samples.isEmpty else { continue }
            let spoke = "\(side)(\(mean), \(turn))"
            func line(_ from: String, _ to: String, _ turn: String) -> String {
                "\(table) (across(\(from), \(turn))):(up(\(from), \(turn)))"
                    + ":(right(\(from), \(to), \(turn))):(rise(\(from), \(to), \(turn))) with vectors"
            }
            func points(_ weight: String, _ turn: String, _ look: String) -> String {
                "\(table) (across(\(weight), \(turn))):(up(\(weight), \(turn))) with points \(look) notitle"
            }
            lines.append(line("0", mean, spoke) + " nohead \(look) lw 1.4\(isAbove ? "" : " dt 3") notitle")
            let least = data.leastSeeds
            if data.showsIntervals, samples.contains(where: { $0.count > least }) {
                let (low, high) = data.intervalTerms(
                    mean: columns.means[row], spread: columns.spread.isEmpty ? nil : columns.spread[row])
                let known = "\(side)(\(count) > \(least) ? \(mean) : 0, \(turn))"
                intervals.append(
                    line("kept(\(low), \(mean))", "kept(\(high), \(mean))", known)
                        + " heads size first 0.22,90 \(look) lw 0.7 notitle")
            }
            if data.showsSeeds, samples.contains(where: { $0.count == 2 }) {
                let both = "\(side)(\(count) == 2 ? \(mean) : 0, \(turn))"
                intervals += ["-", "+"].map { sign in
                    points(
                        "kept(\(mean) \(sign) $\(columns.means[row] + 1), \(mean))", both,
                        "\(look) pt 7 ps 0.3")
                }
            }
            let shape = looks[style].shape - (isAbove ? 0 : 1)
            if !isAbove {
                marks.append(
                    points(mean, spoke, "pt \(shape + 1) ps \(rounded(looks[style].size)) lc rgb \"white\""))
            }
            marks.append(points(mean, spoke, "\(look) pt \(shape)"))
        }
        if data.interval == .seeds { intervals += seeds(index, row, turn, "\(look)", curve) }
        return lines + intervals + marks
    }

    /// A dot for each seed's weight.
    private func seeds(
        _ index: Int, _ row: Int, _ turn: String, _ look: String, _ curve: FigureData.Curve
    ) -> [String] {
        let weights = curve.points.filter { spokes[row].map(Double.init).contains($0.x) }
            .flatMap { $0.seeds.compactMap { $0.values[row] } }
        return [("above", 7, weights.contains { $0 > 0 }), ("below", 6, weights.contains { $0 < 0 })]
            .filter { $0.2 }.map { side, shape, _ in
                let (weight, turn) = ("$\(row + 3)", "\(side)($\(row + 3), \(turn))")
                return "seeds index \(index) using (across(\(weight), \(turn))):(up(\(weight), \(turn)))"
                    + " with points \(look) pt \(shape) ps 0.3 notitle"
            }
    }
}
