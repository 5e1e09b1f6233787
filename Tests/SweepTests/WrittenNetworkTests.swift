import Foundation
import Model
import Testing
import Text

@testable import Sweep

/// A sweep of listed networks on MNIST, with the rest of its file.
func listedSpec(
    _ rest: String, set overrides: [String] = [], quick: Bool = false
) throws(SweepError) -> SweepSpec {
    try SweepSpec(
        parsing: "name: s\nmodel: layers\ndataset: mnist\ntraining: {epochs: 1}\n\(rest)\n", file: "s.yaml",
        overrides: overrides.map { Override($0) }, quick: quick)
}

/// The error of such a sweep, or "accepted".
func listedMessage(_ rest: String, set overrides: [String] = []) -> String {
    do throws(SweepError) {
        _ = try listedSpec(rest, set: overrides)
        return "accepted"
    } catch { return error.message }
}

/// Networks that a sweep file lists: what lists mean, which are refused, and axes in them.
@Suite struct WrittenNetworkTests {
    /// The network's normal form at each point.
    private func networks(_ spec: SweepSpec) throws -> [String] {
        try (0..<spec.grid.count).map { index in
            guard case .network(.layers(let network)) = spec.grid[index].settings.model else {
                throw CocoaError(.featureUnsupported)
            }
            return network.json.canonicalText
        }
    }

    // MARK: - Wrong lists

    @Test(arguments: (WrongNetworks.words + WrongNetworks.shapes + WrongNetworks.settings).map(\.list))
    func `A wrong list has one error, with its line, its layer and the shapes`(list: String) throws {
        let all = WrongNetworks.words + WrongNetworks.shapes + WrongNetworks.settings
        let wrong = try #require(all.first { $0.list == list })
        #expect(listedMessage(list) == "s.yaml:" + wrong.message)
    }

