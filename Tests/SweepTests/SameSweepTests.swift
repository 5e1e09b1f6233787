import Testing
import Text

@testable import Sweep

private let text = """
    name: base
    model: mlp
    dataset: {name: teacher, inputs: 8, norm: 10}
    axes:
      seed: [0, 1]
    training: {batch_size: 16, steps: 20}

    """

private func spec(
    _ text: String, set overrides: [String] = [], quick: Bool = false
) throws(SweepError) -> SweepSpec {
    try SweepSpec(parsing: text, file: "s.yaml", overrides: overrides.map { Override($0) }, quick: quick)
}

private func message(_ text: String, set overrides: [String] = [], quick: Bool = false) -> String? {
    do throws(SweepError) {
        _ = try spec(text, set: overrides, quick: quick)
        return nil
    } catch { return error.message }
}

@Suite struct SameSweepTests {
    @Test(arguments: [
        ["seed=0,1,2,3", "seed={range: [0, 4]}", "seed=[0, 1, 2, 3]", "seed={linear: [0, 3], count: 4}"],
        ["seed=0,1", "seed={range: [0, 2]}", "seed=[0, 1]"],
        ["seed=3,5,7", "seed={range: [3, 8], step: 2}", "seed={range: [3, 9], step: 2}"],
        [
            "width=10,20,30,40,50,60,70,80", "width={range: [10, 81], step: 10}",
            "width={linear: [10, 80], count: 8}",
        ],
        ["training.learning_rate=0.001,0.01,0.1", "training.learning_rate={log: [1e-3, 0.1], count: 3}"],
        ["width=1,2,4,8,16,32,64,128", "width={log: [1, 128], count: 8}"],
        ["training.weight_decay=0,0.5,1", "training.weight_decay={linear: [0, 1], count: 3}"],
        // One value, of a setting or of the file's axis.
        [
            "training.learning_rate=0.002", "training.learning_rate=2e-3",
            "training.learning_rate=[2e-3]",
            "training.learning_rate=[0.0020]", "training.learning_rate=+20.E-4",
        ],
        ["training.batch_size=8", "training.batch_size=[8.0]", "training.batch_size={range: [8, 9]}"],
        ["seed=5", "seed=[5]", "seed={range: [5, 6]}", "seed=5e0"],
        ["activation=tanh", "activation=[tanh]"],
        ["measures.local_rank=true", "measures.local_rank=[true]"],
        ["measures.trace_at=log", "measures.trace_at=[log]"],
        ["measures.trace_at=[1, 2]", "measures.trace_at=[[1, 2]]", "measures.trace_at=[1e0, 2.0]"],
        ["measures.trace_at=log,end", "measures.trace_at=[log, end]"],
        ["hidden=[8]", "hidden=[[8]]"],
        ["hidden=[8],[16]", "hidden=[[8], [16]]"],
        ["dataset=generated-images", "dataset=[generated-images]", "dataset={name: generated-images}"],
        ["dataset={name: teacher, inputs: 9, norm: 1}", "dataset=[{name: teacher, inputs: 9, norm: 1}]"],
        [
            "dataset={name: gaussian, covariance: [[1, 0.5], [0.5, 1]], inputs: 1}",
            "dataset=[{name: gaussian, covariance: [[1, 5e-1], [0.5, 1.0]], inputs: 1}]",
        ],
        ["weights=final", "weights=[final]"],
        ["weights=[10, 20]", "weights=[[10, 20]]"],
        ["model=mlp", "model=[mlp]"],
    ])
    func `The same values have one digest, the same trials and the same normal form`(same: [String]) throws {
        let sweeps = try same.map { try spec(text, set: [$0]) }
        for (sweep, argument) in zip(sweeps, same) {
            #expect(sweep.digest == sweeps[0].digest, "\(argument)")
            #expect(sweep.canonicalJSON == sweeps[0].canonicalJSON, "\(argument)")
            #expect(
                (0..<sweep.grid.count).map { sweep.grid[$0].id }
                    == (0..<sweeps[0].grid.count).map { sweeps[0].grid[$0].id })
            #expect(try spec(sweep.canonicalJSON.canonicalText) == sweep)
        }
    }

    @Test
    func `An axis made by quick or --set is a setting again where a later --set gives one value`() throws {
        let rate = "training.learning_rate="
        let due = try spec(text, set: [rate + "0.01"])
        #expect(try spec(text, set: [rate + "0.1,0.2", rate + "0.01"]) == due)
        #expect(try spec(text, set: [rate + "{log: [0.1, 0.2], count: 2}", rate + "[1e-2]"]) == due)
        for values in ["[0.1, 0.2]", "{log: [0.1, 0.2], count: 2}"] {
            let file = text + "quick: {training.learning_rate: \(values)}\n"
            #expect(try spec(file, quick: true).axes.count == 2)
            #expect(try spec(file, set: [rate + "0.01"], quick: true) == due)
        }
        for value in ["8", "[8]", "{range: [8, 9]}"] {
            let file = text + "quick: {training.batch_size: \(value)}\n"
            #expect(try spec(file, quick: true) == spec(text, set: ["training.batch_size=8"]))
        }
        let covariance = "[[1, 0.5], [0.5, 1]]"
        let gaussian = text.replacing(
            "{name: teacher, inputs: 8, norm: 10}",
            with: "{name: gaussian, covariance: [[1, 0.2], [0.2, 1]], inputs: 1}")
        #expect(
            try spec(gaussian + "quick: {dataset.covariance: \(covariance)}\n", quick: true)
                == spec(gaussian, set: ["dataset.covariance=\(covariance)"]))
        // An axis of the file stays one, and records name it.
        #expect(try spec(text, set: ["seed=0,1,2", "seed=[1]"]).axes.map(\.path) == ["seed"])
        #expect(try spec(text, set: ["seed=1"]).axes.map(\.path) == ["seed"])
    }

    @Test func `Other values, and another order, are another sweep`() throws {
        var digests: Set<String> = []
        let arguments = [
            "seed=0,1", "seed=1,0", "seed=0,1,2", "seed={range: [0, 3], step: 2}", "seed=0,2,1",
            "width=64,128",
            "training.learning_rate=0.001,0.01", "training.learning_rate=0.001,0.01,0.1",
        ]
        for argument in arguments { digests.insert(try spec(text, set: [argument]).digest) }
        #expect(digests.count == arguments.count)
    }

    @Test func `Axes that advance together are the same in any order`() throws {
        func zipped(_ zip: String) throws -> SweepSpec {
            try spec(
                text + "zip: \(zip)\n",
                set: ["width=8,16", "dataset.inputs=4,8", "training.steps=1,2", "training.batch_size=8,16"])
        }
        let one = try zipped("[[width, dataset.inputs], [training.steps, training.batch_size]]")
        let other = try zipped("[[training.batch_size, training.steps], [dataset.inputs, width]]")
        #expect(one.digest == other.digest && one.grid.count == 8)
    }

    @Test func `Spaced values of a long axis are their rule's, as recipes have them`() throws {
        let sweep = try spec(
            text, set: ["training.learning_rate={log: [1e-7, 1], count: 8}", "seed={range: [0, 10]}"])
        #expect(
            sweep.canonicalJSON["axes"]?.canonicalText
                == #"[{"seed":{"range":[0,10]}},{"training.learning_rate":{"count":8,"log":[1e-07,1]}}]"#)
        let typed = (0..<8).map { sweep.axes[1].values[$0].canonicalText }.joined(separator: ",")
        #expect(
            try spec(text, set: ["training.learning_rate=\(typed)", "seed={range: [0, 10]}"]).digest
                == sweep.digest)
    }
}

