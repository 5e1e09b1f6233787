import Model
import Testing
import Text

@testable import Sweep

/// Files that don't fit, and facts of files that aren't true.
@Suite struct SweepFileChecksTests {
    private func read(
        _ text: String, _ files: SweepFileFacts = SweepFileFacts(), overrides: [String] = []
    ) throws -> SweepSpec {
        try SweepSpec(
            parsing: text, file: "s.yaml", overrides: overrides.map { Override($0) }, look: files.look)
    }

    private func message(
        _ text: String, _ files: SweepFileFacts = SweepFileFacts(), overrides: [String] = []
    ) -> String {
        do {
            _ = try read(text, files, overrides: overrides)
            return "none"
        } catch { return (error as? SweepError)?.message ?? "" }
    }

    private func sweep(axes: String, more: String = "") -> String {
        """
        name: s
        model: onnx
        dataset: {labels: labels.npy}
        axes: {\(axes)}
        \(more)
        """
    }

    private func list(_ count: Int, _ name: (Int) -> String) -> String {
        "[" + (0..<count).map(name).joined(separator: ", ") + "]"
    }

    // MARK: Files that don't fit

    @Test func `Every file is checked, however many there are`() {
        let missing = sweep(axes: "file: \(list(70) { $0 == 11 ? "none.onnx" : "net\($0).onnx" })")
            .replacing("dataset: {", with: "dataset: {inputs: images.npy, ")
        #expect(message(missing) == "s.yaml:4:8: axes.file: none.onnx: cannot be read: it isn't there")
        let files = SweepFileFacts()
        files.shapes["v.npy"] = [4, 5]
        let unfit = sweep(
            axes:
                "file: [net.onnx, net2.onnx], dataset.inputs: \(list(70) { $0 == 11 ? "v.npy" : "i\($0).npy" })"
        )
        #expect(
            message(unfit, files)
                == "s.yaml:4:8: axes.file: net.onnx: takes inputs of another shape (at file=net.onnx, "
                + "dataset.inputs=v.npy)")
        files.contents["net12.onnx"] = "net11.onnx"
        let equal = sweep(axes: "file: \(list(70) { "net\($0).onnx" })")
            .replacing("dataset: {", with: "dataset: {inputs: images.npy, ")
        #expect(message(equal, files).contains("file=net12.onnx and file=net11.onnx are the same trial"))
    }

    @Test func `Every network is checked at all points with all layers`() {
        let files = SweepFileFacts()
        files.shapes["small.npy"] = [4, 3, 16, 16]
        files.change = { path, graph in
            if path == "b.onnx", graph.input[1] == 16 { graph.layers.removeAll { $0.name == "relu" } }
        }
        let text = sweep(
            axes: "file: [a.onnx, b.onnx, c.onnx], dataset.inputs: [i.npy, j.npy, small.npy, k.npy], "
                + "layers: [[conv], [relu], [fc]]")
        #expect(
            message(text, files)
                == "s.yaml:4:90: axes.layers: b.onnx has no layer 'relu'; it has conv, flat, product, fc (at "
                + "file=b.onnx, dataset.inputs=small.npy, layers=[\"relu\"])")
    }

    @Test func `Files of points that 'where' drops aren't used`() throws {
        let files = SweepFileFacts()
        files.shapes["small.npy"] = [4, 3, 16, 16]
        let dropped = [
            "file != 'none.onnx'", "dataset.inputs != 'none.npy'", "dataset.inputs != 'small.npy'",
        ]
        let spec = try read(
            sweep(
                axes:
                    "file: [net.onnx, none.onnx, c.onnx], dataset.inputs: [images.npy, none.npy, small.npy]",
                more: "where: \(JSONValue.array(dropped.map(JSONValue.string)).canonicalText)"), files)
        guard case .network(let network) = spec.files[path: "net.onnx"].content else {
            Issue.record("no network")
            return
        }
        #expect(network.graphs.map(\.input) == [[3, 32, 32]])
        #expect(spec.files.named.map(\.path) == ["c.onnx", "images.npy", "labels.npy", "net.onnx"])
        #expect(try SweepSpec(parsing: spec.canonicalJSON.canonicalText, file: "sweep.json") == spec)
        #expect(try Grid(parsing: spec.gridJSON.canonicalBytes) == spec.grid)
    }

    /// As in a grid that is too large to be checked.
    @Test func `Trials whose files don't fit have identifiers of their own`() throws {
        let spec = try read(
            sweep(axes: "file: [net.onnx, net2.onnx], layers: [[conv], [fc]]")
                .replacing("dataset: {", with: "dataset: {inputs: images.npy, "))
        var top: [String: JSONValue] = try #require(spec.gridJSON.object)
        top["files"] = .object(
            (top["files"]?.object ?? [:]).mapValues { (file: JSONValue) -> JSONValue in
                guard var members = file.object, members["graphs"] != nil else { return file }
                members["graphs"] = .array([])
                return .object(members)
            })
        let grid = try Grid(parsing: JSONValue.object(top).canonicalBytes)
        #expect(Set((0..<4).map { grid[$0].id }).count == 4)
        #expect(grid[3].settings.graph?.file == spec.grid[3].settings.graph?.file)
        let request = try #require(grid[1].settings.measureRequest(\.name))
        #expect(request.weights == "net.onnx" && request.layers == ["fc"])
    }

    // MARK: Layers

    @Test func `Names and patterns of the same layers are the same trial`() {
        let text = SweepFilesTests.sweep + "\naxes: {layers: [[conv], ['c*']]}"
        #expect(message(text).contains("are the same trial, as layers makes no difference"))
    }

    @Test func `Of two layers with one name, the worker chooses what the sweep chose`() throws {
        let files = SweepFileFacts()
        files.change = { _, graph in graph.layers[2].name = "relu" }
        let spec = try read(SweepFilesTests.sweep, files)
        let settings = spec.grid[0].settings
        #expect(settings.graph?.layers.map(\.value) == [1, 2, 5])
        #expect(settings.measureRequest(\.name)?.layers == nil)
        let both = try read(SweepFilesTests.sweep + "\nlayers: relu", files).grid[0].settings
        #expect(both.graph?.layers.map(\.value) == [2, 3])
    }

    @Test(arguments: [
        ("classification_dimension: true", ["flat", "fc"]),
        ("independence_deficit: true, classification_dimension: true", ["flat", "fc"]),
        ("neural_collapse: true", ["conv", "relu", "flat", "fc"]),
        ("classification_dimension: true, effective_rank: true", ["conv", "relu", "flat", "fc"]),
        ("weight_norms: true", ["conv", "relu", "fc"]),
    ])
    func `Measures of features alone take no other layers`(_ measures: String, _ layers: [String]) throws {
        let text = SweepFilesTests.sweep + "\nmeasures: {local_rank: false, \(measures)}"
        #expect(try read(text).grid[0].settings.graph?.layerNames == layers)
        let own = try read(text + "\nlayers: conv").grid[0].settings.graph
        #expect(own?.layerNames.first == "conv")
        let ranks = try read(text.replacing("local_rank: false, ", with: "")).grid[0].settings.graph
        #expect(ranks?.layerNames.first == "conv")
    }

    @Test func `Figures may draw the norms of all matrices, however few layers are chosen`() throws {
        let text =
            SweepFilesTests.sweep
                + """

                layers: fc
                axes: {dataset.point: [0, 1]}
                measures: {weight_norms: true, classification_dimension: {points: 1}}
                figures:
                  - {name: norms, x: dataset.point, y: {metric: spectral_norm, layer: 2}}
                  - {name: dimensions, x: dataset.point, y: {metric: classification_dimension, layer: 1}}
                """
        #expect(try read(text).figures.map(\.name) == ["norms", "dimensions"])
    }

    // MARK: Layouts and memory

    @Test func `Images with their channels last are turned for networks that take them first`() throws {
        let files = SweepFileFacts()
        files.shapes["images.npy"] = [4, 32, 48, 3]
        let text = SweepFilesTests.sweep.replacing("labels:", with: "layout: nhwc, mean: [1, 2, 3], labels:")
        let turned = try #require(try read(text, files).grid[0].settings.graph)
        #expect(turned.input == [3, 32, 48])
        #expect(turned.inputs == .patch(of: [3, 32, 48], side: 16) && turned.inputs.count == 768)
        files.declared = [nil, nil, 3]
        let spec = try read(text, files)
        let kept = try #require(spec.grid[0].settings.graph)
        #expect(kept.input == [32, 48, 3] && kept.inputs == turned.inputs)
        // One shape is known, though the other would do.
        guard case .network(let facts) = spec.files[path: "net.onnx"].content else {
            Issue.record("no network")
            return
        }
        #expect(facts.graphs.map(\.input) == [[32, 48, 3]])
        #expect(
            message(SweepFilesTests.sweep, files).contains(
                "whose channels seem to be last: say so with dataset.layout: nhwc"))
        files.shapes["images.npy"] = [4, 3, 32, 48]
        files.declared = [3, 32, 48]
        #expect(
            message(text.replacing("mean: [1, 2, 3], ", with: ""), files).contains(
                "whose channels seem to be first: leave out dataset.layout: nhwc"))
    }

    @Test func `Memory's advice is in the words of sweeps, of what is there`() throws {
        let text = SweepFilesTests.sweep + "\nmeasures: {effective_rank: {points: all}}"
        let request = try #require(try read(text).grid[0].settings.measureRequest(\.name))
        let memory = GraphMemory(
            request, parameters: 0, values: 100, tangent: 1000, units: [1000], input: 3072, inputs: 768,
            points: 4)
        // Values of 4 points at once, twice, and those of one; points; derivatives; Gram matrices; layers' values.
        let network = 4 * (100 * 9 + 3072 * 4)
        let (derivatives, ranks, layers) = (4 * 1000 * 768, 16 * 768 * 768, 4 * 1000 * 4)
        #expect(memory.total == network + derivatives + ranks + layers)
        #expect(
            memory.problem(available: 1_000_000, channels: 3, .sweep)
                == "needs 12.6 MB of memory (3.07 MB for the derivatives in 768 inputs, 16 kB for the layers' values at "
                + "4 points), and 1 MB are free; what would fit: measures.local_rank.patch: 6, or fewer layers"
        )
        let drawn = memory.problem(available: 1_000_000, channels: nil, .sweep)
        #expect(drawn?.contains("what would fit: measures.local_rank.columns: 1") == true, "\(drawn ?? "")")
        #expect(
            memory.problem(available: UInt64(memory.total - 4000), channels: 3, .command)?
                .contains(", or at most 3 points, or fewer --layers") == true)
        #expect(memory.problem(available: UInt64(memory.total), channels: 3, .sweep) == nil)
    }

    @Test func `A sweep with too many layers says so`() throws {
        let files = SweepFileFacts()
        files.change = { _, graph in
            let layer = graph.layers[0]
            graph.layers += (0..<12_000).map { index in
                var one = layer
                one.name = String(repeating: "block.", count: 12) + "\(index)"
                one.value = 5
                return one
            }
        }
        let words = message(SweepFilesTests.sweep, files)
        #expect(words.hasPrefix("s.yaml: the sweep with its networks' layers has 1"), "\(words.prefix(200))")
        #expect(words.hasSuffix("bytes, and at most 1048576 are kept: choose fewer layers or files"))
        #expect(message(SweepFilesTests.sweep + "\nlayers: conv", files) == "none")
    }

    @Test func `Matrices are kept for norms alone`() throws {
        for (measures, count) in [
            ("", 0), ("weight_norms: true", 2), ("weight_norms: {tolerance: 0.1}", 2),
            ("weight_norms: false", 0),
        ] {
            let spec = try read(SweepFilesTests.sweep + "\nmeasures: {\(measures)}")
            #expect(spec.grid[0].settings.graph?.matrices.count == count, "\(measures)")
        }
    }

    // MARK: Extending

    @Test func `A run is extended by layers and inputs of another shape`() throws {
        let files = SweepFileFacts()
        files.shapes["small.npy"] = [4, 3, 16, 16]
        let text = sweep(axes: "layers: [[conv]], dataset.inputs: [images.npy]", more: "file: net.onnx")
        let run = try read(text, files)
        let kept = run.canonicalJSON.canonicalText
        let more = ["layers=[conv],[relu]", "dataset.inputs=images.npy,small.npy"]
        let extended = try read(kept, files, overrides: more)
        #expect(extended.grid.count == 4 && extended.grid[0].id == run.grid[0].id)
        #expect(extended.grid[3].settings.graph?.chosen == ["relu"])
        #expect(extended.grid[3].settings.graph?.input == [3, 16, 16])
        // The run has its own copy of a file that was changed, or is gone.
        files.contents["net.onnx"] = "trained longer"
        #expect(message(kept, files, overrides: ["layers=[conv],[relu]"]).contains("has no layer 'relu'"))
        #expect(try read(kept, files, overrides: ["seed=0,1"]).grid[0].id == run.grid[0].id)
    }

    // MARK: Facts that aren't true

    private static let tables: [(old: String, new: String)] = [
        (#"[4,3,32,32]"#, #"[4]"#), (#"[4,3,32,32]"#, #"[9007199254740992,9007199254740992]"#),
        (#""labels":[4,10]"#, #""labels":[4,9007199254740992]"#),
        (#"["conv",4096,1,1000"#, #"["conv",-1,1,1000"#),
        (#"["conv",4096,1,1000"#, #"["conv",9007199254740992,1,1000"#),
        (#"["conv",4096,1,1000"#, #"["conv",4096,3,1000"#), (#"["conv",4096,1,1000"#, #"["conv",-1,1,1000"#),
        (#"1000,12288"#, #"1000,9007199254740992"#),
        (#""output":["fc",10,5"#, #""output":["fc",9007199254740992,5"#),
        (#""output":["fc",10,5"#, #""output":["fc",10,3"#),
        (#""features":["flat",4096,3"#, #""features":["flat",4096,5"#),
        (#""parameters":41068"#, #""parameters":9007199254740992"#),
        (#""parameters":41068"#, #""parameters":-1"#),
        (#""values":15360"#, #""values":9007199254740992"#), (#"["fc",10,4096]"#, #"["fc",0,4096]"#),
        (#"["fc",10,4096]"#, #"["fc",10,9007199254740992]"#), (#"["fc",10,4096]"#, #"["fc",10]"#),
        (#""input":[3,32,32]"#, #""input":[3,32768,32768]"#), (#"[["net.onnx""#, #"[["a/net.onnx""#),
        (#"[["net.onnx""#, #"[["..""#), (#"[["net.onnx""#, #"[["net\u0000""#),
        (#"[["net.onnx""#, "[[\"" + String(repeating: "n", count: 101) + "\""),
        (#"[["net.onnx""#, #"[["net.onnx",1],["net.onnx""#),
    ]

    @Test(arguments: tables)
    func `Facts that no file has are refused`(_ old: String, _ new: String) throws {
        let text = try read(SweepFilesTests.sweep + "\nmeasures: {weight_norms: true}").canonicalJSON
            .canonicalText
        #expect(text.contains(old), "\(text)")
        let error = #expect(throws: SweepError.self) {
            try SweepSpec(parsing: text.replacing(old, with: new), file: "sweep.json")
        }
        #expect(
            error?.message.contains(": files: expected what a run's sweep.json says of files") == true,
            "\(error?.message ?? "")")
    }

    /// The largest numbers that are read give costs and memory without a trap.
    @Test func `Facts of the largest networks are only expensive`() throws {
        let files = SweepFileFacts()
        files.shapes["images.npy"] = [400_000, 1 << 15, 1 << 16]
        files.declared = [nil, nil]
        files.change = { _, graph in
            graph.input = [1 << 15, 1 << 16]
            for index in graph.layers.indices { graph.layers[index].units = 1 << 31 }
            for index in graph.layers.indices {
                (graph.layers[index].peak, graph.layers[index].cost) = (1 << 40, 1 << 53)
            }
            (graph.parameters, graph.values) = (1 << 40, 1 << 40)
        }
        let text = """
            name: s
            model: onnx
            file: net.onnx
            dataset: {inputs: images.npy}
            measures: {effective_rank: {points: all}, weight_norms: true}
            """
        let look: FileLook = { path, role in
            guard case .network = role else { return files.look(path, role) }
            let facts = files.look(path, .network([PointLayout(sizes: [3, 32, 32], channelsAreLast: false)]))
            guard case .network(var network) = facts.content else { return facts }
            network.declared = [nil, nil]
            return FileFacts(facts.file, .network(network))
        }
        let spec = try SweepSpec(parsing: text, file: "s.yaml", look: look)
        let again = try SweepSpec(parsing: spec.canonicalJSON.canonicalText, file: "sweep.json")
        #expect(again == spec)
        let cost = again.grid.cost()
        #expect(cost.memoryBytes == 1_000_000_000_000_000_000 && cost.seconds > 1e12)
    }
}
