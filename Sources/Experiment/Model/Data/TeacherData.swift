import Text

/// A finite training set that a known network labels, as the bounds of minimum-norm networks want it
/// (docs/measures.md): inputs of length 1, one output, a ReLU network without biases as the teacher.
public struct TeacherData: Hashable, Sendable, DatasetDescription {
    /// What is learned of the teacher's output.
    public enum Task: String, CaseIterable, Sendable {
        /// Its sign, only where it is at least 1 from 0.
        case classification
        /// The output itself, never negative.
        case regression
    }

    /// What is learned.
    public var task: Task
    /// Numbers of an input.
    public var inputs: Int
    /// K, the teacher's weight layers.
    public var depth: Int
    /// Units of each of its hidden layers.
    public var width: Int
    /// B, the Frobenius norm of each of its weight matrices.
    public var norm: Double
    /// The seed of its weights; not the trial's seed, so that all trials learn from one teacher.
    public var seed: UInt64
    /// How many points it labels for training.
    public var trainPoints: Int
    /// How many points it labels for tests.
    public var testPoints: Int

    /// A teacher, and how many points it labels.
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

    /// What is known of all teachers.
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
