import Model
import Text

/// The table of addition modulo p. An input is a pair of numbers, each one-hot; its class is their sum.
public struct ModularData: Hashable, Sendable, DatasetDescription {
    /// p: the inputs have 2 p numbers, and there are p classes.
    public var modulus: Int
    /// Number of training pairs among the p² pairs. The trial's seed chooses them; the others test.
    public var trainPoints: Int
    /// Number of test pairs: those that don't train.
    public var testPoints: Int { modulus * modulus - trainPoints }

    /// The table with a number of training pairs.
    public init(modulus: Int, trainPoints: Int) {
        self.modulus = modulus
        self.trainPoints = trainPoints
    }

    /// The table with a share of its pairs for training.
    ///
    /// - Parameter share: the share of all pairs. At least one pair trains and two test.
    public init(modulus: Int, share: Double) {
        let pairs = modulus * modulus
        let asked = Int((share * Double(pairs)).rounded())
        self.init(modulus: modulus, trainPoints: min(max(asked, 1), pairs - 2))
    }

    private static let givenModulus = DataOption(
        "modulus", .integer(2...499), default: 97,
        "p of the table of (a + b) mod p: 2 p inputs, p classes, p² points.")
    private static let trainFraction = DataOption(
        "train_fraction", .number(Bounds(.open(0), .open(1))), default: 0.4,
        "The share of the table's pairs that train, which the seed chooses; the others test.")

    package static let kind = DataKind(
        names: ["modular-addition"], options: [givenModulus.setting, trainFraction.setting],
        activation: .relu,
        width: 200, vibObjection: "modular addition is for an mlp")

    package init(_ options: DataOptions, _ conflicts: inout [PointConflict]) {
        self.init(modulus: options[Self.givenModulus], share: options[Self.trainFraction])
    }

    package var facts: DataFacts {
        DataFacts(
            input: .vector(2 * modulus), outputs: modulus, classes: modulus, trainCount: trainPoints,
            testCount: testPoints)
    }

    package var json: JSONValue {
        .object([
            "name": .string("modular-addition"), "modulus": JSONValue(modulus),
            "train_points": JSONValue(trainPoints),
        ])
    }
}
