import Text

/// All patterns of 12 bits, and a class that the icosahedron's symmetries keep (Shwartz-Ziv & Tishby 2017).
public struct SymmetricData: Hashable, Sendable, DatasetDescription {
    /// How many patterns there are.
    public static let patterns = 4096
    /// How many of them are of class 1.
    public static let positives = 2118
    /// Numbers of an input.
    public static let bits = 12

    /// Bits are 0 and 1 (unit), or −1 and 1.
    public var scale: InputScale
    /// So many patterns, which the trial's seed chooses, train; the others test.
    public var trainPoints: Int
    /// The others.
    public var testPoints: Int { SymmetricData.patterns - trainPoints }

    /// The set with so many training points.
    public init(scale: InputScale, trainPoints: Int) {
        self.scale = scale
        self.trainPoints = trainPoints
    }

    /// What is known of the set.
    public static let kind = DataKind(
        names: ["symmetric"], activation: .tanh, width: 64,
        vibObjection: "the symmetric set is for an mlp")

    var facts: DataFacts {
        DataFacts(
            input: .vector(SymmetricData.bits), outputs: 2, classes: 2, trainCount: trainPoints,
            testCount: testPoints)
    }

    var json: JSONValue {
        .object([
            "name": .string("symmetric"), "scale": .string(scale.rawValue),
            "train_points": JSONValue(trainPoints),
        ])
    }
}
