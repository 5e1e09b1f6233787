import Model
import Text

extension SweepError {
    /// The kind of value that a location in the file expects.
    public enum Due: Equatable, Sendable {
        case number, flag, text, file, files, list, mapping, times, weights, values, layer
        case oneOf([String])

        var words: String {
            switch self {
            case .number: "a number"
            case .flag: "true or false"
            case .text: "a text"
            case .file: "the path of a file"
            case .files: "what a run's sweep.json says of files"
            case .list: "a list"
            case .mapping: "a mapping"
            case .weights: "none, final, best or a list of steps"
            case .times: "end, log, {linear: n}, {log: n}, {epochs: n} or a list of steps"
            case .values:
                "a list of values, or {log: [a, b], count: n}, {linear: [a, b], count: n}, {range: [a, b]}, "
                    + "{uniform: [a, b], count: n}, {log_uniform: [a, b], count: n}"
            case .layer: "a layer's number, last, each, min or hidden_min"
            case .oneOf(let words): listed(words, "or")
            }
        }
    }

    /// One of several axes that advance together.
    public struct ZippedAxis: Equatable, Sendable {
        let path: String
        let count: Int
    }

    /// The kinds of mistakes.
    public enum Problem: Equatable, Sendable {
        // The text.
        case fileTooLarge(bytes: Int, limit: Int)
        case networksTooLarge(bytes: Int, limit: Int)
        case notUTF8
        case syntax(String, tab: Bool)
        case unsupported(String)
        case severalDocuments
        case tooDeep(limit: Int)
        case keyNotText
        case repeatedKey(first: Location)
        // Keys.
        case unknownKey(due: [String], suggestion: String?)
        case unknownSetting(suggestion: String?)
        case alias(String, Alias.Answer)
        case groupNotSetting([String])
        case notAnAxis(suggestion: String?, isSetting: Bool)
        case neverAnAxis(String)
        case missing([String])
        case belongsUnderAxes
        case givenTwice(first: Location)
        case excludes(String)
        case unused(needs: Setting.Use, found: [String])
        // Values.
        case missingValue(due: Due)
        case wrongType(due: Due, found: String)
        case number(NumberMistake, found: String)
        case notWhole(String)
        case outOfBounds(String, bounds: String)
        case unknownWord(String, due: [String], suggestion: String?)
        case badName(String)
        case badText
        case emptyList
        case tooMany(Int, limit: Int)
        case repeatedValue(String, first: Location?)
        case repeatedAfterRounding(String)
        case notSquare(rows: Int, columns: Int)
        case notSymmetric(row: Int, column: Int)
        case notPositiveDefinite
        case notIncreasing(Int, after: Int)
        // Axes and the grid.
        case notNumericAxis(rule: String)
        case endsNotTwo
        case endsNotAscending(String)
        case endsNotOrdered(String, String)
        case logOfNonPositive(String, rule: String)
        case tooManyDraws(limit: Int)
        case tooFewToDraw(Int, count: Int)
        case countTooSmall
        case rangeEmpty(lower: Int, upper: Int)
        case zipTooShort
        case zipUnequal([ZippedAxis])
        case zippedTwice
        case repeatedPoint(Int, Int)
        case notDrawn
        case tooManySobol(Int, limit: Int)
        case gridTooLarge(String, limit: Int)
        case gridEmpty
        case whereTooWide(axes: [String], points: Int, limit: Int)
        case condition(ConditionMistake)
        // Settings together.
        case conflict(Conflict, point: String)
        case sameTrial(String, String, unused: [String])
        // Figures.
        case figure(FigureMistake)
        case claim(ClaimMistake)
        // Overrides.
        case overrideShape
        case noQuickSection
    }
}

