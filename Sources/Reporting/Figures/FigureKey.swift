import Sweep

/// The position of a figure's key: beside the panels, below them in columns, or in the first panel. In ems.
struct FigureKey {
    /// A line of the key: the first one of an entry has its sample.
    struct Line: Equatable {
        let text: String
        /// The entry's index; nil: the line continues the entry above.
        let entry: Int?
    }

    /// Lines below each other.
    struct Column {
        let lines: [Line]
        /// The left and the top end.
        let x, y: Double
    }

    private enum Position { case beside, below, inside(FigureStyle.Legend), none }

    private let texts: [String]
    private var position: Position
    private var columnWidth = 0.0
    private var linesBeside: [Line] = []
    private var linesBelow: [[Line]] = []
    private(set) var columns: [Column] = []

    /// The width of gnuplot's sample with the space around it, and the distance between lines.
    private static let sample = 3.6, pitch = 1.4

    init(_ texts: [String], _ requested: FigureStyle.Legend?, _ canvas: FigureCanvas, hasScale: Bool) {
        self.texts = texts
        let maxWidth = canvas.width.map { max(8, 0.4 * $0) } ?? 30
        linesBeside = FigureKey.lines(texts, in: maxWidth)
        let widest = linesBeside.map { WrappedText.width($0.text) }.max() ?? 0
        switch requested {
        case _ where texts.isEmpty: position = .none
        case .right?: position = .beside
        case .below?: position = .below
        case .some(.none): position = .none
        case let corner?: position = .inside(corner)
        case nil:
            let room = canvas.width.map { 0.2 * $0 } ?? 18
            position = widest + FigureKey.sample > room || hasScale ? .below : .beside
        }
        columnWidth = widest + FigureKey.sample
    }

    /// Texts broken at a width.
    private static func lines(_ texts: [String], in room: Double) -> [Line] {
        texts.enumerated().flatMap { index, text in
            WrappedText.lines(of: text, in: room, breaksWords: true).enumerated().map { part, line in
                Line(text: line, entry: part == 0 ? index : nil)
            }
        }
    }

    /// Determines the columns below the panels.
    mutating func fit(in width: Double) {
        guard case .below = position else { return }
        let room = width - 1
        let lines = FigureKey.lines(texts, in: room - FigureKey.sample - 0.5)
        let column = (lines.map { WrappedText.width($0.text) }.max() ?? 0) + FigureKey.sample + 0.8
        let maxColumns = max(1, Int(room / column))
        var entries: [[Line]] = []
        for line in lines {
            if line.entry == nil, !entries.isEmpty {
                entries[entries.count - 1].append(line)
            } else {
                entries.append([line])
            }
        }
        let rows = (entries.count + maxColumns - 1) / maxColumns
        linesBelow = stride(from: 0, to: entries.count, by: max(rows, 1)).map { start in
            entries[start..<min(start + rows, entries.count)].flatMap { $0 }
        }
        columnWidth = column
    }

    /// Moves a key that is higher than the panels.
    mutating func moveBelow(in width: Double) {
        position = .below
        fit(in: width)
    }

    var widthBeside: Double {
        if case .beside = position { columnWidth + 0.8 } else { 0 }
    }

    var heightBeside: Double {
        if case .beside = position { Double(linesBeside.count) * FigureKey.pitch + 0.5 } else { 0 }
    }

    var heightBelow: Double {
        guard case .below = position else { return 0 }
        return Double(linesBelow.map(\.count).max() ?? 0) * FigureKey.pitch + 1
    }

    /// Positions the columns.
    ///
    /// - Parameters:
    ///   - beside: the left end of a key beside the panels.
    ///   - top: the panels' upper end.
    ///   - bottom: the upper end of a key below them.
    ///   - panels: the left end and the width of all panels.
    ///   - panel: the width and the height of the first one.
    ///   - width: the canvas's width.
    mutating func put(
        beside: Double, top: Double, bottom: Double, panels: (x: Double, width: Double),
        panel: (width: Double, height: Double), width: Double
    ) {
        switch position {
        case .none: columns = []
        case .beside: columns = [Column(lines: linesBeside, x: beside, y: top)]
        case .below:
            let total = Double(linesBelow.count) * columnWidth
            let start = max(0.5, min(panels.x + (panels.width - total) / 2, width - total - 0.5))
            columns = linesBelow.enumerated().map {
                Column(lines: $1, x: start + Double($0) * columnWidth, y: bottom + 0.5)
            }
        case .inside(let corner):
            let height = Double(linesBeside.count) * FigureKey.pitch + 0.3
            let isRight = corner == .topRight || corner == .bottomRight
            let isTop = corner == .topLeft || corner == .topRight
            let x = isRight ? panels.x + panel.width - columnWidth - 0.3 : panels.x + 0.3
            let y = isTop ? top + 0.3 : top + panel.height - height
            columns = [Column(lines: linesBeside, x: x, y: y)]
        }
    }
}
