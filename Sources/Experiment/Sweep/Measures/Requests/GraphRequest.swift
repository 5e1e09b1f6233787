import Model
import Text

extension MeasureRequest {
    /// How the numbers of points become the inputs of a graph: x · scale, then (x − mean) / deviation for each
    /// channel.
    public struct Preprocessing: Hashable, Sendable {
        /// Factor of every number.
        public var scale = 1.0
        /// Mean of each channel, after scaling; empty: 0.
        public var mean: [Double] = []
        /// Standard deviation of each channel, after scaling; empty: 1.
        public var deviation: [Double] = []
        /// Whether points are (height, width, channels).
        public var channelsAreLast = false

        /// Inputs as they are.
        public init() {}

        /// The form in which results have it.
        public var json: JSONValue {
            .object([
                "scale": .number(scale), "mean": JSONValue(mean), "std": JSONValue(deviation),
                "layout": .string(channelsAreLast ? "nhwc" : "nchw"),
            ])
        }

        init?(_ json: JSONValue) {
            guard let scale = json["scale"]?.number, let mean = json["mean"]?.array,
                let deviation = json["std"]?.array, let layout = json["layout"]?.string
            else { return nil }
            self.scale = scale
            self.mean = mean.compactMap(\.number)
            self.deviation = deviation.compactMap(\.number)
            channelsAreLast = layout == "nhwc"
        }
    }

    /// Inputs that Jacobians are taken with respect to.
    public enum Columns: Equatable, Sendable {
        /// Their indices in the order of the network's input.
        case listed([Int])
        /// This many, drawn without replacement by the request's seed.
        case drawn(Int)

        var json: JSONValue {
            switch self {
            case .listed(let columns): JSONValue(columns)
            case .drawn(let count): JSONValue(count)
            }
        }

        init?(_ json: JSONValue) {
            if let list = json.array {
                self = .listed(list.compactMap { $0.number.flatMap { Int(exactly: $0) } })
            } else if let count = json.number.flatMap({ Int(exactly: $0) }) {
                self = .drawn(count)
            } else {
                return nil
            }
        }
    }
}

/// The inputs of a graph that Jacobians are taken in.
public enum JacobianInputs: Hashable, Sendable {
    /// All, of points of this shape.
    case all([Int])
    /// The middle square of an image with this side. The shape is (channels, height, width).
    case patch(of: [Int], side: Int)
    /// Those with these indices.
    case listed([Int])
    /// This many, drawn by the seed.
    case drawn(Int)

    /// Why Jacobians can't be taken in the inputs asked for.
    public enum Fault: Error, Equatable {
        case beyond(Int, of: Int)
        case noImages
        case channelsLast([Int])
        case channelsFirst([Int])

        /// The fault in words that follow the file's name.
        public func words(_ options: Options) -> String {
            switch self {
            case .beyond(let column, let count):
                "has \(count) inputs, from 0 on: \(options.columns) names \(column)"
            case .noImages:
                "takes no images, which \(options.patch) is for: choose inputs with \(options.columns)"
            case .channelsLast(let shape):
                "takes inputs of shape (\(shape[0]), \(shape[1]), \(shape[2])), whose channels seem to be last: say so "
                    + "with \(options.layout), or choose inputs with \(options.columns)"
            case .channelsFirst(let shape):
                "takes inputs of shape (\(shape[0]), \(shape[1]), \(shape[2])), whose channels seem to be first: leave out "
                    + "\(options.layout), or choose inputs with \(options.columns)"
            }
        }
    }

    /// The names of the options in messages.
    public struct Options: Equatable, Sendable {
        let patch: String
        let columns: String
        let layout: String
        let layers: String
        /// Text between a name and its value.
        let separator: String
        /// Text before a number of drawn inputs.
        let drawn: String

        /// Those of `ranksweep measure`.
        public static let command = Options(
            patch: "--patch", columns: "--columns", layout: "--layout nhwc", layers: "--layers",
            separator: " ",
            drawn: "random:")
        /// Those of a sweep file.
        public static let sweep = Options(
            patch: "measures.local_rank.patch", columns: "measures.local_rank.columns",
            layout: "dataset.layout: nhwc", layers: "layers", separator: ": ", drawn: "")
    }

    /// The inputs asked for. Images have a patch by default.
    ///
    /// - Parameter shape: that of a point as the network takes it.
    public init(
        patch: Int?, columns: MeasureRequest.Columns?, of shape: [Int], hasChannelsLast: Bool
    ) throws(Fault) {
        let count = shape.reduce(1, *)
        switch columns {
        case .listed(let columns):
            if let beyond = columns.first(where: { $0 < 0 || $0 >= count }) {
                throw .beyond(beyond, of: count)
            }
            self = .listed(columns)
        case .drawn(let wanted): self = wanted < count ? .drawn(wanted) : .all(shape)
        case nil:
            guard shape.count == 3 else {
                guard patch == nil else { throw .noImages }
                self = .all(shape)
                return
            }
            let image = hasChannelsLast ? [shape[2], shape[0], shape[1]] : shape
            let side = patch ?? 16
            guard side < image[1] || side < image[2] else {
                self = .all(shape)
                return
            }
            guard hasChannelsLast || shape[2] > 4 || shape[0] <= 4 else { throw .channelsLast(shape) }
            guard !hasChannelsLast || shape[0] > 4 || shape[2] <= 4 else { throw .channelsFirst(shape) }
            self = .patch(of: image, side: side)
        }
    }

    /// Their number.
    package var count: Int {
        switch self {
        case .all(let shape): shape.reduce(1, *)
        case .patch(let image, let side): image[0] * min(side, image[1]) * min(side, image[2])
        case .listed(let columns): columns.count
        case .drawn(let count): count
        }
    }
}

extension GraphFacts {
    /// The layers that are chosen, by their indices, and those that measures have a number for. Where all measures are
    /// of the features, no layer is chosen by default: the others would only take memory.
    ///
    /// - Parameters:
    ///   - patterns: the names or patterns of the layers asked for; nil: the default.
    ///   - isForMeasures: whether the layers are only for these measures, and not for local ranks or files.
    ///   - keepsEmpty: whether layers without numbers are chosen, too.
    package func layers(
        _ patterns: [String]?, of measures: [MeasureDeclaration], isForMeasures: Bool,
        keepsEmpty: Bool = false
    ) throws(NoSuchLayer) -> (chosen: [Int], measured: [Layer]) {
        let areOfFeatures =
            patterns == nil && isForMeasures && features != nil && !measures.isEmpty
            && measures.allSatisfy(\.isOfLastFeatures)
        var chosen = areOfFeatures ? [] : try chosen(patterns)
        // A layer without numbers can be saved, but has no ranks or norms.
        if !keepsEmpty { chosen.removeAll { layers[$0].units == 0 } }
        let measured = measured(chosen, withFeatures: measures.contains { $0.needs.contains(.denseHead) })
        if measured.isEmpty, !keepsEmpty { throw .noNumbers }
        return (chosen, measured)
    }
}
