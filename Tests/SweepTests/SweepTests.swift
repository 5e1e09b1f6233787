import Testing
import Text

@testable import Sweep

/// The example of docs/sweep-files.md.
private let example = """
    name: gaussian-vib
    model: vib                        # mlp | vib
    dataset: {name: gaussian, correlations: [0.4, 0.5, 0.9, 0.92, 0.95]}
    axes:
      beta:  {log: [1e-3, 1.0], count: 40}
      depth: [1, 2]
      seed:  {range: [0, 5]}
    training: {optimizer: adam, learning_rate: 1e-2, schedule: cosine, batch_size: 256, steps: 20000}
    measures:
      local_rank: {thresholds: [0.01, 0.1], points: 256}
      trace_at: log
    figures:
      - {name: kl, x: beta, y: [kl_nats, {metric: local_rank, threshold: 0.1}], curves: depth, theory: true}
    """

private func spec(
    _ text: String, set overrides: [String] = [], quick: Bool = false
) throws(SweepError) -> SweepSpec {
    try SweepSpec(parsing: text, file: "s.yaml", overrides: overrides.map { Override($0) }, quick: quick)
}

// MARK: Wrong files

@Test(arguments: WrongFiles.all.indices) func `Every wrong file gets its message`(index: Int) {
    let wrong = WrongFiles.all[index]
    do {
        _ = try spec(wrong.text, set: wrong.overrides, quick: wrong.quick)
        Issue.record("accepted:\n\(wrong.text)")
    } catch {
        #expect(error.message == wrong.message, "\(wrong.text)")
    }
}

@Test func `Wrong bytes are refused with their location`() {
    func message(_ bytes: [UInt8]) -> String? {
        do throws(SweepError) {
            _ = try SweepSpec(parsing: bytes, file: "s.yaml")
            return nil
        } catch { return error.message }
    }
    #expect(message(Array("name: s\nseed: 1".utf8) + [0xFF, 0xFE]) == "s.yaml:2:8: not UTF-8 text")
    #expect(
        message([UInt8](repeating: 32, count: 1 << 20 + 1))
            == "s.yaml: the file has 1048577 bytes; a sweep file has at most 1048576")
    #expect(
        message(Array(("name: " + String(repeating: "[", count: 40)).utf8))
            == "s.yaml:1:38: nested more than 32 deep")
    #expect(message(Array("name: \u{7}".utf8)) == "s.yaml:1:7: not YAML: control characters are not allowed")
    #expect(message([])?.hasPrefix("s.yaml: missing: name is required") == true)
}

@Test func `At most ten faults are reported`() {
    let keys = (0..<30).map { "key\($0): 1" }.joined(separator: "\n")
    #expect {
        _ = try spec(keys)
    } throws: {
        ($0 as? SweepError)?.faults.count == SweepError.faultLimit
    }
}

// MARK: Meaning

@Test func `A sweep file gives its trials`() throws {
    let sweep = try spec(example)
    #expect(sweep.grid.count == 400)
    let trial = sweep.grid[0]
    #expect(trial.axesObject.canonicalText == #"{"beta":0.001,"dataset":"gaussian","depth":1,"seed":0}"#)
    #expect(trial.settings.training.optimizer.method == .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8))
    #expect(trial.settings.training.loss == .gaussianNLL)
    #expect(trial.settings.model == .vib(beta: 0.001, bottleneck: 5, sigmaShift: 0))
    #expect(trial.settings.measures.traceAt == .log(20))
    #expect(sweep.grid[7].axesObject["seed"]?.number == 2)
    #expect(sweep.grid[399].axesObject["beta"]?.number == 1)
    #expect(sweep.figures.first?.y.last?.layer == .last)
}

