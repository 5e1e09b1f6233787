import Testing
import Text

@testable import Sweep

@Suite struct StoredSettingTests {
    private let slope = StoredSetting(
        "a_slope", .number(Bounds(.closed(0), .none)), default: 0.5, "A network's setting that no sweep has.")
    private let smoothing = StoredSetting(
        "training.smoothing", .flag, default: false, "A training's setting that no sweep has.")

    private func settings(_ lines: String, dataset: String = "mnist", model: String = "mlp") throws
        -> TrialSettings
    {
        let text = "name: s\nmodel: \(model)\ndataset: \(dataset)\n\(lines)\ntraining: {steps: 1}\n"
        return try SweepSpec(parsing: text, file: "s.yaml").grid[0].settings
    }

    @Test func `One that has its default leaves identifiers and JSON as they are`() throws {
        let usual = try settings("")
        var same = usual
        same.network[slope] = 0.5
        same.training[smoothing] = false
        same.network[Setting.biases] = true
        #expect(same == usual && TrialID(of: same) == TrialID(of: usual))
        #expect(usual.network[slope] == 0.5 && !usual.training[smoothing])
    }

    @Test func `One that differs is in the JSON of its part, and in the identifier`() throws {
        let usual = try settings("")
        var hasher = TrialHasher()
        var network = usual, training = usual
        network.network[slope] = 0.25
        training.training[smoothing] = true
        #expect(network.json["a_slope"] == .number(0.25))
        #expect(training.json["training"]?["smoothing"] == .bool(true))
        #expect(network.network[slope] == 0.25 && training.training[smoothing])
        // Keys before, among and after those of all trials.
        var several = try settings("biases: false\ninitialisation: orthogonal")
        several.network[slope] = 3
        several.network[StoredSetting("zeal", .flag, default: false, "Sorted last.")] = true
        let all = [usual, network, training, several]
        #expect(Set(all.map { TrialID(of: $0) }).count == all.count)
        for settings in all { #expect(hasher.id(of: settings) == TrialID(of: settings)) }
    }

    @Test func `A default can follow from the data, and from the model that uses it`() throws {
        let teacher = "{name: teacher, inputs: 4, norm: 3}"
        #expect(try !settings("", dataset: teacher).network[Setting.biases])
        #expect(try settings("biases: true", dataset: teacher).network[Setting.biases])
        #expect(try settings("").network[Setting.biases])
        #expect(try settings("", model: "resnet").network[Setting.biases])
    }

    @Test func `Files of kept weights have those that rebuild the network`() throws {
        let description = try settings("biases: false\ninitialisation: uniform").networkDescription
        #expect(description.json["biases"] == .bool(false) && description.json["initialisation"] == nil)
        let read = try #require(NetworkDescription(description.json))
        #expect(!read.network[Setting.biases] && read.network[Setting.initialisation] == .heGlorot)
        var members = try #require(description.json.object)
        members["biases"] = .number(0)
        #expect(NetworkDescription(.object(members)) == nil)
        members["biases"] = nil
        #expect(NetworkDescription(.object(members)) == nil)
    }
}
