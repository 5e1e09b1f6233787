import Foundation
import Glibc
import TestSupport
import Testing
import Text

/// `ranksweep measure` as a user types it: two programs, files, one line.
@Suite struct MeasureCommandTests {
    /// A ReLU network 2-2-2: W_1 = diag(3, 0.5), W_2 = diag(1, 0.1), no biases.
    private func makeFiles(_ work: Workspace) throws {
        func little(_ number: Int, _ width: Int) -> [UInt8] {
            (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
        }
        func floats(_ numbers: [Float]) -> [UInt8] { numbers.flatMap { little(Int($0.bitPattern), 4) } }
        let header =
            #"{"fc2.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"#
            + #""fc1.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[16,32]}}"#
        let weights =
            little(header.utf8.count, 8) + Array(header.utf8) + floats([1, 0, 0, 0.1, 3, 0, 0, 0.5])
        try Data(weights).write(to: work.folder.appending(path: "net.safetensors"))
        func array(_ type: String, _ shape: String, _ data: [UInt8]) -> Data {
            let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }\n"
            return Data(
                [0x93] + Array("NUMPY".utf8) + [1, 0] + little(header.utf8.count, 2) + Array(header.utf8)
                    + data)
        }
        // Both units active, one, none.
        try array("<f4", "(3, 2)", floats([1, 1, 1, -1, -1, -1])).write(
            to: work.folder.appending(path: "x.npy"))
        try array("|u1", "(3,)", [0, 0, 1]).write(to: work.folder.appending(path: "y.npy"))
    }

    @Test(arguments: [
        ("/tmp", "/tmp: a folder, not a file"), ("/dev/null", "/dev/null: a device, not a file"),
        ("pipe", "pipe: a pipe, not a file"),
    ])
    func `A path that is no file is named as such, whatever else is missing`(path: String, words: String)
        throws
    {
        let work = try Workspace()
        #expect(mkfifo(work.folder.appending(path: "pipe").path, 0o600) == 0)
        let end = try work.run("measure", path, "--activation", "relu")
        #expect(end.code == 2 && end.errors.contains(words) && !end.errors.contains("points"), "\(end.all)")
    }

