import Testing
import Text

@testable import Sweep

/// Axes in the list of a network's layers.
@Suite struct NetworkAxesTests {
    private func spec(
        _ rest: String, set overrides: [String] = [], quick: Bool = false
    ) throws(SweepError) -> SweepSpec {
        try SweepSpec(
            parsing: "name: s\nmodel: layers\ndataset: mnist\ntraining: {epochs: 1}\n" + rest + "\n",
            file: "s.yaml",
            overrides: overrides.map { Override($0) }, quick: quick)
    }

    private func list(_ conv: String, dense: String = "8") -> String {
        "network: [{conv: \(conv), kernel: 3}, relu, {residual: [{conv: \(conv), kernel: 1}]}, flatten, "
            + "{dense: \(dense)}, {dense: 10}]\n"
    }

    /// The values of axes at each point.
    private func points(_ spec: SweepSpec) -> [String] {
        (0..<spec.grid.count).map { index in
            let values = spec.grid[index].axesObject.object ?? [:]
            return values.filter { $0.key.hasPrefix("network") }.sorted { $0.key < $1.key }
                .map { "\($0.key)=\($0.value.string ?? $0.value.canonicalText)" }.joined(separator: " ")
        }
    }

    private func ids(_ spec: SweepSpec) -> [String] {
        (0..<spec.grid.count).map { spec.grid[$0].id.text }
    }

    private let small = "network: [flatten, {dense: 8}, relu, {dense: 10}]\n"
    private let varied = "network: [flatten, {dense: [8, 16]}, relu, {dense: 10}]\n"

