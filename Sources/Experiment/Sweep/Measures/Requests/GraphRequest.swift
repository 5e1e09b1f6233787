import Text

extension MeasureRequest {
    /// How the numbers of points become the inputs of a graph: x · scale, then (x − mean) / deviation for each
    /// channel.
    public struct Preprocessing: Equatable, Sendable {
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
        /// As many, drawn without replacement with seed 0.
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
