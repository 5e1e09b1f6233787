import Console
import Files
import Glibc
import Model
import Sweep
import Text
import Transport

/// Measures that apply to any network, however it was trained.
private let measureNames = MeasureRequest.Measure.allCases.filter {
    $0.declaration?.isOfAnyNetwork ?? true
}.map(\.rawValue)
private let ofWeightsNames = listed(MeasureRequest.Measure.ofWeights.map(\.rawValue), "and")

let measureCommand = Command(
    "measure", "measures a network from its file, .onnx or .safetensors: a line of JSON",
    operands: ["[NET.onnx|FILE.safetensors]"],
    options: [
        OptionSpec(
            "--layers", "A,B,C",
            "the dense layers to measure, from the input on, by their names in the file; other tensors are "
                + "skipped (default: all, in the order of the numbers in their names). For .onnx any layers, also by "
                + "patterns such as '*/conv?'"),
        OptionSpec(flag: "--list-layers", "print a table of an .onnx file's layers, and measure nothing"),
        OptionSpec(
            "--save-outputs", "DIR", "also write each layer's values at the points to DIR/NAME.npy (.onnx)"),
        OptionSpec(
            "--save-jacobians", "DIR",
            "also write the Jacobians that local ranks are counted from to DIR/NAME.npy (.onnx)"),
        OptionSpec(
            "--features", "FILE.npy",
            "instead of a whole network: the outputs of its last hidden layer, (points, features), with the "
                + "layer above it in --head"),
        OptionSpec("--head", "FILE.safetensors", "the one dense layer that reads --features"),
        OptionSpec(
            "--dataset", "NAME",
            "measure at the test images of mnist, fashion-mnist, cifar-10, cifar-100 or generated-images, or at all "
                + "points of symmetric"),
        OptionSpec(
            "--inputs", "FILE.npy", "or at these points: (points, features), with the numbers as they are"),
        OptionSpec("--images", "FILE", "or at the images of an IDX file (28×28, gzip or not)"),
        OptionSpec(
            "--labels", "FILE", "the classes of --inputs, --images or --features: .npy (points,) or IDX"),
        OptionSpec(
            "--activation", "NAME",
            "the hidden layers' activation, as in sweep files; required unless the file says it (files kept by "
                + "sweeps do), all --measures need weights alone, or --features is given"),
        OptionSpec(
            "--measures", "LIST",
            "any of \(measureNames.joined(separator: ", ")), or weight_norms for \(ofWeightsNames) (default: "
                + "all up to numerical_rank that the points and the activation allow)"
        ),
        OptionSpec(
            "--set", "MEASURE.KEY=VALUE",
            "a setting of a measure after numerical_rank, as under measures in a sweep file: "
                + "independence_deficit.penalty=10; may be repeated", isRepeatable: true),
        OptionSpec("--thresholds", "LIST", "ε of local rank, #{σ > ε} (default: 0.01,0.1)"),
        OptionSpec("--relative", "LIST", "ε of relative local rank, #{σ ≥ ε σ₁} (default: 0.01)"),
        OptionSpec(
            "--points", "N",
            "measure at the first N points (default: 256; for measures after numerical_rank as in sweeps, "
                + "mostly 1000; for local ranks of convolutions 4, of .onnx 1)"),
        OptionSpec(
            "--patch", "N",
            "for images: take Jacobians in the middle N × N pixels (default: 16)"),
        OptionSpec(
            "--columns", "LIST|random:N",
            "for .onnx: take Jacobians in these inputs, counted from 0, or in N drawn ones"),
        OptionSpec(
            "--scale", "unit|symmetric|X",
            "scale pixels of images, and bits, to 0…1 (default) or −1…1; for .onnx: multiply --inputs by a number, "
                + "such as 0.00392157 for bytes"),
        OptionSpec(
            "--mean", "LIST", "for .onnx: subtract these from the channels of --inputs, after --scale"),
        OptionSpec("--std", "LIST", "for .onnx: then divide the channels by these"),
        OptionSpec(
            "--layout", "nchw|nhwc",
            "for .onnx: whether --inputs have their channels first (default) or last; they are moved to where the "
                + "network takes them"),
        OptionSpec(
            "--data", "DIR",
            "the folder with mnist/, fashion-mnist/ and cifar-10/ (default: $RANKSWEEP_DATA, else "
                + "~/.cache/ranksweep)"),
    ],
    details: """
        The file holds dense layers, NAME.weight [outputs, inputs] and NAME.bias, as PyTorch's state_dict
        has them. They are ordered by the numbers in their names (0, 2, 10 or fc1, fc2) or by --layers; the
        output names the layers. A missing bias is zero. Any network that a sweep kept can be measured, too:
        its file describes it. An .onnx file holds any network, which PyTorch, JAX and Keras export
        (docs/networks.md). docs/measures.md explains each number.
        """,
    examples: [
        "ranksweep measure mlp.safetensors --measures weight_norms",
        "ranksweep measure mlp.safetensors --dataset mnist --activation relu",
        "ranksweep measure mlp.safetensors --inputs x.npy --labels y.npy --activation tanh "
            + "--measures local_rank,accuracy --thresholds 0.001,0.01,0.1 --points 1000",
        "ranksweep measure mlp.safetensors --dataset mnist --activation relu "
            + "--measures independence_deficit --set independence_deficit.penalty=10",
        "ranksweep measure mlp.safetensors --layers stem,body,top --inputs x.npy --activation relu",
        "ranksweep measure net.onnx --list-layers",
        "ranksweep measure net.onnx --inputs x.npy --patch 8 --layers '*Relu*' --relative 0.001,0.01",
        "ranksweep measure --features h.npy --head head.safetensors --labels y.npy",
        "ranksweep measure runs/r/weights/TRIAL.safetensors --dataset mnist",
    ],
    run: runMeasure)

