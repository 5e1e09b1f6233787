/// The arrangement of panels: each quantity has a row, and each value of the figure's `panels` axis a column. Rows that
/// are too wide are broken. Quantities without several panels may stand side by side.
struct PanelGrid {
    private let quantities, panels: Int
    /// The number of panels side by side, and of rows.
    let across, down: Int
    /// Whether quantities stand side by side, each with its own axes.
    let isByQuantity: Bool
    private let isOnScreen, areSquare: Bool

    /// The smallest width of a panel, in ems.
    let least = 6.0

    /// - Parameter areSquare: whether panels are as high as wide.
    init(quantities: Int, panels: Int, _ canvas: FigureCanvas, requested: Int?, areSquare: Bool = false) {
        (self.quantities, self.panels, self.areSquare) = (quantities, panels, areSquare)
        isOnScreen = canvas.width == nil
        let items = panels > 1 ? panels : quantities
        var maxAcross = 4
        if let width = canvas.width {
            // A quantity side by side with another needs room for its numbers and its name.
            maxAcross = panels > 1 || areSquare ? Int((width - 5) / 12) : Int((width + 1) / 19)
        } else if panels == 1, !areSquare {
            maxAcross = 1
        } else if quantities == 1 || panels == 1, items > 4 {
            maxAcross = 3
        }
        if let width = canvas.width, panels > max(maxAcross, 1), panels % max(maxAcross, 1) != 0 {
            // Prefers narrower panels in full rows to empty places.
            maxAcross =
                (max(maxAcross, 1)...panels).first { panels % $0 == 0 && (width - 6) / Double($0) >= 8 }
                ?? maxAcross
        }
        let wide = max(1, min(requested ?? maxAcross, items))
        // Rows of equal lengths if possible.
        let rows = (items + wide - 1) / wide
        across = requested == nil && !isOnScreen ? (items + rows - 1) / rows : wide
        isByQuantity = panels == 1 && across > 1
        down = panels > 1 ? quantities * rows : rows
    }

    /// Whether a quantity's panels take several rows, or have no axes that name it, so that each quantity's panels have
    /// titles.
    var repeatsTitles: Bool { panels > 1 && across < panels || areSquare }

    func cell(row: Int, panel: Int) -> (across: Int, down: Int) {
        if panels == 1 { return (row % across, row / across) }
        let rows = (panels + across - 1) / across
        return (panel % across, row * rows + panel / across)
    }

    /// Whether a panel is drawn there.
    func isTaken(across column: Int, down row: Int) -> Bool {
        guard row < down else { return false }
        if panels == 1 { return row * across + column < quantities }
        let rows = (panels + across - 1) / across
        return row % rows * across + column < panels
    }

    func width(of panel: Double, gap: Double) -> Double { Double(across) * panel + Double(across - 1) * gap }

    /// The sides of a panel on a screen, in ems.
    var naturalWidth: Double {
        areSquare ? (across == 1 ? 24 : 19) : across == 1 ? 33 : across <= 3 ? 25 : 19
    }
    var naturalHeight: Double { areSquare ? naturalWidth : down > 1 ? 16 : across == 1 ? 21 : 20 }

    /// The height of a panel.
    ///
    /// - Parameters:
    ///   - asked: the height that all rows share; nil: none is asked for.
    ///   - maxHeight: the height that all rows should not exceed.
    ///   - key: the height that a key beside all rows needs.
    func height(panelWidth: Double, asked: Double?, max maxHeight: Double?, key: Double) -> Double {
        let rows = Double(down)
        if let asked { return max(asked / rows, 7) }
        if isOnScreen { return max(naturalHeight, key / rows) }
        let natural =
            areSquare
            ? min(panelWidth, 22)
            : min(max(0.66 * panelWidth, down > 1 ? 9.5 : 12), down > 1 ? 15 : 20)
        return max(8, min(max(natural, key / rows), (maxHeight ?? .infinity) / rows))
    }
}