    @Test func `More layers or deeper ones than are allowed are refused`() {
        let many = Array(repeating: "relu", count: 1000).joined(separator: ", ")
        #expect(
            listedMessage("network: [\(many), flatten, {dense: 10}]").contains(
                "1002 items; at most 1000 are allowed"))
        let half = Array(repeating: "relu", count: 600).joined(separator: ", ")
        #expect(
            listedMessage("network: [{residual: [\(half)]}, \(half), flatten, {dense: 10}]")
                .hasSuffix("network.400: at most 1000 layers are allowed"))
        func nested(_ depth: Int) -> String {
            String(repeating: "{residual: [", count: depth) + "relu" + String(repeating: "]}", count: depth)
        }
        #expect(listedMessage("network: [\(nested(7)), flatten, {dense: 10}]") == "accepted")
        #expect(
            listedMessage("network: [\(nested(8)), flatten, {dense: 10}]")
                .hasSuffix("residual: lists of layers can be 8 deep in one another"))
    }

    @Test func `Errors of overrides name them`() {
        let list = "network: [{conv: 4, kernel: 5}, {pool: 2}, flatten, {dense: 10}]"
        #expect(
            listedMessage(list, set: ["network.0.kernel=4"])
                == "s.yaml:5:33: network.1 (pool): reads 25 × 25 × 4: squares of 2 × 2 pixels do not tile it: take a side "
                + "that divides 25")
        #expect(
            listedMessage(list, set: ["network.0.kernel=29"])
                == "--set network.0.kernel=29: network.0 (conv): reads 28 × 28 × 1: a window of 29 × 29 pixels does not fit "
                + "with 0 around the image: take a smaller 'kernel' or more 'padding'")
        #expect(
            listedMessage(list, set: ["network.0.dense=4"])
                == "--set network.0.dense=4: network.0.dense: network.0 is 'conv', and has no 'dense'; it has conv, kernel, "
                + "stride, padding and bias")
        #expect(
            listedMessage(list, set: ["network=[{dense: 10}]"])
                == "--set network=[{dense: 10}]: network.0 (dense): reads 28 × 28 × 1: put 'flatten' before it ('pointwise' is "
                + "a dense layer of each pixel)")
    }

    @Test func `Values of the list belong to listed networks`() throws {
        let text = "name: s\nmodel: cnn\ndataset: mnist\ntraining: {epochs: 1}\n"
        func message(_ rest: String) -> String? {
            (#expect(throws: SweepError.self) { try SweepSpec(parsing: text + rest, file: "s.yaml") })?
                .message
        }
        #expect(
            message("network: [flatten, {dense: [10, 20]}]")
                == "s.yaml:5:1: network: not used here: it needs model to be layers, and it is cnn")
        #expect(
            message("axes: {network.3.conv: [10, 20]}")
                == "s.yaml:5:8: axes.network.3.conv: not used here: it needs model to be layers, and it is cnn"
        )
    }

    // MARK: - Right lists

    /// A list with each word, on images of 28 × 28.
    private static let examples = [
        "conv": "[{conv: 2, kernel: 3, stride: 2, padding: 1, bias: false}, flatten, {dense: 10}]",
        "dense": "[flatten, {dense: 4, bias: false}, {dense: 10}]",
        "pointwise": "[{pointwise: 3}, flatten, {dense: 10}]",
        "activation": "[flatten, {activation: silu}, {dense: 10}]",
        "norm": "[{conv: 4, kernel: 3}, {norm: group, groups: 2}, flatten, {dense: 10}]",
        "pool": "[{pool: 2}, {pool: 7, take: mean}, flatten, {dense: 10}]",
        "global_pool": "[{conv: 4, kernel: 3}, global_pool, {dense: 10}]",
        "flatten": "[flatten, flatten, {dense: 10}]",
        "dropout": "[flatten, {dropout: 0.5}, {dense: 10}]",
        "residual":
            "[{residual: [{residual: [relu]}, {conv: 2, kernel: 3, padding: 1, stride: 2}], shortcut: padded}, flatten, "
            + "{dense: 10}]",
        "gate": "[{pointwise: 4}, {gate: [{norm: token}, {pointwise: 2}]}, flatten, {dense: 10}]",
        "patches": "[{patches: 7, channels: 3}, flatten, {dense: 10}]",
        "class_token": "[{patches: 7, channels: 3}, class_token, first_token, {dense: 10}]",
        "positions": "[{patches: 7, channels: 3}, positions, flatten, {dense: 10}]",
        "first_token": "[{patches: 7, channels: 3}, first_token, {dense: 10}]",
        "attention": "[{patches: 7, channels: 6}, {attention: 2}, flatten, {dense: 10}]",
        "transpose": "[{patches: 7, channels: 6}, transpose, {pointwise: 2}, flatten, {dense: 10}]",
    ]

    @Test(arguments: LayerWord.words) func `Each layer word makes its layer`(word: String) throws {
        let list = Self.examples[word] ?? "[flatten, \(word), {dense: 10}]"
        let sweep = try listedSpec("network: \(list)")
        let settings = sweep.grid[0].settings
        #expect(settings.networkDescription.plans.count == 1)
        // The normal form is read as the same network.
        guard case .network(.layers(let network)) = settings.model else {
            Issue.record("\(settings.model)")
            return
        }
        #expect(WrittenNetwork(ofFile: network.json) == network && WrittenNetwork(network.json) == network)
        #expect(NetworkDescription(settings.networkDescription.json) == settings.networkDescription)
        #expect(network.json.canonicalText.contains(word == "activation" ? "silu" : word))
        let again = try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "sweep.json")
        #expect(again == sweep)
    }

    /// LeCun et al. 1998, with connections of all maps to all.
    @Test func `LeNet-5 has the parameters that it is known for`() throws {
        let list = """
            network:
              - {conv: 6, kernel: 5, padding: 2}
              - tanh
              - {pool: 2, take: mean}
              - {conv: 16, kernel: 5}
              - tanh
              - {pool: 2, take: mean}
              - flatten
              - {dense: 120}
              - tanh
              - {dense: 84}
              - tanh
              - {dense: 10}
            """
        let settings = try listedSpec(list).grid[0].settings
        #expect(settings.parameterBytes == 4 * 61_706)
        #expect(settings.depth == 5)
        let tanh = LayerSpec.activation(.tanh)
        let shape = try NetworkShape(
            input: ImageSize(height: 28, width: 28, channels: 1),
            layers: [
                .convolution(channels: 6, kernel: 5, padding: 2, hasBias: true), tanh, .averagePool(2),
                .convolution(channels: 16, kernel: 5, hasBias: true), tanh, .averagePool(2), .dense(120),
                tanh,
                .dense(84), tanh, .dense(10),
            ])
        #expect(settings.tensors.map(\.shape) == shape.plan.tensors.map(\.shape))
        #expect(settings.tensors.first?.name == "network.0.weight")
        #expect(
            settings.networkDescription.measuredNames
                == ["network.0", "network.3", "network.7", "network.9", "network.11"])
        #expect(
            settings.networkDescription.layerUnits == [28 * 28 * 6, 10 * 10 * 16, 120, 84, 10])
    }

    @Test func `What equals a default is left out, and what nothing reads`() throws {
        let long = """
            network: [{conv: 4, kernel: 3, stride: 1, padding: 0, bias: true}, {activation: relu}, {pool: 2, take: max},
              {norm: batch}, flatten, {dense: 10}]
            """
        let short = "network: [{conv: 4, kernel: 3}, relu, {pool: 2}, {norm: batch}, flatten, {dense: 10}]"
        #expect(try listedSpec(long) == listedSpec(short))
        let norms = try listedSpec(
            "network: [{norm: [batch, group], groups: 1}, flatten, {dense: 10}]\naxes: {seed: [1, 2]}")
        #expect(
            try networks(norms) == [
                #"[{"norm":"batch"},"flatten",{"dense":10}]"#, #"[{"norm":"batch"},"flatten",{"dense":10}]"#,
                #"[{"groups":1,"norm":"group"},"flatten",{"dense":10}]"#,
                #"[{"groups":1,"norm":"group"},"flatten",{"dense":10}]"#,
            ])
    }

    @Test func `Points that are vectors can be learnt from, too`() throws {
        let data = "{name: gaussian, correlations: [0.5, 0.9], test_points: 100}"
        func text(_ more: String) -> String {
            "name: s\nmodel: layers\ndataset: \(data)\nnetwork: [{dense: 5}, relu, {dense: 2}]\ntraining: {steps: 1}\n"
                + more
        }
        let settings = try SweepSpec(parsing: text(""), file: "s.yaml").grid[0].settings
        #expect(settings.parameterBytes == 4 * (15 + 12))
        #expect(settings.measures.localRank?.patch == nil && settings.measures.localRank?.points == 100)
        #expect(settings.hasActiveUnits)
        #expect {
            try SweepSpec(parsing: text("measures: {local_rank: {patch: 3}}"), file: "s.yaml")
        } throws: {
            ($0 as? SweepError)?.message.hasSuffix("the points are vectors: only images have a patch")
                ?? false
        }
    }

    @Test func `Units are active where every activation is a ReLU`() throws {
        func isCounted(_ list: String) throws -> Bool {
            try listedSpec("network: \(list)").grid[0].settings.hasActiveUnits
        }
        #expect(try isCounted("[flatten, {dense: 4}, relu, {residual: [{dense: 4}, relu]}, {dense: 10}]"))
        #expect(try !isCounted("[flatten, {dense: 4}, relu, {residual: [{dense: 4}, tanh]}, {dense: 10}]"))
        #expect(try !isCounted("[flatten, {dense: 10}]"))
    }
}