@Suite struct ConditionConstantTests {
    private let rates = """
        name: rounded
        model: mlp
        dataset: {name: teacher, inputs: 8, norm: 10}
        axes:
          training.learning_rate: {log: [1e-4, 1e-2], count: 5}
          width: [64, 128, 256]
        quick: {width: [64, 128]}
        training: {batch_size: 16, steps: 3}

        """

    @Test(arguments: [
        (
            "training.learning_rate != 0.000316228", "8:34", "0.000316228", "training.learning_rate",
            "0.000316227766017"
        ),
        ("training.learning_rate == 1e-5", "8:34", "1e-5", "training.learning_rate", "0.0001"),
        ("100 == width", "8:8", "100", "width", "128"),
        ("not (width != 1000) or width > 3", "8:22", "1000", "width", "256"),
    ])
    func `A comparison with no value of the axis is an error that names the nearest`(
        condition: String, index: String, number: String, axis: String, nearest: String
    ) throws {
        let line = rates.replacing("training: {batch", with: "where: \(condition)\ntraining: {batch")
        #expect(
            message(line)
                == "s.yaml:\(index): where: \(number) equals no value of \(axis); the nearest is \(nearest)")
    }

    @Test func `The values that plan shows of an axis can be copied into a condition`() throws {
        let axis = try spec(rates).axes[0]
        #expect(axis.valuesText == "0.0001, 0.000316227766017, 0.001, 0.00316227766017, 0.01")
        for value in axis.valuesText.split(separator: ", ") {
            #expect(try spec(rates + "where: training.learning_rate != \(value)\n").grid.count == 12)
        }
        // Order needs no value.
        #expect(try spec(rates + "where: training.learning_rate < 0.0005\n").grid.count == 6)
    }

    @Test func `The nearest of a range of millions is found at once`() {
        let range = AxisValues.range(lower: 5, upper: 5 + 3 * 30_000_000, step: 3)
        #expect(range.nearest(to: 8) == 8 && range.nearest(to: 9) == 8 && range.nearest(to: -4) == 5)
        #expect(range.nearest(to: 1e300) == 5 + 3 * 29_999_999)
    }

    @Test
    func `A setting that quick or --set removes may be named, and is gone from the kept sweep`() throws {
        for (condition, all, quick, kept) in [
            ("width != 256", 10, 10, nil),
            ("width == 256 or width == 64", 10, 5, "width == 64"),
            ("not (width == 256 and training.learning_rate > 0.005)", 14, 10, nil),
            ("width != 64 and width != 256", 5, 5, "width != 64"),
        ] as [(String, Int, Int, String?)] {
            let file = rates + "where: \(condition)\n"
            #expect(try spec(file).grid.count == all)
            let small = try spec(file, quick: true)
            #expect(small.grid.count == quick, "\(condition)")
            #expect(small.conditions.map(\.text) == [kept].compactMap { $0 })
            #expect(try spec(small.canonicalJSON.canonicalText) == small)
            #expect(try spec(file, set: ["width=64,128"]) == small)
        }
        #expect(message(rates + "where: width == 256\n", quick: true)?.contains("no point is left") == true)
    }
}

