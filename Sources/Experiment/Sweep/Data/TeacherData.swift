import Model
import Text

/// A finite training set labelled by a known network, as the bounds for minimum-norm networks assume it
/// (docs/measures.md): inputs of length 1, one output, and a ReLU network without biases as the teacher.
public struct TeacherData: Hashable, Sendable, DatasetDescription {
    /// The function of the teacher's output that a network learns.
    public enum Task: String, CaseIterable, Sendable, SettingValue {
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

    private static let givenInputs = DataOption(
        "inputs", .integer(1...1023), default: 1, text: "required", "The numbers of a teacher's input.")
    private static let givenTask = DataOption(
        "task", .word(Task.allCases.map(\.rawValue)), default: Task.classification,
        "The teacher's output's sign, with margin 1; or the output itself, which is never negative.")
    private static let teacherDepth = DataOption(
        "teacher_depth", .integer(1...100), default: 2, "K, the teacher's weight layers.")
    private static let teacherWidth = DataOption(
        "teacher_width", .integer(1...1024), default: 4, "Units of each of the teacher's hidden layers.")
    private static let givenNorm = DataOption(
        "norm", .number(Bounds(.open(0), .closed(1e6))), default: 1.0, text: "required",
        "B, the Frobenius norm of each of the teacher's weight matrices.")
    private static let teacherSeed = DataOption(
        "teacher_seed", .integer(0...Setting.seedLimit), default: 0,
        "The seed of the teacher's weights: not the trial's, so that all seeds learn from one teacher.")
    private static let givenTrainPoints = DataOption(
        "train_points", .integer(1...10_000_000), default: 128,
        "Number of points that the teacher labels.")
    private static let givenTestPoints = DataOption(
        "test_points", .integer(2...10_000_000), default: 1024, "Points that the final measures are taken on."
    )

    package static let kind = DataKind(
        names: ["teacher"],
        options: [
            givenInputs.setting, givenTask.setting, teacherDepth.setting, teacherWidth.setting,
            givenNorm.setting,
            teacherSeed.setting, givenTrainPoints.setting, givenTestPoints.setting,
        ], activation: .relu, width: 64, hasBiases: false,
        lossText: "logistic for classification and mean_squared_error for regression",
        vibObjection: "a teacher's data are for an mlp")

    package init(_ options: DataOptions, _ conflicts: inout [PointConflict]) {
        if options.given(Self.givenInputs) == nil || options.given(Self.givenNorm) == nil {
            conflicts.append(
                PointConflict(
                    "dataset",
                    .data(
                        "a teacher needs 'inputs', the number of x's components, and 'norm', its weights' norm"
                    )))
        }
        self.init(
            task: options[Self.givenTask], inputs: options[Self.givenInputs],
            depth: options[Self.teacherDepth],
            width: options[Self.teacherWidth], norm: options[Self.givenNorm],
            seed: UInt64(options[Self.teacherSeed]), trainPoints: options[Self.givenTrainPoints],
            testPoints: options[Self.givenTestPoints])
    }

    package var facts: DataFacts {
        let isClassification = task == .classification
        let losses: [Loss] = [isClassification ? .logistic : .meanSquaredError]
        return DataFacts(
            input: .vector(inputs), outputs: 1, classes: isClassification ? 2 : 0, trainCount: trainPoints,
            testCount: testPoints, losses: losses, vibLosses: losses)
    }

    package var json: JSONValue {
        .object([
            "name": .string("teacher"), "task": .string(task.rawValue), "inputs": JSONValue(inputs),
            "depth": JSONValue(depth), "width": JSONValue(width), "norm": .number(norm),
            "seed": .number(Double(seed)), "train_points": JSONValue(trainPoints),
            "test_points": JSONValue(testPoints),
        ])
    }
}
