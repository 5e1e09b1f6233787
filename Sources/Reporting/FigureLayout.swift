import Text

/// Where things are on a figure's canvas, in hundredths of an inch (the SVG's pixels) from the bottom left.
struct FigureLayout {
    let width: Int
    let height: Int
    let title: String
    let subtitle: String
    let keys: [String]
    let titleSize: Int
    let subtitleSize: Int
    private let left = 85.0
    private let bottom = 62.0
    private let top: Double
    private let keyWidth: Double
    private let gap: Double

    /// - Parameter panels: titles of a row of panels.
    init(rows: Int, panels: [String?], keys: [String], title: String, subtitle: String) {
        self.title = title
        self.subtitle = subtitle
        self.keys = keys
        top = panels.contains { $0 != nil } ? 92 : 70
        gap = 20
        let count = Double(max(panels.count, 1))
        let panelWidth = count == 1 ? 500.0 : count <= 3 ? 380 : 280
        let panelHeight = rows == 1 ? (count == 1 ? 320.0 : 300) : 240
        keyWidth = keys.isEmpty ? 25 : 62 + FigureLayout.width(of: keys, size: 11)
        let across = left + count * panelWidth + (count - 1) * gap + keyWidth
        // A key of many lines needs the height.
        let panelsHeight = max(
            Double(rows) * panelHeight + Double(rows - 1) * gap, Double(keys.count) * 19 + 10)
        width = Int(across)
        height = Int(bottom + panelsHeight + top)
        let room = across - 30
        titleSize = FigureLayout.size(of: title, upTo: 14, in: room)
        subtitleSize = FigureLayout.size(of: subtitle, upTo: 10, in: room)
    }

    /// Left, right, bottom and top of all panels, as parts of the canvas.
    var margins: [Double] {
        [
            left / Double(width), 1 - keyWidth / Double(width), bottom / Double(height),
            1 - top / Double(height),
        ]
    }

    /// Between panels, as parts of the canvas.
    var spacing: [Double] { [gap / Double(width), gap / Double(height)] }
    var titleY: Double { 1 - 24 / Double(height) }
    var subtitleY: Double { 1 - 48 / Double(height) }
    var keyX: Double { margins[1] + 8 / Double(width) }
    var keyY: Double { margins[3] }

    /// An upper estimate: fonts differ.
    private static func width(of texts: [String], size: Double) -> Double {
        Double(texts.map(\.count).max() ?? 0) * size * 0.86
    }

    private static func size(of text: String, upTo largest: Int, in room: Double) -> Int {
        max(6, min(largest, Int(room / max(width(of: [text], size: 1), 1))))
    }
}

/// A part of the canvas, as scripts write it.
func fraction(_ number: Double) -> String { JSONValue.text(of: (number * 10000).rounded() / 10000) }

/// To four digits: a range's end is a matter of room.
func rounded(_ number: Double) -> String {
    guard number != 0 else { return "0" }
    var scale = 1.0
    while abs(number) * scale < 1000 { scale *= 10 }
    while abs(number) * scale >= 10000 { scale /= 10 }
    return JSONValue.text(of: (number * scale).rounded() / scale)
}

/// A text in gnuplot's single quotes, which know no escapes but a doubled quote.
func quoted(_ text: String) -> String {
    "'" + onOneLine(text).split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
}

/// A text in a comment: gnuplot would carry on a comment that ends in a backslash.
func comment(_ text: String) -> String { onOneLine(text).filter { $0 != "\\" } }

private func onOneLine(_ text: String) -> String {
    String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 }.filter { !($0.asciiValue.map { $0 < 32 } ?? false) })
}