@Suite struct SweepDifferenceTests {
    private func difference(_ before: [String], _ after: [String]) throws -> SweepDifference? {
        SweepDifference(from: try spec(text, set: before), to: try spec(text, set: after))
    }

    @Test func `Nothing, where the values are the same`() throws {
        #expect(try difference(["seed=0,1,2"], ["seed={range: [0, 3]}"]) == nil)
    }

    @Test func `More values of an axis can be added`() throws {
        let found = try #require(try difference(["seed=0,1"], ["seed=0,1,2"]))
        #expect(found.items == [.init(path: "seed", before: "0, 1", after: "0, 1, 2")])
        #expect(found.additions == ["seed=0,1,2"] && found.isOfTrials)
        let width = try #require(try difference(["width=4,8"], ["width=4,8,20", "seed=0,1,5"]))
        #expect(width.items.map(\.path) == ["seed", "width"])
        #expect(width.additions == ["seed=0,1,5", "width=4,8,20"])
        // The suggested text gives those values.
        let added = try spec(text, set: ["width=4,8"] + (width.additions ?? []))
        #expect(try added == spec(text, set: ["width=4,8,20", "seed=0,1,5"]))
    }

    @Test func `Only the differing ones of many values are shown`() throws {
        let found = try #require(try difference(["seed={range: [0, 100]}"], ["seed={range: [0, 103]}"]))
        #expect(found.items[0].before == "100 values: 0, 1, … 99")
        #expect(found.additions == ["seed={range: [0, 103]}"])
        #expect(found.items[0].after == "103 values, 3 of them only there: 100, 101, 102")
    }

    @Test func `Other settings, and values taken away, can't be added`() throws {
        let steps = try #require(try difference([], ["training.steps=30", "seed=0,1,2"]))
        #expect(steps.items.contains(.init(path: "training.steps", before: "20", after: "30")))
        #expect(steps.additions == nil)
        #expect(try difference(["seed=0,1,2"], ["seed=0,1"])?.additions == nil)
        let added = try #require(try difference([], ["training.momentum=0.5", "training.optimizer=sgd"]))
        #expect(added.items.contains(.init(path: "training.momentum", before: "not given", after: "0.5")))
        let traced = text + "measures: {trace_at: log}\n"
        let drawn = traced + "figures: [{name: f, x: step, y: train_loss}]\n"
        let figures = try #require(SweepDifference(from: try spec(traced), to: try spec(drawn)))
        #expect(figures.items == [.init(path: "figures", before: "none", after: "f")] && !figures.isOfTrials)
        let changed = try #require(
            SweepDifference(
                from: try spec(drawn), to: try spec(drawn.replacing("train_loss", with: "test_loss"))))
        #expect(changed.items == [.init(path: "figures", before: "f", after: "f, drawn otherwise")])
        #expect(!changed.isOfTrials)
        let strict = try #require(
            SweepDifference(from: try spec(text), to: try spec(text + "reproducibility: strict\n")))
        #expect(strict.items.map(\.path) == ["reproducibility"] && strict.additions == nil)
        let condition = try #require(
            SweepDifference(from: try spec(text), to: try spec(text + "where: seed > 0\n")))
        #expect(condition.items == [.init(path: "where", before: "none", after: "seed > 0")])
    }
}

