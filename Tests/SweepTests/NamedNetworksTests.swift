import Testing
import Text

@testable import Sweep

/// Networks by name, as an axis.
@Suite struct NamedNetworksTests {
    private static let mlp = "[flatten, {dense: 8}, relu, {dense: 10}]"
    private static let cnn =
        "[{conv: 4, kernel: 3}, relu, {conv: 4, kernel: 3}, relu, global_pool, {dense: 10}]"
    private static let two = "axes: {network: {mlp: \(mlp), cnn: \(cnn)}}\n"

    private func axes(_ spec: SweepSpec) -> [String] {
        (0..<spec.grid.count).map { index in
            spec.grid[index].axes.filter { !["dataset", "depth"].contains($0.path) }
                .map { "\($0.path)=\($0.value.string ?? $0.value.canonicalText)" }.joined(separator: " ")
        }
    }

    private func ids(_ spec: SweepSpec) -> [TrialID] { (0..<spec.grid.count).map { spec.grid[$0].id } }

    // MARK: - What the axis means

    @Test func `A network of the axis counts by its name, and is the trial that its list alone makes`() throws
    {
        let sweep = try listedSpec(Self.two)
        #expect(axes(sweep) == ["network=mlp seed=0", "network=cnn seed=0"])
        #expect(sweep.axes[0].valuesText == "mlp, cnn")
        // 784 × 8 + 8 and 8 × 10 + 10; 9 × 4 + 4, 36 × 4 + 4 and 4 × 10 + 10.
        #expect((0..<2).map { sweep.grid[$0].settings.parameterBytes } == [4 * 6370, 4 * 238])
        #expect((0..<2).map { sweep.grid[$0].settings.depth } == [2, 3])
        #expect(sweep.grid[1].settings.tensors.first?.name == "network.0.weight")
        let alone = try [Self.mlp, Self.cnn].flatMap { ids(try listedSpec("network: \($0)")) }
        #expect(ids(sweep) == alone)
        var hasher = TrialHasher()
        #expect((0..<2).map { hasher.id(of: sweep.grid[$0].settings) } == alone)
        // Other names are another sweep, of the same trials.
        let renamed = try listedSpec(Self.two.replacing("mlp", with: "dense-1_0_a"))
        #expect(ids(renamed) == alone && renamed.digest != sweep.digest)
        #expect(CostEstimate(of: sweep.grid[0].settings) != CostEstimate(of: sweep.grid[1].settings))
    }

