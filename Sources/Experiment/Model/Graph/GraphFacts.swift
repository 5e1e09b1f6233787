import Glibc
import Text

/// The layers of a network from an ONNX file for points of one shape: what sweeps know of it without the file.
public struct GraphFacts: Hashable, Sendable {
    /// The shape of a point as the network takes it.
    public var input: [Int]
    /// The layers, in order.
    public var layers: [Layer]
    /// The input of the last dense layer; nil where the network doesn't end in one.
    public var features: Layer?
    /// The network's output.
    public var output: Layer
    /// The weight matrices, in order.
    public var matrices: [Matrix]
    /// Number of parameters.
    public var parameters: Int
    /// Total size of all values of the plan for one point.
    public var values: Int

    /// A layer's result.
    public struct Layer: Hashable, Sendable {
        /// The name in the file.
        public var name: String
        /// Number of numbers of the result.
        public var units: Int
        /// Index of the result among the values of the network's plan.
        public var value: Int
        /// Multiplications that one point takes up to this layer.
        public var cost: Int
        /// Largest number of derivatives held at once, for one input, up to this layer.
        public var peak: Int
        /// Whether it is measured unless layers are chosen.
        public var isMeasured: Bool

        /// A layer.
        public init(name: String, units: Int, value: Int, cost: Int, peak: Int, isMeasured: Bool) {
            self.name = name
            self.units = units
            self.value = value
            self.cost = cost
            self.peak = peak
            self.isMeasured = isMeasured
        }
    }

    /// A weight matrix; a kernel is [channels, numbers under the window].
    public struct Matrix: Hashable, Sendable {
        /// The name.
        public var name: String
        /// Number of outputs.
        public var rows: Int
        /// Number of inputs.
        public var columns: Int

        /// A matrix.
        public init(name: String, rows: Int, columns: Int) {
            (self.name, self.rows, self.columns) = (name, rows, columns)
        }
    }

    /// A network's layers.
    public init(
        input: [Int], layers: [Layer], features: Layer?, output: Layer, matrices: [Matrix], parameters: Int,
        values: Int
    ) {
        self.input = input
        self.layers = layers
        self.features = features
        self.output = output
        self.matrices = matrices
        self.parameters = parameters
        self.values = values
    }

    /// A pattern that no layer's name matches.
    public struct NoSuchLayer: Error, Equatable {
        /// The fault in words that follow the file's name.
        public let words: String

        /// - Parameter names: those that there are.
        public init(_ pattern: String, _ names: [String]) {
            words = "has no layer '\(pattern)'; it has \(shortList(names))"
        }

        /// Every layer that could be measured is empty.
        public static let noNumbers = NoSuchLayer(
            words: "has no numbers in the layers that would be measured")

        private init(words: String) { self.words = words }
    }

    /// Indices of the layers whose names match one of the patterns; without patterns those measured by default.
    public func chosen(_ patterns: [String]?) throws(NoSuchLayer) -> [Int] {
        guard let patterns else {
            let usual = layers.indices.filter { layers[$0].isMeasured }
            return usual.isEmpty ? Array(layers.indices) : usual
        }
        var isChosen = [Bool](repeating: false, count: layers.count)
        for pattern in patterns {
            // A name may hold characters that mean something in a pattern.
            var found = layers.indices.filter { layers[$0].name == pattern }
            if found.isEmpty { found = layers.indices.filter { fnmatch(pattern, layers[$0].name, 0) == 0 } }
            guard !found.isEmpty else { throw NoSuchLayer(pattern, layers.map(\.name)) }
            for index in found { isChosen[index] = true }
        }
        return layers.indices.filter { isChosen[$0] }
    }

    /// The layers with these indices. Measures of features need the last dense layer's input beside its output.
    public func measured(_ chosen: [Int], withFeatures: Bool) -> [Layer] {
        var measured = chosen.map { layers[$0] }
        guard withFeatures, let features else { return measured }
        // A product before its bias is added lies between them.
        measured.removeAll { $0.value > features.value && $0.value != output.value }
        for layer in [features, output] where !measured.contains(where: { $0.value == layer.value }) {
            measured.insert(layer, at: measured.firstIndex { $0.value > layer.value } ?? measured.count)
        }
        return measured
    }
}

/// How an array holds one point.
public struct PointLayout: Hashable, Sendable {
    /// The sizes of a point in the array.
    public var sizes: [Int]
    /// Whether the last size is that of the channels. Precondition: then there are three.
    public var channelsAreLast: Bool

    /// A layout.
    public init(sizes: [Int], channelsAreLast: Bool) {
        (self.sizes, self.channelsAreLast) = (sizes, channelsAreLast)
    }

    /// Whether a network takes points as they are, channels last.
    ///
    /// - Parameter declared: the sizes of a point that the network's file states, nil for those left open; nil
    ///   where it states none.
    public func staysLast(for declared: [Int?]?) -> Bool {
        guard channelsAreLast, let declared, declared.count == sizes.count else { return false }
        return zip(declared, sizes).allSatisfy { $0 == nil || $0 == $1 }
    }

    /// The shape in which a network gets a point. Channels that are last stay there if the network takes them so.
    public func shape(for declared: [Int?]?) -> [Int] {
        channelsAreLast && !staysLast(for: declared) ? [sizes[2], sizes[0], sizes[1]] : sizes
    }
}