extension SweepError {
    /// Settings that are valid on their own but not together.
    public enum Conflict: Equatable, Sendable {
        /// A data set's own conflict, in its description's words.
        case data(String)
        case noDecayEvery
        case noDuration(gaussian: Bool)
        case milestonesNotAscending(Int, after: Int)
        case warmupTooLong(Int, of: Int)
        case smoothsClasses(loss: String)
        case noEpochsToTrace
        case traceTooLong(Int, limit: Int)
        case noTraceToStop
        case mayStopBefore
        // Networks.
        case needsImages(String)
        case depthOfResnet(Int)
        case groupsDoNotDivide(Int, channels: Int)
        case tooManyChannels(Int)
        case noConvolution
        case needsDenseChain
        case batchTooLarge(Int, points: Int)
        case batchOfOne
        case rankPointsTooMany(Int, of: Int)
        /// A measure reads what another measures. The value is the other's path.
        case noMeasure(String)
        /// All points are requested from a data set that is drawn anew.
        case noAllPoints
        /// A hidden layer that a network doesn't have. Layers are counted from 1.
        case noHiddenLayer(Int, of: Int)
        case lossUnfit(String, due: [String], model: String, dataset: String)
        case stepNotReached(Int, of: Int, setting: String)
        /// Best weights are requested without a trace to find them.
        case noTrace
        case weightsTooLarge(Int, limit: Int)
        /// The weights of the trace's steps, which a measure needs at the end, are too large.
        case historyTooLarge(Int, limit: Int)
        /// The layers' outputs at the measured points are too large.
        case activationsTooLarge(Int, points: Int)

        var words: String {
            switch self {
            case .data(let words): words
            case .noDecayEvery: "with schedule decay, gaussian data need 'training.decay_every', in steps"
            case .noDuration(gaussian: true): "gaussian data have no epochs: training.steps is required"
            case .noDuration(gaussian: false): "missing: training.steps or training.epochs is required"
            case .milestonesNotAscending(let milestone, let last):
                "milestones must increase, and \(milestone) follows \(last)"
            case .warmupTooLong(let warmup, let steps):
                "a warm-up of \(warmup) steps is longer than the training of \(steps) (where quick or --set "
                    + "shortens it, give training.warmup there too)"
            case .smoothsClasses(let loss):
                "smooths the labels of cross_entropy, and the loss is \(loss)"
            case .noEpochsToTrace: "gaussian data have no epochs: give {linear: n}, {log: n} or steps"
            case .traceTooLong(let entries, let limit):
                "a trace of \(entries) entries; at most \(limit) are allowed"
            case .noTraceToStop:
                "a training stops at a step of the trace, and there is none: give measures.trace_at"
            case .mayStopBefore:
                "training.stop_at_loss may end a training before these steps: keep 'final' or 'best'"
            case .needsImages(let model):
                "a \(model) needs images: "
                    + listed(ImageSetDescription.allCases.map(\.rawValue) + ["an array of images"], "or")
            case .depthOfResnet(let depth):
                "no resnet has depth \(depth): it is 6n + 2, so 8, 14, 20, 26, 32, …"
            case .groupsDoNotDivide(let groups, let channels):
                "\(groups) groups do not divide \(channels) units or channels: give 'groups' that do"
            case .tooManyChannels(let channels): "\(channels) channels; 4096 are the most"
            case .needsDenseChain:
                "this measure works for plain networks only: an mlp without normalisation and residual connections, or a vib with such an encoder"
            case .noConvolution: "a cnn needs a convolution before its dense layer: depth is 2 or more"
            case .batchTooLarge(let batch, let points):
                "a batch of \(batch) is larger than the \(points) training points"
            case .batchOfOne:
                "batch normalisation takes moments over the batch: it needs 2 points or more in each "
                    + "(normalisation layer or instance takes one point's)"
            case .rankPointsTooMany(let points, let count):
                "\(points) points, and the data set has \(count) test points"
            case .noMeasure(let path): "it needs \(path)"
            case .noAllPoints:
                "gaussian data are drawn anew for each batch, so there is no 'all': give a number"
            case .noHiddenLayer(let layer, let hidden):
                hidden == 0
                    ? "a network of depth 1 has no hidden layer"
                    : "no hidden layer \(layer): the network has \(hidden)"
            case .lossUnfit(let loss, let due, let model, let dataset):
                "\(loss) does not fit \(model == "mlp" ? "an" : "a") \(model) on \(dataset): "
                    + "take \(listed(due, "or"))"
            case .stepNotReached(let step, let steps, let setting):
                "no trial reaches step \(step): training ends with step \(steps) (where quick or --set shortens "
                    + "it, give \(setting) there too)"
            case .noTrace:
                "'best' chooses among the trace's steps, and there is no trace: give measures.trace_at, or keep 'final'"
            case .weightsTooLarge(let bytes, let limit):
                "a trial's kept weights are \(bytes) bytes; at most \(limit) (256 MiB) can be kept"
            case .historyTooLarge(let bytes, let limit):
                "the weights of all measured steps, which a measure asks for, are \(bytes) bytes; at most "
                    + "\(limit) (256 MiB) can be kept: measure at fewer steps"
            case .activationsTooLarge(let bytes, let points):
                "what this network's layers compute at \(points) points is \(bytes) bytes; at most "
                    + "\(TrialSettings.activationLimit) (4 GiB) can be measured at once: give fewer points"
            }
        }
    }
}