    @Test func `A network's measures are one line of JSON`() throws {
        let work = try Workspace()
        try makeFiles(work)
        let end = try work.run(
            "measure", "net.safetensors", "--inputs", "x.npy", "--labels", "y.npy", "--activation", "relu",
            "--thresholds", "0.01,1",
            environment: ["OPENBLAS_CORETYPE": "Nonsense", "OPENBLAS_NUM_THREADS": "7"])
        #expect(end.code == 0, "\(end.all)")
        #expect(end.errors.isEmpty)
        #expect(end.output.split(separator: "\n", omittingEmptySubsequences: false).count == 2)
        let metrics = try JSONValue(parsing: end.output.utf8)
        // J_2 = diag(3, 0.05), diag(3, 0), 0.
        #expect(metrics["local_rank"]?["0.01"]?["mean"] == JSONValue([2.0, 1]))
        #expect(metrics["local_rank"]?["1"]?["mean"] == JSONValue([1, 2.0 / 3]))
        #expect(metrics["local_rank_relative"]?["0.01"]?["mean"] == JSONValue([2.0, 1]))
        #expect(metrics["active_units"]?["mean"] == JSONValue([1.0]))
        // Equal outputs are a guess of the first class.
        #expect(metrics["accuracy"] == .number(2.0 / 3))
        #expect(metrics["numerical_rank"] == JSONValue([2, 2]))
        #expect(abs(try #require(metrics["spectral_norm"]?.array?[0].number) - 3) < 1e-12)
        let linear = try work.run(
            "measure", "net.safetensors", "--inputs", "x.npy", "--activation", "linear", "--measures",
            "local_rank")
        let ranks = try JSONValue(parsing: linear.output.utf8)
        #expect(
            ranks["local_rank"]?["0.1"]
                == .object(["mean": JSONValue([2, 1]), "stderr": JSONValue([0, 0])]))
        #expect(ranks.object?.keys.sorted() == ["layers", "local_rank", "local_rank_relative"])
        let norms = try JSONValue(
            parsing: try work.run("measure", "net.safetensors", "--measures", "weight_norms").output.utf8)
        #expect(norms["numerical_rank"] == JSONValue([2, 2]) && norms.object?.count == 5)
        #expect(norms["layers"] == .array([.string("fc1"), .string("fc2")]))
        // The upper layer alone, by what it is given.
        let head = try work.run(
            "measure", "--features", "x.npy", "--head", "net.safetensors", "--layers", "fc2", "--labels",
            "y.npy")
        #expect(head.code == 0, "\(head.all)")
        let found = try JSONValue(parsing: head.output.utf8)
        #expect(found["layers"] == .array([.string("fc2")]))
        #expect(found["classification_dimension"]?.array?.count == 1 && found["nc1"]?.array?.count == 1)
    }

    @Test func `A kept network says how its training prepared the points`() throws {
        let work = try Workspace()
        let points = ArrayBytes.npy([6, 2], (0..<12).map { Float($0) })
        try Data(points).write(to: work.folder.appending(path: "x.npy"))
        try Data(ArrayBytes.labels([0, 1, 0, 1, 0, 1])).write(to: work.folder.appending(path: "y.npy"))
        for (options, words) in [
            ("", nil),
            (
                ", scale: 0.5, mean: [1], std: [2, 4], standardise: true",
                "multiplied by 0.5, less the mean [1], divided by [2,4], standardised over the training points"
            ),
        ] as [(String, String?)] {
            try work.write(
                """
                name: s
                model: mlp
                dataset: {inputs: x.npy, labels: y.npy, test_share: 0.4\(options)}
                training: {steps: 2, batch_size: 2}
                weights: final

                """, to: "s.yaml")
            let out = words == nil ? "plain" : "prepared"
            #expect(try work.run("run", "s.yaml", "--out", out).code == 0)
            let folder = work.folder.appending(path: "\(out)/weights").path
            let name = try #require(FileManager.default.contentsOfDirectory(atPath: folder).first)
            let end = try work.run("measure", "\(out)/weights/\(name)", "--inputs", "x.npy")
            #expect(end.code == 0, "\(end.all)")
            let note = words.map {
                "note: the training's inputs were \($0): --inputs must be prepared in the same way\n"
            }
            #expect(end.errors == note ?? "")
            #expect(try JSONValue(parsing: end.output.utf8)["trained_inputs"]?.string == words)
        }
    }

    /// A command line, NET and ALL standing for its usual parts, and what is said of it.
    private static let mistakes: [(line: String, message: String)] = [
        ("measure", "NET.onnx or FILE.safetensors is missing"),
        ("NET --inputs x.npy", "--activation is missing: linear, relu, tanh, gelu"),
        ("measure nosuch.safetensors", "nosuch.safetensors: cannot be read: No such file or directory"),
        ("NET --inputs x.npy --activation relu --layers fc1,fc3", "has no layer 'fc3'; it has fc1, fc2"),
        ("NET --inputs x.npy --activation relu --layers fc1,fc1", "--layers: 'fc1' is listed twice"),
        ("NET --head net.safetensors", "--head goes with --features"),
        ("NET --features x.npy", "--features replaces the network"),
        ("measure --features x.npy", "--features needs --head FILE.safetensors"),
        ("measure --head net.safetensors --features x.npy", "a head is one layer, and it has fc1, fc2"),
        (
            "measure --head net.safetensors --layers fc2 --features x.npy --measures local_rank",
            "--measures: local_rank needs the network below its features"
        ),
        (
            "NET --layers fc2 --inputs x.npy --labels y.npy --activation relu --measures neural_collapse",
            "there are none: --features X.npy --head FILE measures one layer"
        ),
        ("NET --inputs x.npy --activation relu --measures kl", "kl needs a vib, and this is a mlp"),
        (
            "NET --activation rely",
            "'rely' must be one of linear, relu, tanh, gelu, gelu_tanh, silu, sigmoid, leaky_relu, elu, softplus; did you mean 'relu'?"
        ),
        ("NET --activation relu", "no points to measure at: give --dataset NAME"),
        ("NET --measures weight_norms --points 3", "no points to measure at: give --dataset NAME"),
        (
            "NET --inputs x.npy --labels y.npy --measures stable_rank,accuracy",
            "--activation is missing: linear, relu, tanh, gelu"
        ),
        ("ALL --dataset mnist", "--dataset and --inputs cannot be combined"),
        ("ALL --scale unit", "--scale is for images"),
        ("ALL --measures accuracy", "accuracy needs --labels"),
        ("ALL --measures localrank", "'localrank' is called 'local_rank' here"),
        ("ALL --measures local_rank,local_rank", "'local_rank' is listed twice"),
        (
            "ALL --measures weight_norms,stable_rank",
            "'stable_rank' is listed twice: weight_norms includes it"
        ),
        ("ALL --measures weightNorm", "'weightNorm' is called 'frobenius_norm' here"),
        ("ALL --measures effectiverank", "did you mean 'effective_rank'?"),
        (
            "ALL --measures effective_rank,weight_displacement",
            "weight_displacement needs the training, not only its "
                + "weights: only a sweep can measure it (measures.weight_displacement)"
        ),
        ("ALL --measures ,", "'' must be one of local_rank"),
        ("ALL --thresholds 0.1,0", "'0' is not a threshold, which is a number above 0"),
        ("ALL --thresholds 1e999", "'1e999' is not a threshold"),
        ("ALL --thresholds nan", "'nan' is not a threshold"),
        ("ALL --relative 2", "'2' is not a threshold, which is a number above 0 and at most 1"),
        ("ALL --points 0", "--points must be a whole number from 1"),
        ("ALL --points 4", "x.npy: holds 3 points; 4 are asked for"),
        ("ALL --labels x.npy", "x.npy: has the shape (3, 2); expected (points,)"),
        ("ALL --labels none.npy", "none.npy: cannot be read: No such file or directory"),
        ("NET --dataset minst --activation relu", "did you mean 'mnist'?"),
        ("NET --dataset mnist --activation relu", "no such data: looked for"),
        ("NET --dataset mnist --labels y.npy --activation relu", "--labels goes with --inputs or --images"),
        (
            "NET --inputs x.npy --activation tanh --measures active_units",
            "active_units applies to relu networks"
        ),
        ("measure x.npy --inputs x.npy --activation relu", "x.npy: is not a .safetensors file, or cut short"),
        ("measure none --inputs x.npy --activation relu", "none: cannot be read: No such file or directory"),
    ]

    @Test(arguments: mistakes) func `Wrong use is explained in one line, with code 2`(
        line: String, message: String
    ) throws {
        let work = try Workspace()
        try makeFiles(work)
        let words = line.replacingOccurrences(of: "ALL", with: "NET --inputs x.npy --activation relu")
            .replacingOccurrences(of: "NET", with: "measure net.safetensors")
        let end = try work.start("ranksweep", words.split(separator: " ").map(String.init)).wait()
        #expect(end.code == 2, "\(end.all)")
        #expect(end.errors.contains(message), "\(end.errors)")
        #expect(end.output.isEmpty)
        let lines = end.errors.split(separator: "\n")
        #expect(lines.first?.hasPrefix("error: ") == true)
        // A second one may say where help is.
        #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("(see ") }, "\(end.errors)")
    }
}
