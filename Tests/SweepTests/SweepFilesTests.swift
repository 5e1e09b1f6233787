import Model
import Testing
import Text

@testable import Sweep

/// Files as a sweep sees them: four images of 3 × 32 × 32 (nine vectors in "vectors.npy"), labels of four points in ten
/// classes, and networks of five layers that take images.
final class SweepFileFacts {
    var asked: [String] = []
    /// The content of a path; by default its name.
    var contents: [String: String] = [:]
    /// The shapes of points by path; by default four images.
    var shapes: [String: [Int]] = ["vectors.npy": [9, 5]]
    /// The sizes of points that networks' files state.
    var declared: [Int?] = [3, nil, nil]
    /// Changes the layers of the network at a path for points of a shape.
    var change: (_ path: String, _ graph: inout GraphFacts) -> Void = { _, _ in }

    func look(_ path: String, _ role: FileRole) -> FileFacts {
        asked.append(path)
        let digest = Digest(of: contents[path] ?? path).hexadecimal()
        let file = ContentFile(ContentFile.Part(path: path, digest: digest, bytes: 10))
        switch role {
        case _ where path.hasPrefix("none"): return FileFacts(unusable: "cannot be read: it isn't there")
        case .points:
            return FileFacts(file, .points(shape: shapes[path] ?? [4, 3, 32, 32]))
        case .labels: return FileFacts(file, .labels(count: path == "few.npy" ? 3 : 4, classes: 10))
        case .targets: return FileFacts(file, .targets(count: 4, columns: 2))
        case .table: return FileFacts(unusable: "is not looked for here")
        case .network(let layouts):
            var facts = NetworkFacts(declared: declared)
            for layout in layouts {
                let shape = layout.shape(for: facts.declared)
                guard shape.count == 3 else {
                    facts.refusals[shape] = "takes inputs of another shape"
                    continue
                }
                var graph = graph(shape, hasHead: !path.contains("headless"))
                if path == "segments.onnx" { graph.output.units = 65_537 }
                change(path, &graph)
                facts.graphs.append(graph)
            }
            return FileFacts(file, .network(facts))
        }
    }

    private func graph(_ input: [Int], hasHead: Bool) -> GraphFacts {
        func layer(_ name: String, _ units: Int, _ value: Int, _ cost: Int, _ isMeasured: Bool = true)
            -> GraphFacts.Layer
        {
            GraphFacts.Layer(
                name: name, units: units, value: value, cost: cost, peak: 3 * units, isMeasured: isMeasured)
        }
        return GraphFacts(
            input: input,
            layers: [
                layer("conv", 4096, 1, 1000), layer("relu", 4096, 2, 1000),
                layer("flat", 4096, 3, 1000, false), layer("product", 10, 4, 42000, false),
                layer("fc", 10, 5, 42000),
            ], features: hasHead ? layer("flat", 4096, 3, 1000, false) : nil,
            output: layer("fc", 10, 5, 42000),
            matrices: [
                GraphFacts.Matrix(name: "conv", rows: 4, columns: 27),
                GraphFacts.Matrix(name: "fc", rows: 10, columns: 4096),
            ], parameters: 41068, values: 15360)
    }
}

/// Sweeps of networks from files.
@Suite struct SweepFilesTests {
    static let sweep = """
        name: s
        model: onnx
        file: net.onnx
        dataset: {inputs: images.npy, labels: labels.npy}
        """

    private func read(_ text: String, _ files: SweepFileFacts = SweepFileFacts()) throws -> SweepSpec {
        try SweepSpec(parsing: text, file: "s.yaml", look: files.look)
    }

    private func graph(_ spec: SweepSpec, _ index: Int = 0) throws -> TrialSettings.Graph {
        try #require(spec.grid[index].settings.graph)
    }

    @Test func `A trial measures the default layers in the middle 16 × 16 pixels of the first point`() throws
    {
        let spec = try read(Self.sweep)
        let trial = spec.grid[0]
        #expect(try graph(spec).layerNames == ["conv", "relu", "fc"])
        #expect(try graph(spec).inputCount == 768)
        #expect(trial.settings.measures.localRank?.points == 1)
        #expect(trial.settings.dataset.facts.classes == 10)
        #expect(
            trial.axesObject.canonicalText
                == #"{"dataset":"images.npy","file":"net.onnx","seed":0}"#)
    }

    @Test func `Each file is looked at once, points before the networks that take them`() throws {
        let files = SweepFileFacts()
        _ = try read(
            """
            name: s
            model: onnx
            dataset: {labels: labels.npy}
            axes:
              file: [net.onnx, net2.onnx]
              dataset.inputs: [images.npy, images2.npy]
              seed: {range: [0, 3]}
            """, files)
        #expect(files.asked == ["images.npy", "images2.npy", "labels.npy", "net.onnx", "net2.onnx"])
    }