/// Starts the worker program, which links BLAS, for one measurement. The program's output and exit code
/// become the command's.
private func runMeasure(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let request = try orFail(CommandFailure.init(_:)) { () throws(UsageError) in
        // First of all: later errors may concern another file.
        if let file = arguments.operands.first ?? arguments["--head"] { try checkReadable(file) }
        return try MeasureRequest(arguments)
    }
    try checkMemoryLimits(startsWorkers: true)
    let program = try workerProgram()
    let words = [
        "--measure", request.json.canonicalText, "--data", dataDirectory(arguments["--data"]), "--parent",
        String(getpid()),
    ]
    guard let child = ChildProgram.start(program, words, environment: numericEnvironment(.automatic)) else {
        throw .fault("\(program) cannot be started: \(startMessage(errno))")
    }
    let end = child.wait()
    if case .exited(let code) = end, let known = ExitCode(rawValue: code) { return known }
    throw .fault("the measuring process \(end.description)")
}

extension MeasureRequest.Measure {
    /// Why the measure can't be taken with these points, or of an arbitrary network; nil where it may be
    /// possible.
    fileprivate func problem(
        _ points: MeasureRequest.Points, _ activation: Activation?
    ) -> String? {
        if needsLabels, !points.haveLabels { return "needs --labels" }
        if let declaration {
            return declaration.isOfAnyNetwork
                ? nil
                : "needs the training, not only its weights: only a sweep can measure it "
                    + "(measures.\(rawValue))"
        }
        guard self == .activeUnits, let activation, activation != .relu else { return nil }
        return "applies to relu networks: other units are never inactive"
    }
}

private func checkReadable(_ file: String) throws(UsageError) {
    if let kind = FileKind(at: file) { throw UsageError("\(file): \(kind.words)") }
    guard access(file, R_OK) == 0 else {
        throw UsageError("\(file): cannot be read: \(systemMessage(errno))")
    }
}

extension MeasureRequest {
    /// A request from a command line, checked as far as possible without its files.
    fileprivate init(_ arguments: Arguments) throws(UsageError) {
        let asked = try arguments["--measures"].map(MeasureRequest.measures)
        let isOfWeights = asked?.allSatisfy(Measure.ofWeights.contains) ?? false
        // Where the command line doesn't name the activation, the file may.
        var activation: Activation?
        if let name = arguments["--activation"] { activation = try choice("--activation", name) }
        let ofPoints = [
            "--dataset", "--inputs", "--images", "--labels", "--scale", "--points", "--features", "--head",
        ]
        let listsLayers = arguments.has("--list-layers") && !arguments.has("--inputs")
        let needsPoints = !listsLayers && !isOfWeights || ofPoints.contains { arguments.has($0) }
        let points = needsPoints ? try Points(arguments) : Points.noPoints
        for measure in asked ?? [] {
            if let problem = measure.problem(points, activation) {
                throw UsageError("--measures: \(measure.rawValue) \(problem)")
            }
        }
        guard let file = arguments.operands.first ?? arguments["--head"] else {
            throw UsageError("ranksweep measure: NET.onnx or FILE.safetensors is missing")
        }
        self.init(
            weights: file, points: points, activation: activation, measures: asked,
            thresholds: try numbers("--thresholds", arguments, atMost: .greatestFiniteMagnitude) ?? [
                0.01, 0.1,
            ],
            relative: try numbers("--relative", arguments, atMost: 1) ?? [0.01],
            rankPoints: try arguments.integer("--points", in: 1...1_000_000_000))
        try setGraph(arguments)
        layers = try arguments["--layers"].map { list throws(UsageError) in try MeasureRequest.layers(list) }
        patch = try arguments.integer("--patch", in: 1...1000)
        for argument in arguments.all("--set") {
            do { try set(argument) } catch { throw UsageError("--set \(argument): \(error.words)") }
        }
    }

