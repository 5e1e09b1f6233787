import Text

/// A figure that a sweep requests: quantities against an axis, with a row of panels for each quantity.
public struct FigureSpec: Equatable, Sendable {
    /// The horizontal axis.
    public enum X: Equatable, Sendable {
        case axis(String)
        /// 1/beta.
        case betaIB
        /// Training steps. The figure draws the trace.
        case step
        /// The entries of a list, such as classes.
        case entry
        /// A metric along training. The figure draws paths through a plane, such as the information plane.
        case metric(Quantity)
        /// The number of hidden layers: depth − 1, or the length of `hidden`.
        case hiddenLayers
        /// A number in the records, as y is. The figure draws a point for each value of the axis, at means
        /// over seeds.
        case summary(Quantity, points: String)
        /// The layer, from 1. A quantity's layers are the points of a curve.
        case layer
    }

    /// A function fitted by least squares to a curve's means, all with equal weights.
    public enum Fit: String, CaseIterable, Sendable {
        case line
        /// A line in the logarithms of x and y.
        case power
    }

    /// A number in each record.
    public struct Quantity: Equatable, Sendable {
        /// The metric that has the number.
        public let metric: Metric
        /// One of the thresholds that the sweep measures, for a metric with thresholds.
        public let threshold: Double?
        /// The layer, for a metric with a number per layer.
        public let layer: Layer?

        /// A quantity.
        public init(metric: Metric, threshold: Double? = nil, layer: Layer? = nil) {
            self.metric = metric
            self.threshold = threshold
            self.layer = layer
        }
    }

    /// The layers of a quantity.
    public enum Layer: Equatable, Sendable {
        /// One layer, counted from 1.
        case number(Int)
        case last
        /// A curve for each layer.
        case each
        /// The smallest number among all layers; `hiddenMin`: among all but the last.
        case min
        case hiddenMin
    }

    /// The form of the drawing.
    public enum Form: Equatable, Sendable {
        /// Curves against an axis, or paths through a plane.
        case curves
        /// A heatmap: `curves` is the vertical axis, and the only quantity is the colour.
        case heatmap
        /// A star for each class: its spokes are the weights of the other classes' logits. The last quantity is how
        /// well they determine each class. Without classes: the one that they determine best.
        case stars(classes: [Int])
    }

    /// The scale of an axis.
    public enum Scale: String, CaseIterable, Sendable { case linear, log }

    /// The figure's name, unique in the sweep; also a file's name.
    public let name: String
    /// The title; nil: none given.
    public let title: String?
    /// The horizontal axis.
    public let x: X
    /// The quantities drawn, at least one.
    public package(set) var y: [Quantity]
    /// The axis with a curve for each of its values.
    public package(set) var curves: String?
    /// The axis with a panel for each of its values.
    public package(set) var panels: String?
    /// The horizontal scale; nil: chosen to suit the data.
    public let xscale: Scale?
    /// The vertical scale; nil: chosen to suit the data.
    public let yscale: Scale?
    /// Whether theory is drawn as lines.
    public let theory: Bool
    /// The fit; nil: none.
    public let fit: Fit?
    /// The form of the drawing.
    public let form: Form
    /// Whether it is a heatmap.
    public var isHeatmap: Bool { form == .heatmap }
    /// Whether it has a star for each of some classes.
    public var hasStars: Bool { if case .stars = form { true } else { false } }
    /// Its looks.
    public var style: FigureStyle

    /// A figure.
    public init(
        name: String, title: String? = nil, x: X, y: [Quantity], curves: String? = nil, panels: String? = nil,
        xscale: Scale? = nil, yscale: Scale? = nil, theory: Bool = false, fit: Fit? = nil,
        form: Form = .curves, style: FigureStyle = FigureStyle()
    ) {
        self.name = name
        self.title = title
        self.x = x
        self.y = y
        self.curves = curves
        self.panels = panels
        self.xscale = xscale
        self.yscale = yscale
        self.theory = theory
        self.fit = fit
        self.form = form
        self.style = style
    }
}

