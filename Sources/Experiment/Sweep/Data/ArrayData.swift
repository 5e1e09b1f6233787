import Model
import Text

/// Points in files of the user's own: arrays (.npy) or tables (.csv). Networks are trained on them, or networks from
/// ONNX files are measured at them.
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
    /// The training; nil: networks from files are measured at the points.
    public var training: ArrayTraining?

    private static let givenInputs = DataOption(
        "inputs", .path, default: "", text: "required",
        "The file of an array's points, beside the sweep file: .npy, (points, …), or a table, .csv.")
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
        "The only point of an array that is used, counted from 0, by `model: onnx`.")

    package static let kind = DataKind(
        names: ["array"], plural: "arrays",
        options: [
            givenInputs.setting, givenLabels.setting, givenLayout.setting, givenScale.setting,
            givenMean.setting, givenDeviation.setting, givenPoint.setting,
        ] + ArrayTraining.settings + LabelOptions.settings, exclusive: ArrayTraining.exclusive,
        activation: .relu, width: 64, lossText: "cross_entropy for labels and mean_squared_error for targets")

    /// The options from which facts of files follow.
    static let fileOptions = ["inputs", "labels", "layout"] + ArrayTraining.fileOptions

    /// Whether a file is a table, by its name.
    package static func isTable(_ path: String) -> Bool { path.lowercased().hasSuffix(".csv") }

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
        if preprocessing.scale == 0 {
            let words = "0 makes all points equal: give another factor"
            conflicts.append(PointConflict(Self.givenScale.setting.path, .data(words)))
        }
        inputs = facts.file
        // Stands for a file that can't be used.
        shape = [1, 1]
        point = options.given(Self.givenPoint)
        let known = conflicts.count
        let isOfGraph = options.model == "onnx"
        if options.given(Self.givenInputs) == nil {
            conflicts.append(PointConflict("", .data("dataset.inputs is missing"), lacking: "dataset.inputs"))
        } else {
            switch facts.content {
            case .points(let found): shape = found
            case .table(let table) where !isOfGraph: shape = [table.rows, max(1, table.columns.count - 1)]
            case .unusable(let why): conflicts.append(Self.conflict(Self.givenInputs, options, why))
            default: conflicts.append(Self.conflict(Self.givenInputs, options, "holds no points"))
            }
        }
        guard isOfGraph else {
            training = ArrayTraining()
            guard conflicts.count == known else { return }
            if point != nil {
                conflicts.append(
                    PointConflict(
                        Self.givenPoint.setting.path,
                        .data("one point is for 'model: onnx'; 'train_points' and 'test_points' choose more"))
                )
            } else {
                readTraining(options, &conflicts)
            }
            return
        }
        readLabels(options, &conflicts)
        if let point, point >= shape[0] {
            conflicts.append(
                PointConflict(
                    Self.givenPoint.setting.path,
                    .data("point \(point) is not among the file's \(shape[0]), counted from 0")))
        }
        if let given = (ArrayTraining.settings + LabelOptions.settings).first(where: { options.has($0) }) {
            conflicts.append(
                PointConflict(given.path, .data("is for networks that are trained, not for 'model: onnx'")))
        }
        checkChannels(options, &conflicts, preprocessing.channelsAreLast ? shape.last ?? 1 : shape[1])
    }

    private mutating func readLabels(_ options: DataOptions, _ conflicts: inout [PointConflict]) {
        guard let path = options.given(Self.givenLabels) else { return }
        let facts = options.files[path: path]
        labels = facts.file
        switch facts.content {
        case .labels(let count, let classes, _):
            self.classes = classes
            guard conflicts.isEmpty, count != shape[0] else { return }
            let why = "has \(countText(count, "label")) for \(countText(shape[0], "point"))"
            conflicts.append(Self.conflict(Self.givenLabels, options, why))
        case .unusable(let why): conflicts.append(Self.conflict(Self.givenLabels, options, why))
        default: conflicts.append(Self.conflict(Self.givenLabels, options, "holds no labels"))
        }
    }

    /// Reads what networks learn from the points. The first mistake is the only conflict.
    private mutating func readTraining(_ options: DataOptions, _ conflicts: inout [PointConflict]) {
        let known = conflicts.count
        checkChannels(options, &conflicts, preprocessing.channelsAreLast ? shape.last ?? 1 : nil)
        guard conflicts.count == known else { return }
        var reader = ArrayTrainingReader(
            options, inputs: options[Self.givenInputs], shape: shape,
            labels: options.given(Self.givenLabels))
        do throws(ArrayTrainingReader.Mistake) {
            let found = try reader.read()
            (training, labels, classes) = (found.training, found.labels, found.classes)
            if let columns = found.training.table?.columns { shape = [shape[0], columns.count] }
            if options.model == "vib", found.classes == 0 {
                throw ArrayTrainingReader.Mistake(
                    "model", "a vib learns classes of arrays: give labels, or train an mlp")
            }
        } catch {
            conflicts.append(PointConflict(error.path, .data(error.words), lacking: error.lacking))
        }
        if conflicts.count == known { checkChannels(options, &conflicts, size.channels) }
    }

    private static func conflict(
        _ option: DataOption<String>, _ options: DataOptions, _ why: String
    ) -> PointConflict {
        PointConflict(option.setting.path, .data("\(options[option]): \(why)"))
    }

    /// - Parameter channels: number of a point's channels; nil: not yet known.
    private func checkChannels(
        _ options: DataOptions, _ conflicts: inout [PointConflict], _ channels: Int?
    ) {
        if preprocessing.channelsAreLast, shape.count != 4 {
            conflicts.append(
                PointConflict(
                    Self.givenLayout.setting.path,
                    .data(
                        "nhwc needs points of shape (height, width, channels), not \(tupleText(Array(shape.dropFirst())))"
                    )))
            return
        }
        guard let channels else { return }
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

    /// The size of a point to learn from: a vector, or an image whose channels are made the last.
    public var size: ImageSize {
        switch shape.count {
        case 3: ImageSize(height: shape[1], width: shape[2], channels: 1)
        case 4 where preprocessing.channelsAreLast:
            ImageSize(height: shape[1], width: shape[2], channels: shape[3])
        case 4: ImageSize(height: shape[2], width: shape[3], channels: shape[1])
        default: .vector(shape.dropFirst().reduce(1, *))
        }
    }

    /// How a training made its inputs of the file's numbers, in words; nil where it took them as they are.
    var preparation: String? {
        func list(_ numbers: [Double]) -> String { JSONValue(numbers).canonicalText }
        var steps: [String] = []
        if preprocessing.scale != 1 {
            steps.append("multiplied by \(JSONValue.number(preprocessing.scale).canonicalText)")
        }
        if !preprocessing.mean.isEmpty { steps.append("less the mean \(list(preprocessing.mean))") }
        if !preprocessing.deviation.isEmpty { steps.append("divided by \(list(preprocessing.deviation))") }
        if training?.standardises == true { steps.append("standardised over the training points") }
        return steps.isEmpty ? nil : steps.joined(separator: ", ")
    }

    package var facts: DataFacts {
        guard let training else {
            return DataFacts(
                input: .vector(shape.dropFirst().reduce(1, *)), outputs: max(1, classes), classes: classes,
                trainCount: 0, testCount: point == nil ? shape[0] : 1)
        }
        let losses: [Loss] = classes > 0 ? [.crossEntropy, .meanSquaredError] : [.meanSquaredError]
        return DataFacts(
            input: size, outputs: classes > 0 ? classes : training.outputs, classes: classes,
            trainCount: training.trainCount, testCount: training.testCount, losses: losses)
    }

    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string("array"), "inputs": .string(inputs.digest), "shape": JSONValue(shape),
            "preprocessing": preprocessing.json,
        ]
        if let labels { members["labels"] = .string(labels.digest) }
        if let point { members["point"] = JSONValue(point) }
        if let training { members["training"] = training.json }
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