    /// Reads the options of graphs; for other files there are none.
    private mutating func setGraph(_ arguments: Arguments) throws(UsageError) {
        let ofGraphs = [
            "--list-layers", "--save-outputs", "--save-jacobians", "--columns", "--mean", "--std", "--layout",
        ]
        guard isGraph else {
            if let option = ofGraphs.first(where: { arguments.has($0) }) {
                throw UsageError("\(option) is for .onnx files, and '\(weights)' is none")
            }
            return
        }
        for option in ["--activation", "--dataset", "--images", "--head", "--features"]
        where arguments.has(option) {
            throw UsageError(
                option == "--activation"
                    ? "--activation is not for .onnx files, which hold the activations: leave it out"
                    : "\(option) is not for .onnx files: give --inputs X.npy")
        }
        listsLayers = arguments.has("--list-layers")
        outputsFolder = arguments["--save-outputs"]
        jacobiansFolder = arguments["--save-jacobians"]
        if jacobiansFolder != nil, measures?.contains(.localRank) == false {
            throw UsageError("--save-jacobians needs local_rank among --measures")
        }
        if let layout = arguments["--layout"] {
            guard ["nchw", "nhwc"].contains(layout) else {
                throw UsageError("--layout: '\(layout)' must be nchw or nhwc")
            }
            preprocessing.channelsAreLast = layout == "nhwc"
        }
        if let scale = arguments["--scale"] {
            guard let factor = Double(scale), factor.isFinite, factor != 0 else {
                throw UsageError("--scale: '\(scale)' must be a number: .onnx files take arrays")
            }
            preprocessing.scale = factor
        }
        preprocessing.mean = try channels("--mean", arguments)
        preprocessing.deviation = try channels("--std", arguments)
        guard !preprocessing.deviation.contains(0) else { throw UsageError("--std: 0 can't divide") }
        if let text = arguments["--columns"] { columns = try Columns(text) }
        if columns != nil, arguments.has("--patch") {
            throw UsageError("--columns and --patch cannot be combined")
        }
    }

    private static func layers(_ list: String) throws(UsageError) -> [String] {
        let names = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !names.contains("") else { throw UsageError("--layers: a name is missing in '\(list)'") }
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw UsageError("--layers: '\(name)' is listed twice")
        }
        return names
    }

    /// The measures in a comma-separated list, each at most once.
    private static func measures(_ list: String) throws(UsageError) -> [Measure] {
        let ofWeights = Measure.ofWeights.map(\.rawValue)
        let words = list.split(separator: ",", omittingEmptySubsequences: false).flatMap { word in
            word == "weight_norms" ? ofWeights : [String(word)]
        }
        var measures: [Measure] = []
        for word in words {
            let measure: Measure = try choice("--measures", word, or: ["weight_norms"])
            guard !measures.contains(measure) else {
                let ofAll = ofWeights.contains(word) && list.contains("weight_norms")
                throw UsageError(
                    "--measures: '\(word)' is listed twice" + (ofAll ? ": weight_norms includes it" : ""))
            }
            measures.append(measure)
        }
        return measures
    }
}

extension MeasureRequest.Columns {
    /// "3,17,40" or "random:200".
    fileprivate init(_ text: String) throws(UsageError) {
        if text.hasPrefix("random:"), let count = Int(text.dropFirst(7)), (1...1_000_000).contains(count) {
            self = .drawn(count)
            return
        }
        var columns: [Int] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let column = Int(word), column >= 0, !columns.contains(column) else {
                throw UsageError("--columns: '\(text)' is neither a list of inputs, each once, nor random:N")
            }
            columns.append(column)
        }
        self = .listed(columns)
    }
}

