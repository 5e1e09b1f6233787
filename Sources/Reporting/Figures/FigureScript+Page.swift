import Sweep
import Text

/// The numbers of a drawn figure, which the page's script uses to show values and hide curves.
extension FigureScript {
    /// The most points that a page has for one figure.
    private static let maxPagePoints = 20_000

    /// The panels' frames, scales and points, and the line style of each element that gnuplot draws, in order.
    /// nil for a figure with too many points.
    ///
    /// - Parameter text: the script.
    func pageData(of text: String) -> JSONValue? {
        let points = data.panels.flatMap(\.curves).reduce(0) { $0 + $1.points.count }
        guard let x, points * figure.y.count <= FigureScript.maxPagePoints else { return nil }
        var panels: [JSONValue] = []
        for row in figure.y.indices {
            guard let y = y[row] else { continue }
            for column in data.panels.indices {
                let frame = layout.frame(row: row, panel: column)
                panels.append(
                    .object([
                        "frame": JSONValue([frame.left, frame.right, frame.bottom, frame.top]),
                        "x": x.pageData, "y": y.pageData,
                        "curves": .array(
                            data.panels[column].curves.compactMap { pageData(of: $0, row: row) }),
                    ]))
            }
        }
        return .object([
            "x": .string(HTML.visible(figure.xLabel(squaredLoss: table.squaredLoss))),
            "names": .array(styles.map { .string(HTML.visible(data.keyText($0))) }),
            "elements": .array(elementStyles(of: text)), "panels": .array(panels),
        ])
    }

    /// A curve's style and its points: x, x as it is drawn, mean, ends of the 95 % interval, and the number of seeds.
    private func pageData(of curve: FigureData.Curve, row: Int) -> JSONValue? {
        guard let style = styleIndices[curve.label.key] else { return nil }
        let points = curve.sorted.compactMap { point -> JSONValue? in
            let sample = point.samples[row]
            guard let x = data.abscissa(of: point), let mean = sample.mean else { return nil }
            let ends = sample.confidenceInterval.map { [$0.low, $0.high] } ?? []
            let numbers = ([x, drawn(x, style: style), mean] + ends).map { $0.rounded(toDigits: 6) }
            return .array(numbers.map { .number($0) } + [JSONValue(sample.count)])
        }
        return .object(["style": JSONValue(style), "points": .array(points)])
    }

    /// The index in `styles` for each element of the script's plots, in order; null for an element of no curve.
    private func elementStyles(of text: String) -> [JSONValue] {
        var elements: [JSONValue] = []
        var isPlot = false
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.first == "plot" { isPlot = true }
            guard isPlot else { continue }
            let number = words.indices.dropLast().first { words[$0] == "ls" }.flatMap {
                Int(words[$0 + 1].prefix { $0.isNumber })
            }
            elements.append(
                number.map { styles.indices.contains($0 - 1) ? JSONValue($0 - 1) : .null } ?? .null)
            isPlot = line.hasSuffix(", \\")
        }
        return elements
    }
}

extension FigureRange {
    /// Both ends, and whether the axis is logarithmic.
    fileprivate var pageData: JSONValue {
        .array([.number(written.low), .number(written.high), .bool(isLog)])
    }
}
