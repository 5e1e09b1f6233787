import Model
import Sweep
import Testing
import Text

@testable import Records

/// Records of networks from files.
@Suite struct GraphRecordTests {
    /// A network 3-2 with a ReLU, whose names JSON escapes.
    private static func look(_ path: String, _ role: FileRole) -> FileFacts {
        let file = ContentFile(
            ContentFile.Part(path: path, digest: Digest(of: path).hexadecimal(), bytes: 1))
        guard case .network = role else { return FileFacts(file, .points(shape: [2, 3])) }
        let layers = [("fc\"1", 1), ("ä", 2)].map {
            GraphFacts.Layer(name: $0.0, units: 2, value: $0.1, cost: 6, peak: 5, isMeasured: true)
        }
        return FileFacts(
            file,
            .network(
                NetworkFacts(
                    declared: [3],
                    graphs: [
                        GraphFacts(
                            input: [3], layers: layers, features: nil, output: layers[1],
                            matrices: [GraphFacts.Matrix(name: "w", rows: 2, columns: 3)], parameters: 6,
                            values: 9)
                    ])))
    }

    private static let sweep = """
        name: s
        model: onnx
        file: net.onnx
        dataset: {inputs: x.npy}
        measures: {local_rank: {thresholds: [0.1], relative: [0.5], columns: 1}, weight_norms: true}
        """

    private static let ranks = #"{"max":[1,1],"mean":[1,0.5],"stderr":[0,0.5]}"#
    private static let right =
        #"{"layers":["fc\"1","ä"],"metrics":{"frobenius_norm":[2],"local_rank":{"0.1":\#(ranks)},"#
        + #""local_rank_relative":{"0.5":\#(ranks)},"numerical_rank":[2],"spectral_norm":[1.5],"#
        + #""stable_rank":[1.5]},"outcome":"measured","weights":["w"]}"#

    private func spec() throws -> SweepSpec {
        try SweepSpec(parsing: Self.sweep, file: "s.yaml", look: Self.look)
    }

    private func record(_ body: String) throws -> [UInt8] {
        let spec = try spec()
        var records = SweepRecords(spec.grid)
        return try records.record(
            ofTrial: 0, id: spec.grid[0].id, body: Array(body.utf8), sweepDigest: spec.digest
        ).line
    }

    @Test func `A record has the layers' names, and reads back`() throws {
        let line = try record(Self.right)
        let record = try Record(parsing: line)
        #expect(record.layers == ["fc\"1", "ä"] && record.model == "onnx")
        #expect(record.axes["file"] == .string("net.onnx"))
        // The line is the one that a parsed body gives, and is one of the trial's.
        let spec = try spec()
        let body = try JSONValue(parsing: Self.right.utf8)
        #expect(
            String(decoding: line, as: UTF8.self)
                == recordLine(trial: spec.grid[0], sweepDigest: spec.digest, body: body))
        var records = SweepRecords(spec.grid)
        #expect(records.fault(inLine: line, trial: 0) == nil)
    }

    @Test(
        arguments: [
            (#"ä"#, "b", "expected 'ä'"), (#"["w"]"#, "[]", "expected 1 value"),
            (#""weights":["w"]"#, #""weights":["w","w"]"#, "more than 1 value"),
            (#""max":[1,1],"#, "", "'max' is missing"), ("[1,0.5]", "[1,2]", "2 is not within 0 … 1"),
            (#""stable_rank":[1.5]"#, #""stable_rank":[3]"#, "3 is not within"),
            (#""outcome""#, #""trace":[],"outcome""#, "canonical"),
        ]) func `A body that the network can't give is refused`(old: String, new: String, why: String) throws
    {
        #expect(Self.right.contains(old))
        let error = #expect(throws: RecordFault.self) { try record(Self.right.replacing(old, with: new)) }
        #expect(error?.description.contains(why) == true, "\(error?.description ?? "")")
    }

    @Test func `A classification dimension has the range of the features`() throws {
        let sizes = [("conv", 40, 1), ("features", 7, 2), ("fc", 3, 3)]
        let layers = sizes.map {
            GraphFacts.Layer(name: $0.0, units: $0.1, value: $0.2, cost: 6, peak: 5, isMeasured: true)
        }
        let graph = GraphFacts(
            input: [3], layers: layers, features: layers[1], output: layers[2], matrices: [], parameters: 6,
            values: 9)
        let spec = try SweepSpec(
            parsing: """
                name: s
                model: onnx
                file: net.onnx
                dataset: {inputs: x.npy, labels: y.npy}
                measures: {classification_dimension: {points: 20}}
                """, file: "s.yaml"
        ) { path, role in
            let file = ContentFile(
                ContentFile.Part(path: path, digest: Digest(of: path).hexadecimal(), bytes: 1))
            return switch role {
            case .points: FileFacts(file, .points(shape: [20, 3]))
            case .labels: FileFacts(file, .labels(count: 20, classes: 3))
            case .targets, .table: FileFacts(unusable: "is not looked for here")
            case .network: FileFacts(file, .network(NetworkFacts(declared: [3], graphs: [graph])))
            }
        }
        let ranges = TrialRanges(of: spec.grid[0].settings)
        let quantity = FigureSpec.Quantity(metric: .classificationDimension)
        #expect(ranges.range(of: quantity) == 0...7 && ranges.range(of: quantity, layer: 1) == 0...7)
        #expect(ranges.range(of: quantity, layer: 2).upperBound == .infinity)
    }

    @Test func `Tables have a column for the largest rank at any point`() throws {
        let columns = MetricColumns(of: try spec()).end
        #expect(
            columns.filter { $0.metric == .localRank }.map(\.name) == [
                "local_rank_0.1_layer1", "local_rank_0.1_layer2", "local_rank_0.1_layer1_stderr",
                "local_rank_0.1_layer2_stderr", "local_rank_0.1_layer1_max", "local_rank_0.1_layer2_max",
            ])
        let metrics = try JSONValue(parsing: Self.right.utf8)["metrics"] ?? .null
        #expect(
            columns.filter { $0.metric == .localRank }.map { $0.value(in: metrics)?.number } == [
                1, 0.5, 0, 0.5, 1, 1,
            ])
    }
}
