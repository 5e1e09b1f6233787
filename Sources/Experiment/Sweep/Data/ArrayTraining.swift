import Text

/// A training on the points of the user's own files: what is learned, and which of the points test.
public struct ArrayTraining: Hashable, Sendable {
    /// The file of the numbers that points have in place of classes.
    public var targets: ContentFile?
    /// Numbers that each point has in place of a class.
    public var outputs = 1
    /// The test points' files; nil: a share of the points tests.
    public var test: TestFiles?
    /// The share of each class's points that tests where there are no test files.
    public var testShare = 0.2
    /// The seed that chooses them. It isn't the trial's, so that all trials have the same test points.
    public var splitSeed: UInt64 = 0
    /// Whether each component gets mean 0 and deviation 1 over the training points; of images, each channel.
    public var standardises = false
    /// The columns that are read, if the files are tables.
    public var table: TableColumns?
    /// The classes learned, and the noise of their labels.
    public var labels = LabelOptions()
    /// Number of training points that are used, the first of each class.
    public var trainCount = 2
    /// Number of test points that are used, the first of each class.
    public var testCount = 2

    /// The files of test points.
    public struct TestFiles: Hashable, Sendable {
        /// The points.
        public var inputs: ContentFile
        /// Number of them in the file.
        public var count: Int
        /// Their labels or targets; nil for tables.
        public var answers: ContentFile?
    }

    /// The columns of a table that are read.
    public struct TableColumns: Hashable, Sendable {
        /// The column that is learned.
        public var target: String
        /// The columns of the inputs, in order.
        public var columns: [String]
        /// The texts of the classes, in order; empty in a regression.
        public var classes: [String]
    }

    init() {}

    private static func path(_ key: String, _ meaning: String) -> DataOption<String> {
        DataOption(key, .path, default: "", text: "none", meaning)
    }

    static let givenTargets = path(
        "targets",
        "In place of `labels`: the .npy file of numbers to learn, (points,) or (points, outputs).")
    static let testInputs = path(
        "test_inputs", "The file of an array's test points, like `inputs`.")
    static let testLabels = path("test_labels", "Their classes, like `labels`.")
    static let testTargets = path("test_targets", "Their numbers, like `targets`.")
    static let givenShare = DataOption(
        "test_share", .number(Bounds(.open(0), .open(1))), default: 0.2,
        "Without `test_inputs`: the share of each class's points, or of all, that tests.")
    static let givenSeed = DataOption(
        "split_seed", .integer(0...Setting.seedLimit), default: 0,
        "The seed that chooses them: not the trial's, so that all seeds have the same test points.")
    static let givenStandardise = DataOption(
        "standardise", .flag, default: false,
        "Whether each component of an array's points (of images, each channel) is shifted and scaled to mean 0 and "
            + "deviation 1 over the training points, after `scale`, `mean` and `std`.")
    static let givenTarget = DataOption(
        "target", .column(isList: false), default: "", text: "required for tables",
        "The column of a table that is learned: words or whole numbers are classes, in their order.")
    static let givenColumns = DataOption(
        "columns", .column(isList: true), default: [String](), text: "all others",
        "The columns of a table that are inputs, in this order.")
    static let givenTask = DataOption(
        "task", .word(TeacherData.Task.allCases.map(\.rawValue)), default: TeacherData.Task.classification,
        text: "classification if possible", "What whole numbers in a table's column `target` are.")
    static let givenTrainPoints = DataOption(
        "train_points", .integer(1...10_000_000), default: 0, text: "all",
        "Number of an array's or a table's training points to use: the first of each class, in its proportion."
    )
    static let givenTestPoints = DataOption(
        "test_points", .integer(2...10_000_000), default: 0, text: "all",
        "Points that the final measures are taken on.")

    static let settings = [
        givenTargets.setting, testInputs.setting, testLabels.setting, testTargets.setting,
        givenShare.setting, givenSeed.setting, givenTrainPoints.setting, givenTestPoints.setting,
        givenTarget.setting, givenColumns.setting, givenTask.setting, givenStandardise.setting,
    ]

    static let exclusive: [(one: [String], other: [String])] = [
        (["dataset.labels"], ["dataset.targets"]),
        (["dataset.test_inputs"], ["dataset.test_share", "dataset.split_seed"]),
    ]

    static let fileOptions = [
        "targets", "test_inputs", "test_labels", "test_targets", "target", "columns", "task",
    ]

    /// The numbers of points, the rule that chooses the test points, and all else that differs from the defaults.
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "train_points": JSONValue(trainCount), "test_points": JSONValue(testCount),
        ]
        if let targets { members["targets"] = .string(targets.digest) }
        if let test {
            members["test_inputs"] = .string(test.inputs.digest)
            members["test_answers"] = test.answers.map { .string($0.digest) }
        } else {
            members["test_share"] = .number(testShare)
            members["split_seed"] = .number(Double(splitSeed))
        }
        if standardises { members["standardise"] = .bool(true) }
        if let table {
            members["target"] = .string(table.target)
            members["columns"] = .array(table.columns.map(JSONValue.string))
            members["texts"] = .array(table.classes.map(JSONValue.string))
        }
        labels.add(to: &members)
        return .object(members)
    }
}

extension ArrayTraining {
    /// Number of test points among so many of one class: at least one trains.
    public static func testCount(of points: Int, share: Double) -> Int {
        max(0, min(points - 1, Int((share * Double(points)).rounded())))
    }
}