/// Joins words as in "a, b or c".
package func listed(_ words: [String], _ last: String) -> String {
    guard words.count > 1 else { return words.first ?? "nothing" }
    return words.dropLast().joined(separator: ", ") + " \(last) " + words[words.count - 1]
}

extension SweepError.Problem {
    /// The fault in words. All faults are worded here.
    package var words: String {
        textMessage ?? keyMessage ?? valueMessage ?? gridMessage ?? "not understood"
    }

    private static func hint(_ suggestion: String?) -> String {
        suggestion.map { " (did you mean '\($0)'?)" } ?? ""
    }

    private static func words(of location: SweepError.Location) -> String {
        switch location {
        case .file(let line, let column): "at \(line):\(column)"
        case .wholeFile: "in the file"
        case .override(let text): "by --set \(shortened(text, to: 100))"
        case .option(let name): "by \(name)"
        }
    }

    private var textMessage: String? {
        switch self {
        case .fileTooLarge(let bytes, let limit):
            "the file has \(bytes) bytes; a sweep file has at most \(limit)"
        case .networksTooLarge(let bytes, let limit):
            "the sweep with its networks' layers has \(bytes) bytes, and at most \(limit) are kept: choose fewer "
                + "layers or files"
        case .notUTF8: "not UTF-8 text"
        case .syntax(let problem, let tab):
            "not YAML: \(problem)" + (tab ? " (a tab: indent with spaces)" : "")
        case .unsupported(let what): "\(what) is not part of a sweep file: write the value out"
        case .severalDocuments: "a second document: a sweep file has one"
        case .tooDeep(let limit): "nested more than \(limit) deep"
        case .keyNotText: "a key must be a text"
        case .repeatedKey(let first): "given twice, first \(Self.words(of: first))"
        default: nil
        }
    }

    private var keyMessage: String? {
        switch self {
        case .unknownKey(let due, let suggestion):
            "no such key" + (suggestion == nil ? "; there are \(listed(due, "and"))" : Self.hint(suggestion))
        case .unknownSetting(let suggestion): "no such setting" + Self.hint(suggestion)
        case .alias(let word, let answer): answer.message(for: word)
        case .groupNotSetting(let settings): "not a setting but several: \(listed(settings, "and"))"
        case .notAnAxis(let suggestion, let isSetting):
            (isSetting ? "not an axis of this sweep but a setting with one value" : "no such axis")
                + Self.hint(suggestion)
        case .neverAnAxis("weights"):
            "cannot be an axis: it applies to the whole sweep (several steps are one list: [100, 200])"
        case .neverAnAxis("reproducibility"): "cannot be an axis: it applies to the whole sweep"
        case .neverAnAxis: "cannot be an axis: a sweep has one model"
        case .missing(let paths): "missing: \(listed(paths, "or")) is required"
        case .belongsUnderAxes: "expected one value; several make an axis, under 'axes'"
        case .givenTwice(let first): "given twice, first \(Self.words(of: first))"
        case .excludes(let other): "cannot be given together with \(other)"
        case .unused(let needs, let found):
            "not used here: it needs \(needs.path) to be \(listed(needs.words, "or")), and it is "
                + listed(found, "or")
        case .overrideShape: "write --set PATH=VALUE or --set PATH=VALUE,VALUE,…"
        case .noQuickSection: "--quick needs a 'quick' section, and there is none"
        default: nil
        }
    }