    @Test func `The normalised sweep needs no file, and holds only layers that are measured`() throws {
        let spec = try read(Self.sweep + "\nlayers: [conv, 'f*']")
        let text = spec.canonicalJSON.canonicalText
        #expect(try SweepSpec(parsing: text, file: "sweep.json") == spec)
        let grid = try Grid(parsing: spec.gridJSON.canonicalBytes)
        #expect(grid == spec.grid && grid[0] == spec.grid[0])
        let layers = spec.canonicalJSON["files"]?["net.onnx"]?["graphs"]?.array?.first?["layers"]?.array
        #expect(layers?.map { $0.array?.first?.string } == ["conv", "flat", "fc"])
    }

    @Test func `Trials are known by the contents of their files, not by their names`() throws {
        let files = SweepFileFacts()
        files.contents = ["copy.onnx": "net.onnx", "images2.npy": "images.npy"]
        func id(_ old: String, _ new: String) throws -> TrialID {
            try read(Self.sweep.replacing(old, with: new), files).grid[0].id
        }
        let own = try read(Self.sweep, files).grid[0].id
        #expect(try id("net.onnx", "copy.onnx") == own && id("images.npy", "images2.npy") == own)
        let others = [
            try id("net.onnx", "net2.onnx"), try id("images.npy", "images3.npy"),
            try id("labels.npy", "labels2.npy"), try id("file:", "layers: relu\nfile:"),
            try id("file:", "seed: 1\nfile:"), try id("labels:", "point: 0, labels:"),
            try id("labels:", "scale: 2, labels:"),
            try id("file:", "measures: {local_rank: {patch: 8}}\nfile:"),
            try id("file:", "measures: {local_rank: {columns: 8}}\nfile:"),
        ]
        #expect(Set([own] + others).count == 10)
        var hasher = TrialHasher()
        let trial = try read(Self.sweep, files).grid[0]
        #expect(hasher.id(of: trial.settings) == trial.id)
    }

