import Console
import Files
import Glibc
import Sweep
import Text
import Transport

/// What a network from elsewhere can be measured by.
private let measureNames = MeasureRequest.Measure.allCases.filter {
    $0.declaration?.isOfAnyNetwork ?? true
}.map(\.rawValue)
private let ofWeightsNames = listed(MeasureRequest.Measure.ofWeights.map(\.rawValue), "and")

let measureSpec = CommandSpec(
    "ranksweep measure", "measures a network trained anywhere, from its .safetensors file: one line of JSON",
    operands: ["FILE.safetensors"],
    options: [
        OptionSpec(
            "--dataset", "NAME",
            "measure at the test images of mnist, fashion-mnist, cifar-10 or generated-images, or at all "
                + "points of symmetric"),
        OptionSpec(
            "--inputs", "FILE.npy", "or at these points: (points, features), their numbers as they are"),
        OptionSpec("--images", "FILE", "or at the images of an IDX file (28×28, gzip or not)"),
        OptionSpec("--labels", "FILE", "the classes of --inputs or --images: .npy (points,) or IDX"),
        OptionSpec(
            "--activation", "NAME",
            "of the hidden layers: relu, tanh or linear; required, as points are, unless all --measures are "
                + "of weights alone"),
        OptionSpec(
            "--measures", "LIST",
            "of \(measureNames.joined(separator: ", ")), or weightNorms for \(ofWeightsNames) (default: "
                + "all up to numericalRank that the points and the activation allow)"
        ),
        OptionSpec(
            "--set", "MEASURE.KEY=VALUE",
            "a setting of a measure after numericalRank, as a sweep file has it under measures: "
                + "independenceDeficit.penalty=10; may be repeated", isRepeatable: true),
        OptionSpec("--thresholds", "LIST", "ε of local rank, #{σ > ε} (default: 0.01,0.1)"),
        OptionSpec("--relative", "LIST", "ε of relative local rank, #{σ ≥ ε σ₁} (default: 0.01)"),
        OptionSpec(
            "--points", "N",
            "measure at the first N points (default: 256; for measures after numericalRank as sweeps have it, "
                + "mostly 1000)"),
        OptionSpec(
            "--scale", "unit|symmetric", "pixels of images, and bits, become 0…1 (default), or −1…1"),
        OptionSpec(
            "--data", "DIR",
            "the folder with mnist/, fashion-mnist/ and cifar-10/ (default: $RANKSWEEP_DATA, else "
                + "~/.cache/ranksweep)"),
    ],
    details: """
        The file holds dense layers, NAME.weight [outputs, inputs] and NAME.bias, as PyTorch's state_dict has
        them, in the natural order of their names: 0, 2, 10 or fc1, fc2. A bias that is not there is zero.
        docs/measures.md says what each number is.
        """,
    examples: [
        "ranksweep measure mlp.safetensors --measures weightNorms",
        "ranksweep measure mlp.safetensors --dataset mnist --activation relu",
        "ranksweep measure mlp.safetensors --inputs x.npy --labels y.npy --activation tanh \\\n"
            + "      --measures localRank,accuracy --thresholds 0.001,0.01,0.1 --points 1000",
        "ranksweep measure mlp.safetensors --dataset mnist --activation relu \\\n"
            + "      --measures independenceDeficit --set independenceDeficit.penalty=10",
    ])

/// Starts the worker's program, which links BLAS, for the one measurement; its words and its exit code are
/// the command's.
func runMeasure(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let request = try orFail(CommandFailure.init(_:)) { () throws(UsageError) in
        try MeasureRequest(arguments)
    }
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
    /// Why these points or this network have not got it; nil where they have.
    fileprivate func problem(_ points: MeasureRequest.Points, isPossible: Bool) -> String? {
        if needsLabels, !points.haveLabels { return "needs --labels" }
        if let declaration {
            return declaration.isOfAnyNetwork
                ? nil
                : "is of a training, not of its weights alone: only a sweep can measure it "
                    + "(measures.\(rawValue))"
        }
        return isPossible ? nil : "is of relu networks: no other unit is ever inactive"
    }
}

