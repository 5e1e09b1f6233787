import Text

/// One combination of values of all axes: one training run.
public struct Trial: Equatable, Sendable {
    /// Index in the grid.
    public let index: Int
    /// The values in the trial's record, sorted by path: every axis, and always `dataset`, `depth`, `seed`
    /// and, for a VIB, `beta`. A network from a file has no `depth`, but `file`.
    public let axes: [(path: String, value: JSONValue)]
    /// All settings of the trial.
    public let settings: TrialSettings

    /// `axes` as an object in a record.
    public var axesObject: JSONValue {
        .object(Dictionary(axes.map { ($0.path, $0.value) }) { first, _ in first })
    }

    /// The hash of the settings. It is the same in every sweep with this trial. Takes some microseconds.
    public var id: TrialID { TrialID(of: settings) }

    init(index: Int, point: GridPoint, axes: [Axis], positions: [Int]) {
        self.index = index
        var conflicts: [PointConflict] = []
        settings = point.settings(&conflicts)
        var shown: [String: JSONValue] = ["seed": JSONValue(Int(settings.seed))]
        if point.isGraph {
            shown["file"] = point.values["file"]
            shown["dataset"] = point.values["dataset.inputs"]
        } else {
            shown["depth"] = JSONValue(settings.depth)
            let isArray = settings.dataset.description is ArrayData
            shown["dataset"] = isArray ? point.values["dataset.inputs"] : .string(point.dataset)
        }
        if case .vib(let beta, _, _, _) = settings.model { shown["beta"] = .number(beta) }
        for (axis, position) in zip(axes, positions) { shown[axis.path] = axis.label(at: position) }
        self.axes = shown.sorted { $0.key < $1.key }.map { (path: $0.key, value: $0.value) }
    }

    /// A copy of another trial with a different index and seed.
    init(index: Int, like other: Trial, seed: JSONValue) {
        self.index = index
        var settings = other.settings
        settings.seed = UInt64(seed.number.flatMap { Int(exactly: $0) } ?? 0)
        self.settings = settings
        axes = other.axes.map { $0.path == "seed" ? (path: $0.path, value: seed) : $0 }
    }

    /// Whether index, settings and axes are equal.
    public static func == (left: Trial, right: Trial) -> Bool {
        left.index == right.index && left.settings == right.settings && left.axesObject == right.axesObject
    }
}

extension TrialID {
    /// The version of the meaning of a trial's content. It is raised whenever equal settings would give
    /// different records.
    static let contentVersion = 1

    /// The identifier of trials with these settings.
    public init(of settings: TrialSettings) {
        let content = ["content": JSONValue(TrialID.contentVersion), "settings": settings.json]
        self.init(hashing: JSONValue.object(content).canonicalBytes)
    }
}