    @Test func `Two names of one content are one trial`() throws {
        let files = SweepFileFacts()
        files.contents = ["copy.onnx": "net.onnx"]
        let error = #expect(throws: SweepError.self) {
            try read(
                Self.sweep.replacing("file: net.onnx", with: "axes: {file: [net.onnx, copy.onnx]}"), files)
        }
        #expect(
            error?.message.contains(
                "axes.file: file=net.onnx and file=copy.onnx are the same trial, as file makes no difference")
                == true, "\(error?.message ?? "")")
    }

    @Test func `A file with other bytes is a difference by its digest`() throws {
        let files = SweepFileFacts()
        let old = try read(Self.sweep, files)
        files.contents = ["net.onnx": "trained longer"]
        let difference = SweepDifference(from: old, to: try read(Self.sweep, files))
        #expect(difference?.items.map(\.path) == ["net.onnx"] && difference?.isOfTrials == true)
        let digest = Digest(of: "trained longer").hexadecimal()
        #expect(difference?.items.first?.after == "SHA-256 \(digest.prefix(16))…")
        #expect(difference?.additions == nil)
        #expect(SweepDifference(from: old, to: try read(Self.sweep)) == nil)
    }

    @Test func `A trial asks for what 'ranksweep measure' would be asked for`() throws {
        let spec = try read(
            """
            name: s
            model: onnx
            file: net.onnx
            layers: 'conv,r*'
            seed: 3
            dataset: {inputs: images.npy, labels: labels.npy, scale: 0.5, mean: [1, 1, 0], std: [2, 2, 2], point: 3}
            measures:
              local_rank: {thresholds: [0.2], relative: [0.05], columns: 40}
              weight_norms: {tolerance: 0.01}
              effective_rank: {points: 1}
            """)
        let settings = spec.grid[0].settings
        let request = try #require(settings.measureRequest { "/files/" + $0.name })
        #expect(request.weights == "/files/net.onnx")
        #expect(request.points == .array("/files/images.npy", labels: "/files/labels.npy"))
        #expect(request.layers == ["conv", "r*"] && request.optionNames == .sweep)
        #expect(settings.graph?.chosen == ["conv", "relu"])
        #expect(request.columns == .drawn(40) && request.patch == nil && request.seed == 3)
        #expect(request.preprocessing.mean == [1, 1, 0] && request.preprocessing.deviation == [2, 2, 2])
        #expect(request.point == 3 && request.preprocessing.scale == 0.5 && request.tolerance == 0.01)
        #expect(
            request.measures?.map(\.rawValue) == [
                "local_rank", "accuracy", "loss", "spectral_norm", "frobenius_norm", "stable_rank",
                "numerical_rank", "effective_rank",
            ])
        #expect(request.settings["effective_rank"]?["points"] == JSONValue(1))
    }

    @Test func `Measures of features take the last dense layer's input and its output`() throws {
        let spec = try read(Self.sweep + "\nlayers: [conv, product]\nmeasures: {neural_collapse: true}")
        #expect(try graph(spec).layerNames == ["conv", "flat", "fc"])
    }

    @Test func `A patch as large as the image is all of it, whatever the default`() throws {
        let spec = try read(Self.sweep + "\nmeasures: {local_rank: {patch: 40}}")
        let request = try #require(spec.grid[0].settings.measureRequest { $0.name })
        #expect(try graph(spec).inputCount == 3 * 32 * 32)
        #expect(request.patch == 32)
    }

    @Test func `The cost is that of the layers' products in each input, and of Gram matrices`() throws {
        let spec = try read(
            Self.sweep.replacing(", labels: labels.npy", with: "")
                + "\nlayers: [conv, fc]\nmeasures: {local_rank: {patch: 2, points: 3}}")
        let cost = CostEstimate(of: spec.grid[0].settings)
        // 12 inputs, 42000 multiplications a point; Gram matrices of 12 and of 10 rows.
        let products = 3 * (2 * 12 * 42000 + 2 * 12 * 12 * 4096 + 2 * 10 * 10 * 12)
        #expect(cost.products == Double(products))
        #expect(abs(cost.reductions - 3 * 4 / 3 * Double(1728 + 1000)) < 1e-6)
    }

    @Test
    func `A plan knows how much memory a trial takes: 12 derivatives, the network twice, Gram matrices`()
        throws
    {
        let spec = try read(
            Self.sweep.replacing(", labels: labels.npy", with: "")
                + "\nlayers: [conv]\nmeasures: {local_rank: {patch: 2}}")
        // Ranks alone need no outputs at all points, only the values at one.
        let network = 4 * (2 * 41068 + 15360 + 3 * 32 * 32 * 4)
        #expect(spec.grid.cost().memoryBytes == network + 4 * 3 * 4096 * 12 + 2 * 8 * 12 * 12)
        let trained = "name: s\nmodel: mlp\ndataset: mnist\ntraining: {steps: 1}"
        #expect(try read(trained).grid.cost().memoryBytes == nil)
    }

    private static let mistakes: [(old: String, new: String, message: String)] = [
        ("net.onnx", "none.onnx", "s.yaml:3:7: file: none.onnx: cannot be read: it isn't there"),
        ("net.onnx", "images.npy", "s.yaml:3:7: file: images.npy: is not a network"),
        (
            "images.npy, labels: labels.npy", "vectors.npy",
            "s.yaml:3:7: file: net.onnx: takes inputs of another shape"
        ),
        ("images.npy", "none.npy", "s.yaml:4:19: dataset.inputs: none.npy: cannot be read: it isn't there"),
        ("labels.npy", "few.npy", "s.yaml:4:39: dataset.labels: few.npy: has 3 labels for 4 points"),
        ("labels:", "point: 4, labels:", "dataset.point: point 4 is not among the file's 4, counted from 0"),
        ("labels:", "scale: unit, labels:", "dataset.scale: dataset array expects number here"),
        ("labels:", "mean: [1, 2], labels:", "dataset.mean: 2 numbers for points with 3 channels"),
        ("file:", "layers: 'x*'\nfile:", "s.yaml:3:9: layers: net.onnx has no layer 'x*'; it has conv, relu"),
        (
            "file:", "depth: 3\nfile:",
            "depth: not used here: it needs model to be mlp, cnn, resnet, vit, mixer or gmlp"
        ),
        ("file:", "training: {steps: 3}\nfile:", "training.steps: not used here: it needs model"),
        ("file:", "weights: final\nfile:", "weights: not used here"),
        ("file:", "measures: {trace_at: log}\nfile:", "measures.trace_at: not used here"),
        (
            "file:", "measures: {partial_rank: true}\nfile:",
            "measures.partial_rank: partial_rank is local_rank_relative here"
        ),
        (
            "file:", "measures: {weight_product: true}\nfile:",
            "measures.weight_product: weight_product needs a chain of dense layers from a .safetensors file"
        ),
        (
            "file:", "measures: {weight_displacement: true}\nfile:",
            "measures.weight_displacement: weight_displacement needs the training, not only its weights"
        ),
        (
            "file: net.onnx", "measures: {independence_deficit: true}\nfile: headless.onnx",
            "measures.independence_deficit: independence_deficit needs a network that ends in a dense layer"
        ),
        (
            ", labels: labels.npy}", "}\nmeasures: {neural_collapse: true}",
            "measures.neural_collapse: neural_collapse needs dataset.labels"
        ),
        (
            "file:", "measures: {local_rank: {patch: 4, columns: 8}}\nfile:",
            "measures.local_rank.columns: cannot be given together with measures.local_rank.patch"
        ),
        (
            "file:", "measures: {local_rank: {points: 5}}\nfile:",
            "measures.local_rank.points: 5 points, and the data set has 4 test points"
        ),
        (
            "file: net.onnx", "measures: {independence_deficit: true}\nfile: segments.onnx",
            "measures.independence_deficit: independence_deficit has a number for each class: a network may have at "
                + "most 65536 outputs"
        ),
        ("file: net.onnx\n", "", "missing: file is required"),
        ("inputs: images.npy, ", "", "missing: dataset.inputs is required"),
        (
            "{inputs: images.npy, labels: labels.npy}", "mnist",
            "dataset: a network from a file is measured at an array: {inputs: X.npy}"
        ),
        (
            "file:", "figures: [{name: f, x: layer, y: train_loss}]\nfile:",
            "figures.y 'train_loss': not used here"
        ),
        (
            "file:",
            "figures: [{name: f, x: dataset.point, y: {metric: local_rank, threshold: 0.1, layer: 4}}]\n"
                + "axes: {dataset.point: [0, 1]}\nfile:",
            "figures.y.layer: no layer 4: the deepest network has 3"
        ),
        (
            "file:",
            "measures: {weight_norms: true}\nfigures: [{name: f, x: dataset.point, y: {metric: spectral_norm, "
                + "layer: 3}}]\naxes: {dataset.point: [0, 1]}\nfile:",
            "figures.y.layer: no layer 3: the deepest network has 2"
        ),
        (
            "file:",
            "measures: {classification_dimension: true}\nfigures: [{name: f, x: dataset.point, y: {metric: "
                + "classification_dimension, layer: 2}}]\naxes: {dataset.point: [0, 1]}\nfile:",
            "figures.y.layer: no layer 2: the deepest network has 1"
        ),
    ]

    @Test(arguments: mistakes) func `A mistake is one error where it is made`(
        old: String, new: String, message: String
    ) throws {
        #expect(Self.sweep.contains(old))
        let error = #expect(throws: SweepError.self) { try read(Self.sweep.replacing(old, with: new)) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func `An option that two data sets read differently is checked against its own`() {
        func message(_ dataset: String) -> String? {
            let text = "name: s\nmodel: mlp\ntraining: {steps: 1}\ndataset: \(dataset)"
            do {
                _ = try read(text)
                return nil
            } catch { return (error as? SweepError)?.message }
        }
        #expect(message("{name: mnist, scale: symmetric}") == nil)
        #expect(message("{name: mnist, scale: 0.5}")?.contains("expects `unit`, `symmetric` here") == true)
        #expect(
            message("{name: gaussian, inputs: x.npy, correlations: [0.5]}")?.contains("expects integer")
                == true
        )
        #expect(
            message("{name: array, inputs: images.npy}")?.contains(
                "missing: dataset.labels (classes) or dataset.targets (numbers) is required") == true)
    }

    @Test func `'layers' of a trained network is answered with the name that it has here`() {
        let text = "name: s\nmodel: mlp\ndataset: mnist\ntraining: {epochs: 1}\nlayers: [8, 8]"
        let error = #expect(throws: SweepError.self) { try read(text) }
        #expect(error?.message == "s.yaml:5:9: layers: 'layers' is called 'hidden' here")
    }

    @Test func `A name that is also a pattern means the layer of that name`() throws {
        func layer(_ name: String, _ value: Int) -> GraphFacts.Layer {
            GraphFacts.Layer(name: name, units: 1, value: value, cost: 0, peak: 1, isMeasured: true)
        }
        let facts = GraphFacts(
            input: [1], layers: [layer("a[1]", 1), layer("a1", 2), layer("/a/b", 3)], features: nil,
            output: layer("/a/b", 3), matrices: [], parameters: 0, values: 1)
        #expect(try facts.chosen(["a[1]"]) == [0])
        #expect(try facts.chosen(["a[12]"]) == [1])
        #expect(try facts.chosen(["*b", "a?"]) == [1, 2])
        #expect(throws: GraphFacts.NoSuchLayer.self) { try facts.chosen(["a", "b"]) }
    }
}