extension MeasureRequest {
    /// A command line, checked as far as it can be without its files.
    fileprivate init(_ arguments: Arguments) throws(UsageError) {
        let asked = try arguments["--measures"].map { list throws(UsageError) in
            try MeasureRequest.measures(list)
        }
        let isOfWeights = asked?.allSatisfy(Measure.ofWeights.contains) ?? false
        // Norms do not depend on it.
        var activation = TrialSettings.Network.Activation.linear
        if let name = arguments["--activation"] {
            activation = try choice("--activation", name)
        } else if !isOfWeights {
            throw UsageError("--activation is missing: relu, tanh or linear")
        }
        let ofPoints = ["--dataset", "--inputs", "--images", "--labels", "--scale", "--points"]
        let needsPoints = !isOfWeights || ofPoints.contains { arguments.has($0) }
        let points = needsPoints ? try Points(arguments) : Points.noPoints
        let possible = MeasureRequest.measures(for: points, activation)
        for measure in asked ?? [] {
            if let problem = measure.problem(points, isPossible: possible.contains(measure)) {
                throw UsageError("--measures: \(measure.rawValue) \(problem)")
            }
        }
        self.init(
            weights: arguments.operands[0], points: points, activation: activation,
            measures: asked ?? possible,
            thresholds: try numbers("--thresholds", arguments, atMost: .greatestFiniteMagnitude) ?? [
                0.01, 0.1,
            ],
            relative: try numbers("--relative", arguments, atMost: 1) ?? [0.01],
            rankPoints: try arguments.integer("--points", in: 1...1_000_000_000))
        for argument in arguments.all("--set") {
            do { try set(argument) } catch { throw UsageError("--set \(argument): \(error.words)") }
        }
    }

    /// Of a list by names, none twice.
    private static func measures(_ list: String) throws(UsageError) -> [Measure] {
        let ofWeights = Measure.ofWeights.map(\.rawValue)
        let words = list.split(separator: ",", omittingEmptySubsequences: false).flatMap { word in
            word == "weightNorms" ? ofWeights : [String(word)]
        }
        var measures: [Measure] = []
        for word in words {
            let measure: Measure = try choice("--measures", word, or: ["weightNorms"])
            guard !measures.contains(measure) else {
                let ofAll = ofWeights.contains(word) && list.contains("weightNorms")
                throw UsageError(
                    "--measures: '\(word)' stands twice" + (ofAll ? ": weightNorms has it too" : ""))
            }
            measures.append(measure)
        }
        return measures
    }
}

extension MeasureRequest.Points {
    fileprivate init(_ arguments: Arguments) throws(UsageError) {
        let sources = ["--dataset", "--inputs", "--images"].filter { arguments.has($0) }
        guard let source = sources.first, let value = arguments[source] else {
            throw UsageError("no points to measure at: give --dataset NAME, --inputs X.npy or --images FILE")
        }
        guard sources.count == 1 else {
            throw UsageError("\(sources.joined(separator: " and ")) exclude each other")
        }
        let labels = arguments["--labels"]
        if source == "--dataset", labels != nil {
            throw UsageError("--labels goes with --inputs or --images: a data set has its own")
        }
        if source == "--inputs" {
            guard !arguments.has("--scale") else {
                throw UsageError("--scale is of images: the numbers of --inputs are taken as they are")
            }
            self = .array(value, labels: labels)
            return
        }
        let scale: TrialSettings.Images.Scale =
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

/// The case that a word names.
///
/// - Parameter others: words that are known beside the cases.
private func choice<Choice: RawRepresentable & CaseIterable>(
    _ option: String, _ word: String, or others: [String] = []
) throws(UsageError) -> Choice where Choice.RawValue == String {
    if let choice = Choice(rawValue: word) { return choice }
    let names = Choice.allCases.map(\.rawValue) + others
    let near = nearestSpelling(to: word, among: names).map { "; did you mean '\($0)'?" } ?? ""
    throw UsageError("\(option): '\(word)' is none of \(names.joined(separator: ", "))\(near)")
}

/// Thresholds: above 0, none twice.
private func numbers(
    _ option: String, _ arguments: Arguments, atMost limit: Double
) throws(UsageError) -> [Double]? {
    guard let list = arguments[option] else { return nil }
    var numbers: [Double] = []
    for word in list.split(separator: ",", omittingEmptySubsequences: false) {
        guard let number = Double(word), number > 0, number <= limit else {
            throw UsageError(
                "\(option): '\(word)' is no threshold: a number above 0"
                    + (limit == 1 ? ", at most 1, is due" : " is due"))
        }
        guard !numbers.contains(number) else { throw UsageError("\(option): \(word) stands twice") }
        numbers.append(number)
    }
    guard numbers.count <= 100 else { throw UsageError("\(option): more than 100 thresholds") }
    return numbers
}