extension FigureSpec {
    /// Whether a figure of the first name would overwrite a file of the figure with the other: NAME-seeds.dat or
    /// NAME-latex.pdf.
    public static func isFile(_ name: String, ofFigure other: String) -> Bool {
        name == other + "-seeds" || name == other + "-latex"
    }

    /// The figure without looks of its own.
    var plain: FigureSpec {
        var figure = self
        figure.style = FigureStyle()
        return figure
    }

    /// The figure as in a sweep file.
    var json: JSONValue {
        var members = style.json
        members["name"] = .string(name)
        members["y"] = .array(y.map(\.json))
        switch x {
        case .axis(let path): members["x"] = .string(path)
        case .betaIB: members["x"] = .string("beta_ib")
        case .step: members["x"] = .string("step")
        case .metric(let quantity): members["x"] = quantity.json
        case .hiddenLayers: members["x"] = .string("hidden_layers")
        case .summary(let quantity, let points):
            members["x"] = quantity.json
            members["points"] = .string(points)
        case .entry: members["x"] = .string("entry")
        case .layer: members["x"] = .string("layer")
        }
        members["title"] = title.map(JSONValue.string)
        members["curves"] = curves.map(JSONValue.string)
        switch form {
        case .curves: break
        case .heatmap:
            (members["y"], members["curves"]) = (members["curves"], nil)
            members["color"] = y.first?.json
        case .stars(let classes):
            (members["x"], members["y"]) = (nil, nil)
            members["style"] = .string("star")
            if !classes.isEmpty { members["classes"] = JSONValue(classes) }
        }
        members["panels"] = panels.map(JSONValue.string)
        members["xscale"] = xscale.map { .string($0.rawValue) }
        members["yscale"] = yscale.map { .string($0.rawValue) }
        if theory { members["theory"] = .bool(true) }
        members["fit"] = fit.map { .string($0.rawValue) }
        return .object(members)
    }
}

extension FigureSpec.Quantity {
    var json: JSONValue {
        guard threshold != nil || layer != nil else { return .string(metric.key) }
        var members: [String: JSONValue] = ["metric": .string(metric.key)]
        members["threshold"] = threshold.map(JSONValue.number)
        switch layer {
        case .number(let number)?: members["layer"] = JSONValue(number)
        case .last?: members["layer"] = .string("last")
        case .each?: members["layer"] = .string("each")
        case .min?: members["layer"] = .string("min")
        case .hiddenMin?: members["layer"] = .string("hidden_min")
        case nil: break
        }
        return .object(members)
    }
}

/// Why a figure can't be drawn.
public enum FigureMistake: Equatable, Sendable {
    case unknownMetric(String, suggestion: String?)
    case repeatedName(String)
    /// A figure's name is that of a file of another figure.
    case nameOfFile(String, of: String)
    case xNotNumbers(String)
    case seedIsAveraged
    case noTrace
    case sameAxis(String)
    case eachWithCurves
    case thresholdNotMeasured(Double, measured: [Double])
    case whichThreshold([Double])
    case noThreshold(Metric)
    case noLayers(Metric)
    case layersAreX(Metric)
    case noSuchLayer(Int, deepest: Int)
    case localRankOff
    case notMeasured(Metric)
    case notAlongTraining(Metric)
    case noTheory
    case noTheoryOf(Metric)
    case planeOfOne
    case scaleOfPlane
    case pointsWithoutMetric
    case noHiddenLayers
    case eachOfXAlone
    case notAList(Metric)
    case isAList(Metric)
    case colourNeedsAxes
    case heatmapWithoutColour
    case cannotHave(form: String, key: String)
    case classesWithoutStar
    case noSuchClass(Int, classes: Int)
    case classNotRecorded(Int, recorded: [Int])
    case noClassRecorded
    case repeatedClass(Int)
    case heatmapWithoutAxis(String)
    case limitsNotTwo
    case limitsNotAscending(Double, Double)
    case limitOfLogAxis(Double)
    case sizeNotTwo
    case notForEach(Int, quantities: Int)
    case badFont(String)