    @Test func `Sweeps with the axis read back as they are, in its order`() throws {
        for text in [
            Self.two, "axes: {network: {z: \(Self.mlp), a: \(Self.cnn)}}",
            "axes: {network: [{name: mlp, layers: \(Self.mlp)}, {name: cnn, layers: \(Self.cnn)}]}",
        ] {
            let sweep = try listedSpec(text)
            let again = try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "sweep.json")
            #expect(again == sweep && again.digest == sweep.digest)
            #expect(try Grid(parsing: sweep.gridJSON.canonicalBytes) == sweep.grid)
        }
        #expect(
            try listedSpec(Self.two)
                == listedSpec("axes: {network: [{mlp: \(Self.mlp)}, {layers: \(Self.cnn), name: cnn}]}"))
        #expect(
            try axes(listedSpec("axes: {network: {name: \(Self.mlp), layers: \(Self.cnn)}}"))
                == ["network=name seed=0", "network=layers seed=0"])
    }

    @Test func `zip gives each network its own learning rate, and where names it`() throws {
        let rates = Self.two.replacing("}}\n", with: "}, training.learning_rate: [0.1, 0.01]}\n")
        let zipped = try listedSpec(rates + "zip: [[network, training.learning_rate]]")
        #expect(
            axes(zipped) == [
                "network=mlp seed=0 training.learning_rate=0.1",
                "network=cnn seed=0 training.learning_rate=0.01",
            ])
        // One list with two learning rates is two trials.
        let same = "axes: {network: {a: \(Self.mlp), b: \(Self.mlp)}, training.learning_rate: [0.1, 0.01]}\n"
        #expect(try Set(ids(listedSpec(same + "zip: [[network, training.learning_rate]]"))).count == 2)
        let dropped = try listedSpec(rates + "where: [network == cnn or training.learning_rate > 0.05]")
        #expect(dropped.grid.count == 3)
        #expect(try SweepSpec(parsing: dropped.canonicalJSON.canonicalText, file: "sweep.json") == dropped)
        #expect(
            listedMessage(rates + "where: [network == cnm]")
                == "s.yaml:6:20: where: 'cnm' is no value of network (did you mean 'cnn'?)")
    }

    @Test func `--set and quick choose networks by name, and give others`() throws {
        let both = ["network=mlp seed=0", "network=cnn seed=0"]
        for one in ["network=cnn", "network=[cnn]", "network={cnn: \(Self.cnn)}"] {
            #expect(try listedSpec(Self.two, set: [one]) == listedSpec("axes: {network: {cnn: \(Self.cnn)}}"))
        }
        #expect(try axes(listedSpec(Self.two, set: ["network=cnn,mlp"])) == both.reversed())
        // A later one chooses from the file's.
        #expect(try axes(listedSpec(Self.two, set: ["network=mlp", "network=cnn"])) == [both[1]])
        let quick = Self.two + "quick: {network: [mlp]}"
        #expect(try listedSpec(quick).grid.count == 2 && axes(listedSpec(quick, quick: true)) == [both[0]])
        #expect(try axes(listedSpec(Self.two + "quick: {network: mlp}", quick: true)) == [both[0]])
        #expect(try axes(listedSpec(quick, set: ["network=mlp,cnn"], quick: true)) == both)
        let deep = "{deep: [flatten, {dense: 8}, relu, {dense: 8}, relu, {dense: 10}]}"
        let more = try listedSpec(Self.two, set: ["network=mlp,cnn,\(deep)"])
        #expect(axes(more) == both + ["network=deep seed=0"])
        // In place of a list, and of an axis in it.
        let list = "network: [flatten, {dense: [4, 5]}, {dense: 10}]\n"
        #expect(
            try listedSpec(list, set: ["network={mlp: \(Self.mlp), cnn: \(Self.cnn)}"])
                == listedSpec(Self.two))
    }

    @Test func `extend adds networks: those of the run need only their names`() throws {
        let old = try listedSpec(Self.two)
        let new = try listedSpec(Self.two, set: ["network=mlp,cnn,{flat: [flatten, {dense: 10}]}"])
        let difference = try #require(SweepDifference(from: old, to: new))
        #expect(difference.items.map(\.before) == ["mlp, cnn"])
        #expect(difference.items.map(\.after) == ["mlp, cnn, flat"])
        let additions = try #require(difference.additions)
        #expect(additions == [#"network=mlp,cnn,{"layers":["flatten",{"dense":10}],"name":"flat"}"#])
        let stored = old.canonicalJSON.canonicalText
        #expect(
            try SweepSpec(parsing: stored, file: "sweep.json", overrides: additions.map { Override($0) })
                == new)
        // Another list under the same name.
        let edited = try listedSpec(Self.two.replacing("{dense: 8}", with: "{dense: 9}"))
        let edit = try #require(SweepDifference(from: old, to: edited))
        #expect(edit.additions == nil)
        #expect(
            edit.items[0].after
                == #"{"layers":["flatten",{"dense":9},"relu",{"dense":10}],"name":"mlp"}, cnn"#)
    }

    @Test func `Figures have a curve or a panel for each network, and know the layers of the deepest`() throws
    {
        func figure(_ text: String) -> String {
            Self.two + "measures: {local_rank: {thresholds: [0.1]}, trace_at: log}\n"
                + "figures: [{name: f, \(text)}]"
        }
        for right in [
            "x: step, y: local_rank, curves: network",
            "x: layer, y: local_rank, curves: network",
            "x: step, y: {metric: local_rank, layer: each}, panels: network",
            "x: step, y: {metric: local_rank, layer: 3}, curves: network",
        ] { #expect(listedMessage(figure(right)) == "accepted", "\(right)") }
        #expect(
            listedMessage(figure("x: step, y: {metric: local_rank, layer: 4}, curves: network"))
                .contains("figures.y.layer"))
        #expect(listedMessage(figure("x: network, y: accuracy")).contains("figures.x"))
    }

    @Test func `All of a hundred networks are checked, beside a long axis, too`() {
        func networks(_ count: Int, last: Int) -> String {
            (0..<count).map { index in
                "n\(index)x: [flatten, {dense: \(index + 1)}, {dense: \(index == count - 2 ? last : 10)}]"
            }.joined(separator: ", ")
        }
        let long = "training.learning_rate: {log: [1e-4, 1], count: 300}"
        func text(_ count: Int, last: Int = 10) -> String {
            "axes:\n  \(long)\n  network: {\(networks(count, last: last))}"
        }
        #expect(listedMessage(text(100)) == "accepted")
        #expect(
            listedMessage(text(100, last: 11))
                .contains("network.n98x.2 (dense): the last layer gives a vector of 11"))
        #expect(
            listedMessage(text(101)) == "s.yaml:7:12: axes.network: 101 items; at most 100 are allowed")
    }

    // MARK: - Mistakes

    private static let wrong: [(rest: String, message: String)] = [
        (
            "axes:\n  network:\n    mlp: \(mlp)\n"
                + "    cnn: [{conv: 4, kernel: 4}, {pool: 2}, flatten, {dense: 10}]",
            "8:33: network.cnn.1 (pool): reads 25 × 25 × 4: squares of 2 × 2 pixels do not tile it: take a side that "
                + "divides 25 (at network=cnn)"
        ),
        (
            "axes:\n  network:\n    mlp: \(mlp)\n    none: [flatten]",
            "8:5: network.none: the network has no layer with weights: end it with a dense layer (at network=none)"
        ),
        (
            "axes: {network: {mlp: [flatten, {dens: 10}]}}",
            "5:34: network.mlp.1: 'dens' must be one of conv, dense, pointwise, activation, norm, pool, dropout, residual, "
                + "gate, patches or attention (did you mean 'dense'?)"
        ),
        (
            "axes: {network: {mlp: []}}",
            "5:23: network.mlp: an empty list: a network needs layers, as [flatten, {dense: 10}]"
        ),
        ("axes: {network: {dense: 10}}", "5:25: network.dense: expected a list, found '10'"),
        (
            "axes: {network: \(mlp)}",
            "5:18: axes.network: expected networks by name, as {mlp: [flatten, {dense: 10}]}, found 'flatten'"
        ),
        (
            "axes: {network: [\(mlp), \(mlp)]}",
            "5:18: axes.network: expected networks by name, as {mlp: [flatten, {dense: 10}]}, found a list"
        ),
        (
            "axes: {network: {}}",
            "5:17: axes.network: expected networks by name, as {mlp: [flatten, {dense: 10}]}, found none"
        ),
        (
            "axes: {network: mlp}",
            "5:17: axes.network: expected networks by name, as {mlp: [flatten, {dense: 10}]}, found 'mlp'"
        ),
        (
            "axes: {network: [{name: a, layers: \(mlp), width: 3}]}",
            "5:18: axes.network: expected networks by name, as {mlp: [flatten, {dense: 10}]}, found a mapping"
        ),
        (
            "axes: {network: {16: \(mlp)}}",
            "5:18: axes.network: '16' reads as a number: give the network another name"
        ),
        (
            "axes: {network: {a.3: \(mlp)}}",
            "5:18: axes.network: 'a.3' has a dot, as paths of layers do: write '-' or '_'"
        ),
        (
            "axes: {network: {a b: \(mlp)}}",
            "5:18: axes.network: 'a b' is not a name: letters, digits, '.', '_' and '-', at most 100, the first no '.' or '-'"
        ),
        ("axes: {network: {a: \(mlp), a: \(cnn)}}", "5:63: a: given twice, first at 5:18"),
        (
            "axes: {network: [{a: \(mlp)}, {a: \(cnn)}]}",
            "5:66: axes.network: the value a is given twice, first at 5:19"
        ),
        (
            "axes: {network: {a: \(mlp), b: \(mlp)}}",
            "5:8: axes.network: network=a and network=b are the same trial, as network makes no difference there: drop one "
                + "of them with 'where'"
        ),
        (
            "axes: {network: {mlp: [flatten, {dense: [8, 16]}, {dense: 10}]}}",
            "5:41: network.mlp.1.dense: on an axis of networks each list stays as it is: write two networks that differ in "
                + "this value"
        ),
        (
            "axes: {network: {mlp: [flatten, {dense: {log: [8, 16], count: 2}}, {dense: 10}]}}",
            "5:41: network.mlp.1.dense: on an axis of networks each list stays as it is: write two networks that differ in "
                + "this value"
        ),
        (
            "axes: {network: {mlp: [flatten, {dense: }, {dense: 10}]}}",
            "5:41: network.mlp.1.dense: a value is missing: expected a number"
        ),
        (
            "axes: {network: {mlp: \(mlp)}, network.1.dense: [8, 16]}",
            "5:66: axes.network.1.dense: on an axis of networks each list stays as it is: write two networks that differ in "
                + "this value"
        ),
        (
            "network: {mlp: \(mlp), cnn: \(cnn)}",
            "5:10: network: expected one value; several make an axis, under 'axes'"
        ),
        ("network: \(mlp)\naxes: {network: {mlp: \(mlp)}}", "6:8: axes.network: given twice, first at 5:1"),
    ]

    @Test(arguments: wrong.map(\.rest))
    func `A mistake has one error, with its line and its network`(rest: String) throws {
        let wrong = try #require(Self.wrong.first { $0.rest == rest })
        #expect(listedMessage(rest) == "s.yaml:" + wrong.message)
    }

    @Test(arguments: [
        ("network=mpl", "network: 'mpl' must be one of cnn or mlp (did you mean 'mlp'?)"),
        ("network=mlp,mlp", "network: the value mlp is given twice, first by --set network=mlp,mlp"),
        (
            "network=\(mlp)",
            "network: expected networks by name, as {mlp: [flatten, {dense: 10}]}, found the layer 'flatten'"
        ),
        (
            "network=[]",
            "network: expected networks by name, as {mlp: [flatten, {dense: 10}]}, found none"
        ),
        (
            "network.1.dense=16",
            "network.1.dense: on an axis of networks each list stays as it is: write two networks that differ in this value"
        ),
        (
            "network={a: [{dense: 10}]}",
            "network.a.0 (dense): reads 28 × 28 × 1: put 'flatten' before it ('pointwise' is a dense layer of each pixel)"
        ),
    ])
    func `A wrong --set of the axis has one error`(override: String, words: String) {
        #expect(listedMessage(Self.two, set: [override]) == "--set \(override): \(words)")
    }

    @Test func `A name in quick that the axis does not have, and an axis for another model, are errors`() {
        #expect(
            listedMessage(Self.two + "quick: {network: [cn]}")
                == "s.yaml:6:19: quick.network: 'cn' must be one of cnn or mlp (did you mean 'cnn'?)")
        #expect(
            listedMessage("network: \(Self.mlp)", set: ["network=mlp,cnn"])
                == "--set network=mlp,cnn: network: expected networks by name, as {mlp: [flatten, {dense: 10}]}, found 'mlp'"
        )
        let text = "name: s\nmodel: cnn\ndataset: mnist\ntraining: {epochs: 1}\n" + Self.two
        #expect {
            try SweepSpec(parsing: text, file: "s.yaml")
        } throws: {
            ($0 as? SweepError)?.message
                == "s.yaml:5:8: axes.network: not used here: it needs model to be layers, and it is cnn"
        }
    }
}
