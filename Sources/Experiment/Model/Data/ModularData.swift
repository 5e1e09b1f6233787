import Text

/// The table of addition modulo p: inputs are pairs of numbers, as ones among zeros; the class is their sum.
public struct ModularData: Hashable, Sendable, DatasetDescription {
    /// p: 2 p inputs, p classes.
    public var modulus: Int
    /// So many of the p² pairs, which the trial's seed chooses, train; the others test.
    public var trainPoints: Int
    /// The others.
    public var testPoints: Int { modulus * modulus - trainPoints }

    /// The table with so many training points.
    public init(modulus: Int, trainPoints: Int) {
        self.modulus = modulus
        self.trainPoints = trainPoints
    }

    /// - Parameter share: of all pairs; at least one trains and one tests.
    public init(modulus: Int, share: Double) {
        let pairs = modulus * modulus
        let asked = Int((share * Double(pairs)).rounded())
        self.init(modulus: modulus, trainPoints: min(max(asked, 1), pairs - 2))
    }

    /// What is known of all such tables.
    public static let kind = DataKind(
        names: ["modular-addition"], activation: .relu, width: 200,
        vibObjection: "modular addition is for an mlp")

    var facts: DataFacts {
        DataFacts(
            input: .vector(2 * modulus), outputs: modulus, classes: modulus, trainCount: trainPoints,
            testCount: testPoints)
    }

    var json: JSONValue {
        .object([
            "name": .string("modular-addition"), "modulus": JSONValue(modulus),
            "train_points": JSONValue(trainPoints),
        ])
    }
}
