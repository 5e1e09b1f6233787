import Text

/// The use that a trial makes of labels: which classes it learns, and how many training labels are wrong.
public struct LabelOptions: Hashable, Sendable {
    /// The only classes that are learned, renumbered in this order; nil: all.
    public var classes: [Int]?
    /// The probability that a training label is replaced by one drawn from all classes.
    public var noise = 0.0

    /// All classes, with their own labels.
    public init() {}

    private static let givenClasses = DataOption(
        "classes", .integers(0...(maxClasses - 1), limit: maxClasses), default: [Int](), text: "all",
        "The only classes that are learned, by their numbers from 0, renumbered in this order.")
    private static let givenNoise = DataOption(
        "label_noise", .number(Bounds(.closed(0), .closed(1))), default: 0.0,
        "Each training label is replaced, with this probability, by one drawn from all classes; 1: random labels."
    )

    /// The most classes that a network learns.
    package static let maxClasses = 1 << 16

    static let settings = [givenClasses.setting, givenNoise.setting]

    /// Reads the options of data with classes.
    ///
    /// - Parameter count: number of classes that the data have.
    init(_ options: DataOptions, classes count: Int, _ conflicts: inout [PointConflict]) {
        noise = options[Self.givenNoise]
        classes = options.given(Self.givenClasses)
        guard let chosen = classes else { return }
        var problem: String?
        if chosen.count < 2 { problem = "one class alone is nothing to learn: give at least two" }
        if let (_, second) = firstRepeat(in: chosen) { problem = "class \(chosen[second]) is listed twice" }
        if let far = chosen.first(where: { $0 >= count }) {
            problem = "there is no class \(far): the data have \(count), counted from 0"
        }
        guard let problem else { return }
        classes = nil
        conflicts.append(PointConflict(Self.givenClasses.setting.path, .data(problem)))
    }

    /// A conflict where an option is given for data without classes.
    static func conflict(_ options: DataOptions) -> PointConflict? {
        let path =
            options.given(givenClasses) != nil
            ? givenClasses.setting.path : options.given(givenNoise) != nil ? givenNoise.setting.path : nil
        return path.map { PointConflict($0, .data("needs classes, and this data set has none")) }
    }

    /// The numbers of the chosen classes among so many.
    public func chosen(of count: Int) -> [Int] { classes ?? Array(0..<count) }

    /// Adds what differs from the default.
    func add(to members: inout [String: JSONValue]) {
        if let classes { members["classes"] = JSONValue(classes) }
        if noise > 0 { members["label_noise"] = .number(noise) }
    }
}