@Test func `A person's notation for a number is read`() {
    func number(_ text: String, quoted: Bool = false) -> Result<Double, NumberMistake> {
        decimalNumber(YAMLNode.Scalar(text: text, quoted: quoted, textColumn: nil))
    }
    for (text, value) in [
        ("1", 1), ("-1.5", -1.5), (".5", 0.5), ("5.", 5), ("+2", 2), ("1e-3", 1e-3), ("1E3", 1e3), ("0.0", 0),
        ("-0", 0),
    ] { #expect(number(text) == .success(value)) }
    for (text, mistake) in [
        ("1_000", NumberMistake.notANumber), ("1,5", .notANumber), ("e3", .notANumber), ("1e", .notANumber),
        ("--1", .notANumber), ("0x10", .otherBase), ("0o7", .otherBase), ("007", .leadingZero),
        (".nan", .notFinite), ("-.inf", .notFinite), ("1e400", .notFinite), ("1e-400", .vanishes),
        ("٣", .notANumber),
    ] { #expect(number(text) == .failure(mistake)) }
    #expect(number("1", quoted: true) == .failure(.quoted))
}

@Test func `Spaced values are exact at the ends and short between`() {
    let log = AxisValues.logarithmic(first: 1e-3, last: 1, count: 4, whole: false)
    #expect((0..<4).map { log[$0].number } == [0.001, 0.01, 0.1, 1])
    let linear = AxisValues.linear(first: 0, last: 1, count: 11, whole: false)
    #expect(
        (0..<11).map { linear[$0].canonicalText }
            == ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"])
    let across = AxisValues.linear(first: -1, last: 1, count: 21, whole: false)
    #expect(across[10].number == 0)
    let widths = AxisValues.logarithmic(first: 16, last: 1024, count: 7, whole: true)
    #expect((0..<7).map { widths[$0].number } == [16, 32, 64, 128, 256, 512, 1024])
    let range = AxisValues.range(lower: 1, upper: 8, step: 3)
    #expect((0..<range.count).map { range[$0].number } == [1, 4, 7])
    // Known answers: these doubles are in trial identifiers.
    let betas = AxisValues.logarithmic(first: 1e-3, last: 1, count: 40, whole: false)
    #expect(betas[1] == .number(0.00119377664171))
    #expect(betas[20] == .number(0.0345510729459))
    #expect(betas[38] == .number(0.837677640068))
}

@Test func `Logarithm and exponential agree with high precision values`() {
    for (x, value) in [
        (2.0, 0.6931471805599453), (10, 2.302585092994046), (0.001, -6.907755278982137), (1, 0),
    ] {
        #expect(abs(Spacing.logarithm(x) - value) <= 2e-15 * max(1, abs(value)))
    }
    for (x, value) in [
        (1.0, 2.718281828459045), (-6.9, 0.0010077854290485105), (20, 485165195.4097903), (0, 1),
    ] {
        #expect(abs(Spacing.exponential(x) - value) <= 4e-15 * value)
    }
}

@Test func `Every form of the dataset is shown in the record`() throws {
    let sweep = try spec(
        """
        name: s
        model: mlp
        training: {steps: 1}
        axes:
          dataset: [mnist, {name: mnist, train_points: 1000, scale: symmetric}, fashion-mnist]
        """)
    let shown = (0..<3).map { sweep.grid[$0].axesObject["dataset"]?.string }
    #expect(shown == ["mnist", "mnist scale=symmetric train_points=1000", "fashion-mnist"])
}

@Test func `Options of the dataset may be common to all its values`() throws {
    let sweep = try spec(
        """
        name: s
        model: mlp
        dataset: {train_points: 1000}
        training: {steps: 1}
        axes: {dataset: [mnist, fashion-mnist]}
        """)
    let images = try #require(sweep.grid[1].settings.dataset.description as? ImageData)
    #expect(images.name == .fashionMNIST)
    #expect(images.trainPoints == 1000)
}

// MARK: Overrides

@Test func `An override replaces an axis a setting or makes an axis`() throws {
    let text = WrongFiles.images + "axes: {depth: [2, 3, 4], seed: {range: [0, 5]}}\nwidth: 32\n"
    #expect(try spec(text, set: ["depth=2"]).grid.count == 5)
    #expect(try spec(text, set: ["depth=2"]).axes.map(\.path) == ["depth", "seed"])
    #expect(try spec(text, set: ["width=8,16"]).axes.map(\.path) == ["depth", "seed", "width"])
    #expect(try spec(text, set: ["seed={range: [0, 2]}", "depth=[7, 8]"]).grid.count == 4)
    let sgd = try spec(text, set: ["training.optimizer=sgd", "training.momentum=0.9"]).grid[0]
    #expect(sgd.settings.training.optimizer.method == .sgd(momentum: 0.9))
    #expect(try spec(text, set: ["width=8", "width=16"]).grid[0].settings.network.hidden == [16])
}

@Test func `An override drops the setting that it excludes`() throws {
    let steps = try spec(WrongFiles.images, set: ["training.steps=5"])
    #expect(steps.grid[0].settings.training.duration == .steps(5))
    let hidden = try spec(WrongFiles.images + "depth: 3\nwidth: 30\n", set: ["hidden=[100, 50]"])
    #expect(hidden.grid[0].settings.network.hidden == [100, 50])
    let both = try spec(WrongFiles.images + "depth: 3\n", set: ["hidden=[100],[200, 100]"])
    #expect((0..<2).map { both.grid[$0].settings.network.depth } == [2, 3])
    let off = try spec(
        WrongFiles.images + "measures: {local_rank: {points: 3}}\n", set: ["measures.local_rank=false"])
    #expect(off.grid[0].settings.measures.localRank == nil)
    let data = try spec(
        WrongFiles.images, set: ["dataset={name: gaussian, correlations: [0.5]}", "training.steps=5"])
    #expect(data.grid[0].axesObject["dataset"]?.string == "gaussian")
}

@Test func `An average that is off is read back from the normal form`() throws {
    for values in ["training.ema_decay=off", "training.ema_decay=off,0.9"] {
        let sweep = try spec(WrongFiles.images, set: [values])
        let again = try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "sweep.json")
        #expect(again.digest == sweep.digest && again.grid.count == sweep.grid.count)
        #expect(again.grid[0].settings.training.optimizer.emaDecay == nil)
        #expect(again.grid[0].id == sweep.grid[0].id)
    }
}

@Test func `--quick applies its section before the overrides`() throws {
    let text =
        WrongFiles.images + """
            axes: {depth: [2, 3, 4], seed: {range: [0, 5]}}
            quick: {seed: {range: [0, 2]}, depth: [3], training.batch_size: 64, measures.trace_at: [1, 10], hidden: [5]}
            """
    #expect(try spec(text.replacing(", hidden: [5]", with: "")).grid.count == 15)
    let quick = try spec(
        text.replacing(", hidden: [5]", with: ""), set: ["training.batch_size=32"], quick: true)
    #expect(quick.grid.count == 2)
    #expect(quick.grid[0].settings.training.batchSize == 32)
    #expect(quick.grid[0].settings.measures.traceAt == .steps([1, 10]))
    #expect(quick.canonicalJSON["quick"] == nil)
}

// MARK: Identity

@Test func `Trial identifiers are known answers`() throws {
    #expect(try spec(example).grid[0].id.text == "1c1dbc7739226728124188cf95feb37a")
    let images = try spec(WrongFiles.images).grid[0]
    #expect(images.id.text == "2c3998beff677af77aba148196deaadd")
    #expect(try spec(WrongFiles.images + "width: 200\nseed: 0\n").grid[0].id == images.id)
    #expect(try spec(WrongFiles.images + "seed: 1\n").grid[0].id != images.id)
    #expect(TrialID(images.id.text) == images.id)
}

@Test func `A trial keeps its identifier wherever it stands`() throws {
    let alone = try spec(WrongFiles.images + "depth: 3\nseed: 4\n").grid[0]
    let sweep = try spec(WrongFiles.images + "axes: {depth: [2, 3], seed: {range: [0, 5]}}\n")
    #expect(sweep.grid[9].id == alone.id)
    let ids = Set((0..<sweep.grid.count).map { sweep.grid[$0].id })
    #expect(ids.count == 10)
}

@Test func `The normalised sweep reads back equal`() throws {
    let sweep = try spec(example)
    let again = try spec(sweep.canonicalJSON.canonicalText)
    #expect(again == sweep)
    #expect(again.digest == sweep.digest)
    #expect(sweep.digest == "a3f5806b7ed86b1b34c203562b04a9d4")
    // Workers are sent the grid, and no figures.
    #expect(sweep.canonicalJSON["figures"] != nil && sweep.gridJSON["figures"] == nil)
    #expect(try Grid(parsing: sweep.gridJSON.canonicalBytes) == sweep.grid)
}

// MARK: Cost

@Test func `A grid's cost is the sum of its trials' costs`() throws {
    let sweep = try spec(
        WrongFiles.images + """
            axes:
              depth: [1, 2, 3]
              training.learning_rate: [0.1, 0.2]
              width: [10, 20]
              seed: {range: [0, 3]}
            where: [depth > 1 or width == 10, training.learning_rate == 0.1 or depth > 2]
            """)
    let grid = sweep.grid
    let costs = (0..<grid.count).map { CostEstimate(of: grid[$0].settings).seconds() }
    let cost = grid.cost()
    #expect(abs(cost.seconds - costs.reduce(0, +)) < 1e-9 * cost.seconds)
    #expect(cost.leastSeconds == costs.min())
    #expect(cost.maxSeconds == costs.max())
    #expect(!cost.isSampled)
}

@Test func `Training an MLP counts six operations a weight and point`() throws {
    var estimate = CostEstimate(
        of: try spec(WrongFiles.images, set: ["measures.local_rank=false"]).grid[0].settings)
    let steps = Double(60000 / 128)
    #expect(estimate.steps == steps)
    let training = steps * 128 * Double(4 * 784 * 200 + 6 * 200 * 10)
    estimate.products -= training
    #expect(estimate.products == Double(2 * 10000 * (784 * 200 + 200 * 10)))
}

@Test func `Ten million trials are planned without a table`() throws {
    let sweep = try spec(
        WrongFiles.vib + """
            axes:
              beta: {log: [1e-4, 1], count: 1000}
              training.learning_rate: {log: [1e-4, 1e-1], count: 1000}
              seed: {range: [0, 10]}
            """)
    #expect(sweep.grid.count == 10_000_000)
    #expect(sweep.grid[9_999_999].axesObject["beta"]?.number == 1)
    #expect(!sweep.grid.cost().isSampled)
}

@Test func `Steps to measure at may be beyond the end of a shorter trial`() throws {
    let sweep = try spec(
        WrongFiles.vib.replacing("training: {steps: 100}\n", with: "")
            + "beta: 0.1\naxes: {training.steps: [10, 1000]}\nmeasures: {trace_at: [5, 500, 1000]}\n")
    #expect(sweep.grid.count == 2)
}