/// A number for each channel, or one for all.
private func channels(_ option: String, _ arguments: Arguments) throws(UsageError) -> [Double] {
    guard let list = arguments[option] else { return [] }
    var numbers: [Double] = []
    for word in list.split(separator: ",", omittingEmptySubsequences: false) {
        guard let number = Double(word), number.isFinite else {
            throw UsageError("\(option): '\(word)' is not a number")
        }
        numbers.append(number)
    }
    return numbers
}

extension MeasureRequest.Points {
    fileprivate init(_ arguments: Arguments) throws(UsageError) {
        let sources = ["--dataset", "--inputs", "--images", "--features"].filter { arguments.has($0) }
        if arguments.has("--head"), !sources.contains("--features") {
            throw UsageError("--head goes with --features, the outputs of the layer below it")
        }
        guard !arguments.operands.isEmpty || arguments.has("--head") else {
            throw UsageError(
                arguments.has("--features")
                    ? "--features needs --head FILE.safetensors, the layer that reads them"
                    : "ranksweep measure: NET.onnx or FILE.safetensors is missing")
        }
        guard let source = sources.first, let value = arguments[source] else {
            let isGraph = arguments.operands.first?.lowercased().hasSuffix(".onnx") == true
            throw UsageError(
                "no points to measure at: give "
                    + (isGraph ? "--inputs X.npy" : "--dataset NAME, --inputs X.npy or --images FILE"))
        }
        guard sources.count == 1 else {
            throw UsageError("\(sources.joined(separator: " and ")) cannot be combined")
        }
        if source == "--features" {
            self = try .features(value, arguments)
            return
        }
        let labels = arguments["--labels"]
        if source == "--dataset", labels != nil {
            throw UsageError("--labels goes with --inputs or --images: data sets have their own")
        }
        if source == "--inputs" {
            guard
                !arguments.has("--scale") || arguments.operands.first?.lowercased().hasSuffix(".onnx") == true
            else {
                throw UsageError("--scale is for images: the numbers of --inputs are used as they are")
            }
            self = .array(value, labels: labels)
            return
        }
        let scale: InputScale =
            try arguments["--scale"].map { text throws(UsageError) in
                try choice("--scale", text)
            } ?? .unit
        if source == "--images" {
            self = .images(value, labels: labels, scale)
        } else if value == "symmetric" {
            self = .symmetric(scale)
        } else {
            self = .dataset(try choice("--dataset", value, or: ["symmetric"]), scale)
        }
    }
}

extension MeasureRequest.Points {
    fileprivate static func features(
        _ file: String, _ arguments: Arguments
    ) throws(UsageError) -> MeasureRequest.Points {
        guard arguments.operands.isEmpty else {
            throw UsageError(
                "--features replaces the network: give --head FILE.safetensors, and no other file")
        }
        guard arguments.has("--head") else {
            throw UsageError("--features needs --head FILE.safetensors, the layer that reads them")
        }
        for option in ["--scale", "--patch"] where arguments.has(option) {
            throw UsageError("\(option) is for images: features are used as they are")
        }
        return .features(file, labels: arguments["--labels"])
    }
}

/// The case with this name.
///
/// - Parameter others: further known names, for the error message.
private func choice<Choice: RawRepresentable & CaseIterable>(
    _ option: String, _ word: String, or others: [String] = []
) throws(UsageError) -> Choice where Choice.RawValue == String {
    if let choice = Choice(rawValue: word) { return choice }
    let names = Choice.allCases.map(\.rawValue) + others
    if let answer = Alias.answer(to: word, isKnown: names.contains) {
        throw UsageError("\(option): \(answer.message(for: word))")
    }
    let near = nearestSpelling(to: word, among: names).map { "; did you mean '\($0)'?" } ?? ""
    throw UsageError("\(option): '\(word)' must be one of \(names.joined(separator: ", "))\(near)")
}

/// Thresholds above 0, each at most once.
private func numbers(
    _ option: String, _ arguments: Arguments, atMost limit: Double
) throws(UsageError) -> [Double]? {
    guard let list = arguments[option] else { return nil }
    var numbers: [Double] = []
    for word in list.split(separator: ",", omittingEmptySubsequences: false) {
        guard let number = Double(word), number > 0, number <= limit else {
            throw UsageError(
                "\(option): '\(word)' is not a threshold, which is a number above 0"
                    + (limit == 1 ? " and at most 1" : ""))
        }
        guard !numbers.contains(number) else { throw UsageError("\(option): \(word) is listed twice") }
        numbers.append(number)
    }
    guard numbers.count <= 100 else { throw UsageError("\(option): more than 100 thresholds") }
    return numbers
}