@Suite struct PlanFactsTests {
    @Test func `A trial's cost is shown part by part, and the default local rank can be most of it`() throws {
        let sweep = try spec(
            text, set: ["width=256", "depth=4", "measures.effective_rank=true", "dataset.test_points=300"])
        let cost = sweep.grid.cost()
        try #require(cost.parts.map(\.name) == ["training", "evaluation", "local_rank", "effective_rank"])
        let sum = cost.parts.reduce(0) { $0 + $1.seconds }
        #expect(abs(sum - cost.seconds) < 1e-9 * cost.seconds)
        #expect(!sweep.asksForLocalRank)
        // The part is what turning it off saves.
        let without = try spec(
            text,
            set: [
                "width=256", "depth=4", "measures.effective_rank=true", "dataset.test_points=300",
                "measures.local_rank=false",
            ])
        #expect(without.asksForLocalRank)
        let saved = cost.seconds - without.grid.cost().seconds
        #expect(abs(cost.parts[2].seconds - saved) < 1e-9 * cost.seconds)
    }

    @Test func `Trials that cost the same are estimated once, with their last measurements apart`() throws {
        let sweep = try spec(text, set: ["width=4,64", "measures.trace_at={linear: 4}"])
        var costs = TrialCosts(sweep.grid)
        for trial in 0..<sweep.grid.count {
            let cost = costs.cost(of: trial)
            let seconds = CostEstimate(of: sweep.grid[trial].settings).seconds()
            #expect(abs(cost.seconds - seconds) < 1e-12)
            #expect(cost.endSeconds > 0 && cost.endSeconds < cost.seconds / 2)
        }
    }

    @Test func `An epoch is as many whole batches as the training points have`() throws {
        let images =
            "name: s\nmodel: mlp\ndataset: {name: mnist, train_points: 1000}\ntraining: {epochs: 3, batch_size: 600}\n"
        let sweep = try spec(images)
        #expect(sweep.grid.cost().epochs == [.init(points: 1000, batch: 600)])
        #expect(sweep.grid[0].settings.trainingSteps == 3)
        let epoch = GridCost.Epoch(points: 1000, batch: 600)
        #expect(epoch.steps == 1 && epoch.left == 400)
        let several = try spec(images, set: ["training.batch_size=100,300"]).grid.cost()
        #expect(several.epochs == [.init(points: 1000, batch: 100), .init(points: 1000, batch: 300)])
        #expect(several.epochs.map(\.left) == [0, 100])
        #expect(try spec(text).grid.cost().epochs.isEmpty)
    }

    @Test func `Batch normalisation needs a batch`() throws {
        let words =
            "batch normalisation takes moments over the batch: it needs 2 points or more in each "
            + "(normalisation layer or instance takes one point's)"
        let file = text.replacing("batch_size: 16", with: "batch_size: 1")
        #expect(message(file + "normalisation: batch\n") == "s.yaml:6:24: training.batch_size: \(words)")
        #expect(
            message(text, set: ["normalisation=none,batch", "training.batch_size=1,2"])?.contains(words)
                == true)
        #expect(message(file + "normalisation: layer\n") == nil)
        #expect(
            message(text.replacing("batch_size: 16", with: "batch_size: 2") + "normalisation: batch\n") == nil
        )
        // An untrained network takes no moments of batches.
        #expect(message(file.replacing("steps: 20", with: "steps: 0") + "normalisation: batch\n") == nil)
        let resnet = "name: r\nmodel: resnet\ndataset: cifar-10\ntraining: {batch_size: 1, steps: 5}\n"
        #expect(message(resnet)?.contains(words) == true)
    }
}
