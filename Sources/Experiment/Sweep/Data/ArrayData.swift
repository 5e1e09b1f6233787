import Model
import Text

/// Points in a .npy file, at which networks from ONNX files are measured.
public struct ArrayData: Hashable, Sendable, DatasetDescription {
    /// The points' file.
    public var inputs: ContentFile
    /// The array's sizes, the number of points first.
    public var shape: [Int]
    /// The file of the points' classes; nil where they have none.
    public var labels: ContentFile?
    /// How the file's numbers become inputs.
    public var preprocessing: MeasureRequest.Preprocessing
    /// The only point that is used, counted from 0; nil: all.
    public var point: Int?
    /// Number of classes that the network tells apart; 0 without labels.
    public var classes = 0

    private static let givenInputs = DataOption(
        "inputs", .path, default: "", text: "required",
        "The .npy file of an array's points, (points, …), beside the sweep file.")
    private static let givenLabels = DataOption(
        "labels", .path, default: "", text: "none", "The .npy file of an array's classes, 0, 1, 2, ….")
    private static let givenLayout = DataOption(
        "layout", .word(["nchw", "nhwc"]), default: "nchw",
        "Whether an array's points have their channels first, or last (nhwc).")
    private static let givenScale = DataOption(
        "scale", .number(Bounds(.none, .none)), default: 1.0,
        "An array's numbers are multiplied by the scale.")
    private static let givenMean = DataOption(
        "mean", .numbers(Bounds(.none, .none), limit: 4096), default: [Double](), text: "0",
        "Subtracted from an array's channels, after the scale; one number applies to all channels.")
    private static let givenDeviation = DataOption(
        "std", .numbers(Setting.positive, limit: 4096), default: [Double](), text: "1",
        "An array's channels are then divided by these.")
    private static let givenPoint = DataOption(
        "point", .integer(0...1_000_000_000), default: 0, text: "all points",
        "The only point of an array that is used, counted from 0.")

    package static let kind = DataKind(
        names: ["array"],
        options: [
            givenInputs.setting, givenLabels.setting, givenLayout.setting, givenScale.setting,
            givenMean.setting, givenDeviation.setting, givenPoint.setting,
        ], activation: .linear, width: 1, hasEpochs: false, isForTraining: false,
        vibObjection: "arrays are for 'model: onnx'")

    /// The layout of a point.
    public var layout: PointLayout {
        PointLayout(
            sizes: Array(shape.dropFirst()),
            channelsAreLast: preprocessing.channelsAreLast && shape.count == 4)
    }

    package init(_ options: DataOptions, _ conflicts: inout [PointConflict]) {
        preprocessing = MeasureRequest.Preprocessing()
        preprocessing.scale = options[Self.givenScale]
        preprocessing.mean = options[Self.givenMean]
        preprocessing.deviation = options[Self.givenDeviation]
        preprocessing.channelsAreLast = options[Self.givenLayout] == "nhwc"
        let facts = options.files[path: options[Self.givenInputs]]
        inputs = facts.file
        // Stands for a file that can't be used.
        shape = [1, 1]
        if options.given(Self.givenInputs) == nil {
            conflicts.append(PointConflict("", .data("dataset.inputs is missing"), lacking: "dataset.inputs"))
        } else {
            switch facts.content {
            case .points(let found): shape = found
            case .unusable(let why): conflicts.append(Self.conflict(Self.givenInputs, options, why))
            default: conflicts.append(Self.conflict(Self.givenInputs, options, "holds no points"))
            }
        }
        readLabels(options, &conflicts)
        point = options.given(Self.givenPoint)
        if let point, point >= shape[0] {
            conflicts.append(
                PointConflict(
                    Self.givenPoint.setting.path,
                    .data("point \(point) is not among the file's \(shape[0]), counted from 0")))
        }
        checkChannels(options, &conflicts)
    }

    private mutating func readLabels(_ options: DataOptions, _ conflicts: inout [PointConflict]) {
        guard let path = options.given(Self.givenLabels) else { return }
        let facts = options.files[path: path]
        labels = facts.file
        switch facts.content {
        case .labels(let count, let classes):
            self.classes = classes
            guard conflicts.isEmpty, count != shape[0] else { return }
            let why = "has \(countText(count, "label")) for \(countText(shape[0], "point"))"
            conflicts.append(Self.conflict(Self.givenLabels, options, why))
        case .unusable(let why): conflicts.append(Self.conflict(Self.givenLabels, options, why))
        default: conflicts.append(Self.conflict(Self.givenLabels, options, "holds no labels"))
        }
    }

    private static func conflict(
        _ option: DataOption<String>, _ options: DataOptions, _ why: String
    ) -> PointConflict {
        PointConflict(option.setting.path, .data("\(options[option]): \(why)"))
    }

    private func checkChannels(_ options: DataOptions, _ conflicts: inout [PointConflict]) {
        if preprocessing.channelsAreLast, shape.count != 4 {
            conflicts.append(
                PointConflict(
                    Self.givenLayout.setting.path,
                    .data("nhwc needs points of shape (height, width, channels), not \(shape.dropFirst())")))
            return
        }
        let channels = preprocessing.channelsAreLast ? shape[3] : shape[1]
        for (option, list) in [
            (Self.givenMean, preprocessing.mean), (Self.givenDeviation, preprocessing.deviation),
        ] where list.count > 1 && list.count != channels {
            conflicts.append(
                PointConflict(
                    option.setting.path,
                    .data("\(list.count) numbers for points with \(channels) channels: give one, or one each")
                ))
        }
    }

    package var facts: DataFacts {
        DataFacts(
            input: .vector(shape.dropFirst().reduce(1, *)), outputs: max(1, classes), classes: classes,
            trainCount: 0, testCount: point == nil ? shape[0] : 1)
    }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string("array"), "inputs": .string(inputs.digest), "shape": JSONValue(shape),
            "preprocessing": preprocessing.json,
        ]
        if let labels { members["labels"] = .string(labels.digest) }
        if let point { members["point"] = JSONValue(point) }
        return .object(members)
    }
}

/// A path or a word.
extension String: SettingValue {
    package init?(json: JSONValue) {
        guard let text = json.string else { return nil }
        self = text
    }
    package var json: JSONValue { .string(self) }
}
