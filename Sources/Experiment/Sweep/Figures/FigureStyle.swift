import Text

/// The style of figures: size, fonts, names and ends of axes, key, intervals. A nil part has its
/// default. A style changes no record, no identifier and no digest.
public struct FigureStyle: Equatable, Sendable {
    /// The printed size.
    public enum Size: Equatable, Sendable {
        /// As large as its panels need on a screen.
        case screen
        /// As wide as a column of a paper with two, 3.4 inches.
        case column
        /// As wide as the text of a paper, 7 inches.
        case page
        /// 10 inches wide, with large text.
        case slide
        case inches(width: Double, height: Double)

        static let words: [(word: String, size: Size)] = [
            ("screen", .screen), ("column", .column), ("page", .page), ("slide", .slide),
        ]
    }

    /// The position of the key.
    public enum Legend: String, CaseIterable, Sendable {
        case right, below
        case topLeft = "top_left"
        case topRight = "top_right"
        case bottomLeft = "bottom_left"
        case bottomRight = "bottom_right"
        case none
    }

    /// The interval drawn around means.
    public enum Interval: String, CaseIterable, Sendable {
        case ci95, stderr, range, seeds, none
    }

    /// How curves are drawn.
    public enum Kind: String, CaseIterable, Sendable {
        case line, points, bars, box
    }

    /// The texts above the panels.
    public enum Header: String, CaseIterable, Sendable {
        case all, title, notes, none
    }

    /// The ends of an axis; nil: chosen to suit the data.
    public struct Limits: Equatable, Sendable {
        /// The lower end.
        public let low: Double?
        /// The upper end.
        public let high: Double?
    }

    /// The printed size.
    public var size: Size?
    /// The font's family.
    public var font: String?
    /// The size of ordinary text at the printed size, in points.
    public var fontSize: Double?
    /// The name of the horizontal axis.
    public var xlabel: String?
    /// The names of the vertical axes: one for all quantities, or one for each.
    public var ylabel: [String] = []
    /// The ends of the horizontal axis.
    public var xlim: Limits?
    /// The ends of the vertical axes: for all quantities, or for each.
    public var ylim: [Limits] = []
    /// The position of the key.
    public var legend: Legend?
    /// The interval drawn around means.
    public var interval: Interval?
    /// How curves are drawn.
    public var kind: Kind?
    /// The number of panels side by side.
    public var columns: Int?
    /// The texts above the panels.
    public var header: Header?

    /// A style with only defaults.
    public init() {}

    /// The smallest text at the printed size, in points.
    public static let leastFontSize = 6.0

    /// The name of a quantity's axis; nil: the metric's.
    public func ylabel(_ row: Int) -> String? { ylabel.count == 1 ? ylabel[0] : ylabel[checked: row] }

    /// The ends of a quantity's axis.
    public func ylim(_ row: Int) -> Limits? { ylim.count == 1 ? ylim[0] : ylim[checked: row] }

    /// This style, with nil parts replaced by those of another.
    public func filled(from other: FigureStyle) -> FigureStyle {
        var style = self
        style.size = size ?? other.size
        style.font = font ?? other.font
        style.fontSize = fontSize ?? other.fontSize
        style.xlabel = xlabel ?? other.xlabel
        style.ylabel = ylabel.isEmpty ? other.ylabel : ylabel
        style.xlim = xlim ?? other.xlim
        style.ylim = ylim.isEmpty ? other.ylim : ylim
        style.legend = legend ?? other.legend
        style.interval = interval ?? other.interval
        style.kind = kind ?? other.kind
        style.columns = columns ?? other.columns
        style.header = header ?? other.header
        return style
    }

    /// The keys as in a sweep file; empty for a style with only defaults.
    var json: [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        switch size {
        case .inches(let width, let height)?: members["size"] = JSONValue([width, height])
        case let size?: members["size"] = Size.words.first { $0.size == size }.map { .string($0.word) }
        case nil: break
        }
        members["font"] = font.map(JSONValue.string)
        members["font_size"] = fontSize.map(JSONValue.number)
        members["xlabel"] = xlabel.map(JSONValue.string)
        if !ylabel.isEmpty { members["ylabel"] = .array(ylabel.map(JSONValue.string)) }
        members["xlim"] = xlim?.json
        if !ylim.isEmpty { members["ylim"] = .array(ylim.map(\.json)) }
        members["legend"] = legend.map { .string($0.rawValue) }
        members["interval"] = interval.map { .string($0.rawValue) }
        members["style"] = kind.map { .string($0.rawValue) }
        members["columns"] = columns.map { JSONValue($0) }
        members["header"] = header.map { .string($0.rawValue) }
        return members
    }
}

extension FigureStyle.Limits {
    fileprivate var json: JSONValue {
        .array([low, high].map { $0.map(JSONValue.number) ?? .string("auto") })
    }
}

extension Array {
    fileprivate subscript(checked index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