    var words: String {
        switch self {
        case .unknownMetric(let name, let suggestion):
            "'\(name)' is no metric"
                + (suggestion.map { " (did you mean '\($0)'?)" }
                    ?? "; there are \(listed(Metric.all.map(\.key), "and"))")
        case .repeatedName(let name): "two figures are named '\(name)'"
        case .nameOfFile(let name, let other):
            "'\(name)' is the name of a file of the figure '\(other)': rename one of them"
        case .xNotNumbers(let axis): "the values of \(axis) are not numbers"
        case .seedIsAveraged: "seed cannot be used here: figures average over it"
        case .noTrace: "nothing is measured along training: set measures.trace_at"
        case .sameAxis(let axis): "\(axis) is used twice in the figure"
        case .eachWithCurves: "'layer: each' makes the curves itself: use 'panels' for the axis"
        case .thresholdNotMeasured(let threshold, let measured):
            "the threshold \(numberText(threshold)) is not measured; measured are "
                + listed(measured.map(numberText), "and")
        case .whichThreshold(let measured):
            "expected a threshold: one of \(listed(measured.map(numberText), "or"))"
        case .noThreshold(let metric): "\(metric.key) has no threshold"
        case .noLayers(let metric): "\(metric.key) has no layers"
        case .layersAreX(let metric):
            "against the layer all layers of \(metric.key) are drawn: leave 'layer' out"
        case .noSuchLayer(let layer, let deepest):
            "no layer \(layer): the deepest network has \(deepest)"
        case .localRankOff: "measures.local_rank is off"
        case .notMeasured(let metric):
            "\(metric.key) is not measured: set \(metric.measure.map { $0.askedBy ?? $0.path } ?? "its measure")"
        case .notAlongTraining(let metric):
            "\(metric.key) is one of the whole training: it has no steps"
        case .notAList(let metric):
            "\(metric.key) is no list: 'x: entry' draws those that have a number for each class or the like"
        case .isAList(let metric): "\(metric.key) is a list: it is drawn with 'x: entry'"
        case .noTheory:
            "there is theory for a vib on gaussian data, for an mlp on a teacher's, and for products of "
                + "normal weights, only"
        case .noTheoryOf(let metric): "the theory has no \(metric.key)"
        case .planeOfOne: "a plane has one quantity against the other: give one y"
        case .scaleOfPlane: "a plane's axes are linear"
        case .pointsWithoutMetric: "'points' is for an x that is a metric"
        case .noHiddenLayers:
            "hidden_layers needs the axis depth, or the axis hidden with lists of different lengths"
        case .eachOfXAlone: "'layer: each' of x needs 'layer: each' of y, all of them"
        case .colourNeedsAxes: "with 'color', x and y are two axes of numbers"
        case .heatmapWithoutColour: "a heatmap has two axes of numbers, x and y, and a metric as 'color'"
        case .heatmapWithoutAxis(let axis):
            "a heatmap has a cell for one value of \(axis): make it x, y or 'panels', or give one value"
        case .cannotHave(let form, let key): "\(form) has no '\(key)'"
        case .classesWithoutStar: "'classes' is for 'style: star'"
        case .noSuchClass(let label, let classes):
            "no class \(label): the networks have \(classes) outputs, for classes 0 to \(classes - 1)"
        case .classNotRecorded(let label, let recorded):
            "the weights of class \(label) are not recorded: add it to measures.independence_deficit.classes, "
                + "which has \(listed(recorded.map(String.init), "and"))"
        case .noClassRecorded: "measures.independence_deficit.classes has no class of these data"
        case .repeatedClass(let label): "class \(label) is given twice"
        case .limitsNotTwo: "[low, high] is due: two numbers, or auto for either"
        case .limitsNotAscending(let low, let high):
            "the low end \(numberText(low)) is not below the high end \(numberText(high))"
        case .limitOfLogAxis(let end): "\(numberText(end)) has no place on a log axis"
        case .sizeNotTwo: "[width, height] is due, in inches"
        case .notForEach(let count, let quantities):
            "\(count) values for \(quantities) quantities: give one for all, or one for each"
        case .badFont(let name):
            "'\(name)' is no font's name: letters, digits, spaces, '.', '_' and '-', at most 100"
        }
    }
}
