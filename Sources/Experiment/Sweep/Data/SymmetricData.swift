import Model
import Text

/// All patterns of 12 bits, with a class that the icosahedron's symmetries preserve (Shwartz-Ziv & Tishby
/// 2017).
public struct SymmetricData: Hashable, Sendable, DatasetDescription {
    /// Number of patterns.
    public static let patterns = 4096
    /// Number of patterns in class 1.
    public static let positives = 2118
    /// Number of components of an input.
    public static let bits = 12

    /// The values of bits: 0 and 1 (unit), or −1 and 1 (symmetric).
    public var scale: InputScale
    /// Number of training patterns. The trial's seed chooses them; the others test.
    public var trainPoints: Int
    /// Number of test patterns: those that don't train.
    public var testPoints: Int { SymmetricData.patterns - trainPoints }

    /// The set with a number of training patterns.
    public init(scale: InputScale, trainPoints: Int) {
        self.scale = scale
        self.trainPoints = trainPoints
    }

    private static let givenScale = InputScale.option(default: .unit)
    // 80 % of the patterns, rounded: the public setting.
    private static let givenPoints = DataOption(
        "train_points", .integer(1...10_000_000), default: 3277, text: "3277 of 4096",
        "Number of patterns to train on, which the seed chooses; the others test.")

    package static let kind = DataKind(
        names: ["symmetric"], options: [givenPoints.setting, givenScale.setting], activation: .tanh,
        width: 64,
        vibObjection: "the symmetric set is for an mlp")

    package init(_ options: DataOptions, _ conflicts: inout [PointConflict]) {
        let (points, most) = (options[Self.givenPoints], SymmetricData.patterns - 1)
        if points > most {
            conflicts.append(
                PointConflict(
                    "dataset.train_points",
                    .data(
                        "\(points) training points leave none of the 4096 patterns to test: take at most \(most)"
                    ))
            )
        }
        self.init(scale: options[Self.givenScale], trainPoints: min(points, most))
    }

    package var facts: DataFacts {
        DataFacts(
            input: .vector(SymmetricData.bits), outputs: 2, classes: 2, trainCount: trainPoints,
            testCount: testPoints)
    }

    package var json: JSONValue {
        .object([
            "name": .string("symmetric"), "scale": .string(scale.rawValue),
            "train_points": JSONValue(trainPoints),
        ])
    }
}
