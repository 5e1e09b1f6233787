/// The look of a curve, by its index. Colours and shapes repeat with different periods.
struct CurveStyle {
    let colour: String
    let shape: Int
    let size: Double
    /// gnuplot's dash type.
    let dash: Int
    let isFilled: Bool

    private static let colours = [
        "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#666666",
    ]

    /// How often the colours were used up before this index.
    static func round(_ index: Int) -> Int { max(0, index) / colours.count }

    /// - Parameters:
    ///   - index: the curve's index; −1 is black, for data that belongs to no particular curve.
    ///   - dash: the dash's number; 0 is a solid line. gnuplot has five types.
    init(_ index: Int, filled: Bool, dash: Int = 0) {
        let colours = CurveStyle.colours
        // Circle, square, triangle up and down, diamond, pentagon. Open shapes show what lies below them. The
        // first sizes are the largest, so that equal points appear nested.
        let shapes = [6, 4, 8, 10, 12, 14]
        let sizes = [1.25, 0.85, 0.6]
        colour = index < 0 ? "#000000" : colours[index % colours.count]
        let index = max(index, 0)
        shape = shapes[index % shapes.count] + (filled ? 1 : 0)
        size = filled ? 0.75 : sizes[min(index, sizes.count - 1)]
        self.dash = dash % 5 + 1
        isFilled = filled
    }
}