    @Test func `A list in place of a value is an axis, in the order of the file`() throws {
        let sweep = try spec(
            "network: [{conv: [2, 3], kernel: 3}, {activation: [relu, tanh]}, flatten, {dense: 10}]\n"
                + "axes: {seed: [0]}")
        #expect(sweep.axes.map(\.path) == ["network.0.conv", "network.1.activation", "seed"])
        #expect(
            points(sweep) == [
                "network.0.conv=2 network.1.activation=relu", "network.0.conv=2 network.1.activation=tanh",
                "network.0.conv=3 network.1.activation=relu", "network.0.conv=3 network.1.activation=tanh",
            ])
        #expect(sweep.grid[3].settings.parameterBytes == 4 * (3 * 10 + 10 * (26 * 26 * 3 + 1)))
        #expect(sweep.grid[3].settings.network.activation == .tanh)
    }

    @Test func `Rules, nested values and options that the list leaves out can be axes`() throws {
        let rules = try spec("network: [flatten, {dense: {log: [4, 64], count: 3}}, relu, {dense: 10}]")
        #expect(points(rules) == [4, 16, 64].map { "network.1.dense=\($0)" })
        let drawn = try spec(
            "network: [flatten, {dropout: {uniform: [0.1, 0.5], count: 4}}, {dense: 10}]\naxes: {seed: [0, 1]}"
        )
        #expect(drawn.grid.count == 8 && Set(points(drawn)).count == 4)
        let nested = try spec(
            "network: [{residual: [{conv: [1, 2], kernel: 3, padding: 1}]}, flatten, {dense: 10}]\n"
                + "axes: {network.0.shortcut: [projection, padded]}")
        #expect(nested.axes.map(\.path) == ["network.0.residual.0.conv", "network.0.shortcut"])
        #expect(nested.grid.count == 4)
        let option = try spec(
            list("4") + "axes: {network.0.stride: [1, 2], network.1.activation: [relu, elu]}")
        #expect(option.grid.count == 4)
    }

    @Test func `A value of the list and the same value of an axis are the same trial`() throws {
        let ids = ids(try spec(varied))
        #expect(
            ids == [self.ids(try spec(small))[0], self.ids(try spec(small, set: ["network.1.dense=16"]))[0]])
        // An axis elsewhere, or one more value, changes no other trial.
        let more = try spec(varied + "axes: {seed: [0, 1]}\n")
        #expect(self.ids(more).contains(ids[0]) && self.ids(more).contains(ids[1]) && more.grid.count == 4)
        #expect(self.ids(try spec(small + "axes: {network.1.dense: [16, 4, 8]}"))[0] == ids[1])
        #expect(self.ids(try spec(small + "axes: {network.1.bias: [true, false]}"))[0] == ids[0])
        var hasher = TrialHasher()
        #expect(hasher.id(of: more.grid[1].settings) == more.grid[1].id)
    }

    /// Identifiers of trials are for good.
    @Test func `A listed network's identifier is known`() throws {
        let text = """
            name: s
            model: layers
            dataset: {name: generated-images, train_points: 200, test_points: 60}
            network:
              - {conv: 4, kernel: 5, padding: 2}
              - tanh
              - {pool: 2}
              - {conv: [2, 4], kernel: 5}
              - {norm: batch}
              - residual: [{conv: 4, kernel: 3, padding: 1}, {norm: batch}, relu, {conv: 4, kernel: 3, padding: 1}]
              - {pool: 2, take: mean}
              - flatten
              - {dense: 20}
              - tanh
              - {dropout: 0.1}
              - {dense: 10}
            training: {steps: 4, batch_size: 20}
            measures: {local_rank: {thresholds: [0.1], points: 1, patch: 2}, trace_at: {linear: 2}}
            """
        #expect(
            ids(try SweepSpec(parsing: text, file: "s.yaml"))
                == ["1a0fee2b2a6e4401b8886d500893be4c", "0d8b40b951ffde8464be72f99374af10"])
    }

    @Test func `Sweeps read back as they are, whatever value the list has under an axis`() throws {
        let one = try spec(small + "axes: {network.1.dense: [8, 16]}"), other = try spec(varied)
        #expect(one == other && one.digest == other.digest)
        #expect(
            try spec("network: [flatten, {dense: }, relu, {dense: 10}]\naxes: {network.1.dense: [8, 16]}")
                == one)
        #expect(try SweepSpec(parsing: one.canonicalJSON.canonicalText, file: "sweep.json") == one)
        #expect(try Grid(parsing: one.gridJSON.canonicalBytes) == one.grid)
    }

    @Test func `--set changes a value, makes an axis, and replaces the list`() throws {
        #expect(points(try spec(varied, set: ["network.1.dense=32"])) == ["network.1.dense=32"])
        #expect(points(try spec(small, set: ["network.1.dense=32"])) == [""])
        #expect(try spec(small, set: ["network.1.dense=32", "network.1.dense=8"]) == spec(small))
        #expect(
            points(try spec(small, set: ["network.1.dense=32,64"])) == [
                "network.1.dense=32", "network.1.dense=64",
            ])
        #expect(
            points(try spec(small, set: ["network.1.dense={log: [8, 32], count: 2}"]))
                == ["network.1.dense=8", "network.1.dense=32"])
        #expect(try spec(small, set: ["network.1.dense=32,64", "network.1.dense=8"]) == spec(small))
        let list = "network=[flatten, {dense: [8, 16]}, relu, {dense: 10}]"
        #expect(try spec(small, set: [list]) == spec(varied))
        #expect(try spec(varied, set: ["network=[flatten, {dense: 8}, relu, {dense: 10}]"]) == spec(small))
        #expect(try spec(varied, set: ["network.1.dense=3", list]) == spec(varied))
    }

    @Test func `zip, where and quick know the paths`() throws {
        let zipped = try spec(
            list("[2, 4]", dense: "[3, 5]") + "zip: [[network.0.conv, network.2.residual.0.conv]]")
        #expect(zipped.grid.count == 4)
        #expect(points(zipped)[3] == "network.0.conv=4 network.2.residual.0.conv=4 network.4.dense=5")
        let dropped = try spec(
            list("[2, 4]")
                + "where: [network.0.conv == network.2.residual.0.conv, not network.0.conv > 2]")
        #expect(points(dropped) == ["network.0.conv=2 network.2.residual.0.conv=2"])
        let text = varied + "quick: {network.1.dense: 4}\n"
        #expect(try spec(text).grid.count == 2)
        #expect(points(try spec(text, quick: true)) == ["network.1.dense=4"])
        let whole = small + "quick: {network: [flatten, {dense: 10}]}\n"
        #expect(try spec(whole, quick: true) == spec("network: [flatten, {dense: 10}]"))
        #expect {
            try spec(small + "quick: {network.2.dense: 4}\n", quick: true)
        } throws: {
            ($0 as? SweepError)?.message
                == "s.yaml:6:9: quick.network.2.dense: network.2 is 'relu', and has no 'dense'; "
                + "it has activation"
        }
    }

    @Test func `Figures are drawn against a value of the list, and know its layers`() throws {
        let figure =
            "{name: f, x: network.1.dense, y: [accuracy, {metric: local_rank, threshold: 0.1, layer: LAYER}]}"
        func text(_ layer: String) -> String {
            varied
                + "measures: {local_rank: {thresholds: [0.1]}}\nfigures: [\(figure.replacing("LAYER", with: layer))]"
        }
        let sweep = try spec(text("2"))
        #expect(sweep.figures[0].x == .axis("network.1.dense"))
        #expect {
            try spec(text("3"))
        } throws: {
            ($0 as? SweepError)?.message.contains("figures.y.layer") ?? false
        }
    }

    @Test func `extend adds values to an axis of the list`() throws {
        let old = try spec(varied), new = try spec(varied, set: ["network.1.dense=4,8,16"])
        let difference = try #require(SweepDifference(from: old, to: new))
        #expect(difference.items.map(\.path) == ["network.1.dense"])
        #expect(difference.additions == ["network.1.dense=4,8,16"])
    }

    @Test func `A wider network costs more`() throws {
        let sweep = try spec(varied)
        let costs = (0..<2).map { CostEstimate(of: sweep.grid[$0].settings).seconds() }
        #expect(costs[0] < costs[1])
        #expect(CostEstimate.depends(on: "network.1.dense"))
    }
}