    private var valueMessage: String? {
        switch self {
        case .missingValue(let due): "a value is missing: expected \(due.words)"
        case .wrongType(let due, let found): "expected \(due.words), found \(found)"
        case .number(let mistake, let found): Self.words(of: mistake, found)
        case .notWhole(let number): "\(number) is not a whole number"
        case .outOfBounds(let number, let bounds): "\(number) is out of bounds: it must be \(bounds)"
        case .unknownWord(let word, let due, let suggestion):
            "'\(word)' must be one of \(listed(due, "or"))" + Self.hint(suggestion)
        case .badName(let name):
            "'\(name)' is not a name: letters, digits, '.', '_' and '-', at most 100, the first "
                + "no '.' or '-'"
        case .badText: "expected a text of 1 to 1000 characters without control characters"
        case .emptyList: "an empty list"
        case .tooMany(let count, let limit): "\(count) items; at most \(limit) are allowed"
        case .repeatedValue(let value, let first):
            "the value \(value) is given twice" + (first.map { ", first \(Self.words(of: $0))" } ?? "")
        case .repeatedAfterRounding(let value):
            "so many values repeat themselves: \(value) comes twice; take a smaller count"
        case .notSquare(let rows, let columns):
            rows == columns
                ? "a covariance has at least 2 rows"
                : "a row of \(columns) numbers in a matrix of \(rows) rows"
        case .notSymmetric(let row, let column): "not symmetric at row \(row), column \(column)"
        case .notPositiveDefinite: "not positive definite, so not a covariance"
        case .notIncreasing(let step, let last): "steps must increase, and \(step) follows \(last)"
        default: nil
        }
    }

    private static func words(of mistake: NumberMistake, _ found: String) -> String {
        switch mistake {
        case .notANumber: "'\(found)' is not a number"
        case .quoted: "expected a number, found the quoted text '\(found)'"
        case .notFinite: "'\(found)' is not a finite number"
        case .vanishes: "'\(found)' is too near to 0 for a double"
        case .otherBase: "'\(found)' is not a decimal number"
        case .leadingZero: "'\(found)' has a leading zero: write it without (numbers are decimal)"
        }
    }

    private var gridMessage: String? {
        switch self {
        case .notNumericAxis(let rule): "'\(rule)' makes numbers, and this setting has none: list its values"
        case .endsNotTwo: "expected two numbers in a list: [first, last]"
        case .endsNotAscending(let value): "both ends are \(value)"
        case .endsNotOrdered(let first, let last):
            "expected the smaller end first: [a, b] with a below b, found [\(first), \(last)]"
        case .logOfNonPositive(let value, let rule):
            "\(value) has no logarithm: '\(rule)' needs ends above 0"
        case .tooManyDraws(let limit): "at most \(limit) numbers can be drawn"
        case .tooFewToDraw(let found, let count):
            "only \(found) of \(count) numbers differ, and an axis takes none twice unless it advances with "
                + "others: take a smaller count or ends further apart"
        case .countTooSmall: "'count' must be from 2 to 1000000"
        case .rangeEmpty(let lower, let upper):
            "the range [\(lower), \(upper)] is empty: its end is not part of it"
        case .zipTooShort: "two axes at least advance together"
        case .zipUnequal(let axes):
            "axes that advance together need equally many values: "
                + axes.enumerated().map { "\($1.path) \($0 == 0 ? "has " : "")\($1.count)" }
                .joined(separator: ", ")
        case .zippedTwice: "advances with others already"
        case .repeatedPoint(let first, let second):
            "points \(first) and \(second) are the same: take a smaller count, another seed or ends further apart"
        case .notDrawn:
            "is not drawn: a Sobol sequence needs {uniform: [a, b], count: n} or {log_uniform: [a, b], count: n}"
        case .tooManySobol(let count, let limit):
            "\(count) axes; a Sobol sequence has at most \(limit) here"
        case .gridTooLarge(let count, let limit):
            "the grid has \(count) trials; at most \(limit) are allowed"
        case .gridEmpty: "no point is left: 'where' drops all of them"
        case .whereTooWide(let axes, let points, let limit):
            "the axes named together (\(listed(axes, "and"))) have \(points) combinations; "
                + "at most \(limit) can be tested"
        case .condition(let mistake): mistake.words
        case .conflict(let conflict, let point): conflict.words + (point.isEmpty ? "" : " (at \(point))")
        case .sameTrial(let one, let other, let unused):
            "\(one) and \(other) are the same trial, as \(listed(unused, "and")) makes no difference there: "
                + "drop one of them with 'where'"
        case .figure(let mistake): mistake.words
        case .claim(let mistake): mistake.words
        default: nil
        }
    }
}
