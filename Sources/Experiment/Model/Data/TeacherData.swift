import Text

/// A finite training set labelled by a known network, as the bounds for minimum-norm networks assume it
/// (docs/measures.md): inputs of length 1, one output, and a ReLU network without biases as the teacher.
public struct TeacherData: Hashable, Sendable, DatasetDescription {
    /// The function of the teacher's output that a network learns.
    public enum Task: String, CaseIterable, Sendable {
        /// The sign of the output, only at points where it is at least 1 away from 0.
        case classification
        /// The output itself, never negative.
        case regression
    }

    /// The function of the teacher's output that a network learns.
    public var task: Task
    /// Number of components of an input.
    public var inputs: Int
    /// K, the number of the teacher's weight layers.
    public var depth: Int
    /// Units in each of the teacher's hidden layers.
    public var width: Int
    /// B, the Frobenius norm of each of the teacher's weight matrices.
    public var norm: Double
    /// The seed of the teacher's weights. It is not the trial's seed, so that all trials learn from one
    /// teacher.
    public var seed: UInt64
    /// Number of training points.
    public var trainPoints: Int
    /// Number of test points.
    public var testPoints: Int

    /// A teacher, with the numbers of points that it labels.
    public init(
        task: Task, inputs: Int, depth: Int, width: Int, norm: Double, seed: UInt64, trainPoints: Int,
        testPoints: Int
    ) {
        self.task = task
        self.inputs = inputs
        self.depth = depth
        self.width = width
        self.norm = norm
        self.seed = seed
        self.trainPoints = trainPoints
        self.testPoints = testPoints
    }

    /// The kind of all teachers' data.
    public static let kind = DataKind(
        names: ["teacher"], activation: .relu, width: 64, hasBiases: false,
        vibObjection: "a teacher's data are for an mlp")

    var facts: DataFacts {
        let isClassification = task == .classification
        let losses: [Loss] = [isClassification ? .logistic : .meanSquaredError]
        return DataFacts(
            input: .vector(inputs), outputs: 1, classes: isClassification ? 2 : 0, trainCount: trainPoints,
            testCount: testPoints, losses: losses, vibLosses: losses)
    }

    var json: JSONValue {
        .object([
            "name": .string("teacher"), "task": .string(task.rawValue), "inputs": JSONValue(inputs),
            "depth": JSONValue(depth), "width": JSONValue(width), "norm": .number(norm),
            "seed": .number(Double(seed)), "train_points": JSONValue(trainPoints),
            "test_points": JSONValue(testPoints),
        ])
    }
}
