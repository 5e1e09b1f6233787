import Foundation
import TestSupport
import Testing
import Text

/// Files of networks and points, as a user has them beside a sweep file.
enum GraphFiles {
    static let sweep = """
        name: s
        model: onnx
        dataset: {inputs: x.npy, labels: nets/y.npy}
        axes:
          file: [nets/a.onnx, nets/b.onnx, nets/c.onnx]
          dataset.point: {range: [0, 4]}
        measures: {local_rank: {thresholds: [0.1], relative: [0.01, 0.3]}, weight_norms: true}
        figures:
          - {name: ranks, x: layer, y: {metric: local_rank_relative, threshold: 0.3}, curves: file}
        """

    static func floats(_ count: Int, _ seed: UInt64) -> [Float] {
        var draws = Draws(seed)
        return (0..<count).map { _ in Float(draws.uniform(-1...1)) }
    }

    /// Layers with ReLUs between them. The first weight is in a file of its own if it has a name.
    static func network(_ units: [Int], seed: UInt64, external: String? = nil) -> (
        model: [UInt8], data: [UInt8]
    ) {
        var (nodes, initializers, value, data): ([[UInt8]], [[UInt8]], String, [UInt8]) = ([], [], "x", [])
        for (layer, (inputs, outputs)) in zip(units, units.dropFirst()).enumerated() {
            let weights = floats(inputs * outputs, seed + UInt64(layer))
            if let external, layer == 0 {
                data = weights.flatMap { ONNXBytes.littleEndian(UInt64($0.bitPattern), width: 4) }
                initializers.append(
                    ONNXBytes.tensor(
                        "w0", shape: [inputs, outputs], ONNXBytes.external(["location": external])))
            } else {
                initializers.append(
                    ONNXBytes.tensor("w\(layer)", shape: [inputs, outputs], ONNXBytes.raw(weights)))
            }
            nodes.append(ONNXBytes.node("MatMul", [value, "w\(layer)"], ["p\(layer)"], name: "/fc\(layer)"))
            value = "p\(layer)"
            guard layer < units.count - 2 else { continue }
            nodes.append(ONNXBytes.node("Relu", [value], ["h\(layer)"], name: "/relu\(layer)"))
            value = "h\(layer)"
        }
        let model = ONNXBytes.model(
            ONNXBytes.graph(
                nodes: nodes, initializers: initializers,
                inputs: [ONNXBytes.value("x", shape: [nil, units[0]])],
                outputs: [ONNXBytes.value(value, shape: [nil, units[units.count - 1]])]))
        return (model, data)
    }

    /// Writes three networks, one with external data, five points and their labels.
    ///
    /// - Parameter width: the number of inputs, and about that of each layer's units: measuring takes its cube.
    static func write(to work: Workspace, width: Int = 6) throws {
        func write(_ bytes: [UInt8], _ name: String) throws {
            let file = work.folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
        }
        try write(network([width, width + 3, width - 1, 3], seed: 1).model, "nets/a.onnx")
        let (model, data) = network([width, width + 2, 3], seed: 20, external: "b.data")
        try write(model, "nets/b.onnx")
        try write(data, "nets/b.data")
        try write(network([width, width - 1, width - 1, width - 1, 3], seed: 40).model, "nets/c.onnx")
        try write(ArrayBytes.npy([5, width], floats(5 * width, 60)), "x.npy")
        try write(ArrayBytes.npy("|u1", [5], [0, 1, 2, 0, 1]), "nets/y.npy")
        try write(
            ArrayBytes.npy([1, width], Array(floats(5 * width, 60)[2 * width..<3 * width])), "point2.npy")
        try write(ArrayBytes.npy("|u1", [1], [2]), "label2.npy")
        try work.write(sweep, to: "s.yaml")
    }

    /// Writes the same, and a sweep in which files of other folders are equal to others: the labels have the same
    /// name, the points another.
    static func writeTwins(to work: Workspace) throws {
        try write(to: work)
        let folder = work.folder.appending(path: "twins")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (own, twin) in [("nets/y.npy", "y.npy"), ("x.npy", "points.npy")] {
            try work.bytes(own).write(to: folder.appending(path: twin))
        }
        try work.write(
            sweep.replacing("{inputs: x.npy, labels: nets/y.npy}", with: "{}").replacing(
                "axes:\n  file: [nets/a.onnx, nets/b.onnx, nets/c.onnx]",
                with: """
                    zip: [[file, dataset.inputs, dataset.labels]]
                    axes:
                      file: [nets/a.onnx, nets/c.onnx]
                      dataset.inputs: [x.npy, twins/points.npy]
                      dataset.labels: [nets/y.npy, twins/y.npy]
                    """), to: "s.yaml")
    }
}

/// Sweeps of networks from files, as users run them.
@Suite(.serialized) struct GraphSweepTests {
    private func records(_ work: Workspace, _ run: String) throws -> [JSONValue] {
        try work.text("\(run)/records.ndjson").split(separator: "\n").map {
            try JSONValue(parsing: $0.utf8)
        }
    }

    private func remove(_ work: Workspace, _ name: String) throws {
        try FileManager.default.removeItem(at: work.folder.appending(path: name))
    }

    @Test func `A run's records are those of 'ranksweep measure', and its figure is drawn by layer`() throws {
        let work = try Workspace()
        try GraphFiles.write(to: work)
        let end = try work.run("run", "s.yaml", "--out", "r")
        #expect(end.code == 0, "\(end.all)")
        let all = try records(work, "r")
        #expect(all.count == 12)
        for file in ["a", "b", "c"] {
            let command = try work.run(
                "measure", "nets/\(file).onnx", "--inputs", "point2.npy", "--labels", "label2.npy",
                "--measures",
                "local_rank,accuracy,loss,weight_norms", "--thresholds", "0.1", "--relative", "0.01,0.3")
            #expect(command.code == 0, "\(command.all)")
            let due = try JSONValue(parsing: command.output.utf8)
            let record = try #require(
                all.first {
                    $0["axes"]?["file"] == .string("nets/\(file).onnx")
                        && $0["axes"]?["dataset.point"] == JSONValue(2)
                })
            #expect(record["metrics"]?.object?.count == 8)
            for (key, value) in record["metrics"]?.object ?? [:] { #expect(value == due[key], "\(key)") }
            #expect(record["layers"] == due["layers"] && record["weights"] == due["weights"])
        }
        let table = try work.text("r/tables/layers.csv").split(separator: "\n")
        // Five, three and seven layers at four points.
        #expect(table.count == 1 + 4 * (5 + 3 + 7))
        #expect(table[0].hasPrefix("trial,index,file,dataset.point,dataset,seed,layer,name,local_rank_0.1,"))
        #expect(table[3].contains(",3,/fc1,"))
        #expect(try work.text("r/tables/ranks.dat").contains("\n7 "))
        #expect(work.exists("r/figures/ranks.svg"))
        #expect(try work.run("check", "r").code == 0)
    }

    @Test func `Every measure of networks from files gives a record that is accepted`() throws {
        let work = try Workspace()
        try GraphFiles.write(to: work)
        try work.write(
            """
            name: s
            model: onnx
            dataset: {inputs: x.npy, labels: nets/y.npy}
            axes: {file: [nets/a.onnx, nets/b.onnx, nets/c.onnx]}
            measures:
              local_rank: {points: 5}
              effective_rank: {points: 5}
              activation_rank: {points: 5}
              feature_dimension: {points: 5}
              intrinsic_dimension: {points: 5}
              binned_information: {points: all}
              kernel_information: {points: 5}
              classification_dimension: {points: all}
              independence_deficit: {points: 5}
              neural_collapse: {points: 5}
              components: {points: 5}
              weight_norms: true
            figures: [{name: f, x: layer, y: [local_rank_relative, effective_rank], curves: file}]
            """, to: "s.yaml")
        let end = try work.run("run", "s.yaml", "--out", "r")
        #expect(end.code == 0, "\(end.all)")
        let all = try records(work, "r")
        #expect(all.count == 3)
        for (record, layers) in zip(all, [5, 3, 7]) {
            #expect(record["layers"]?.array?.count == layers)
            let metrics = record["metrics"]
            #expect(metrics?["effective_rank"]?.array?.count == layers)
            #expect(metrics?["nc1"]?.array?.count == layers - 1)
            #expect(metrics?["classification_dimension"]?.array?.count == 1)
            #expect(metrics?["component_class"]?.array?.count == 5)
            #expect(metrics?["class_determination"]?.array?.count == 3)
        }
    }

    @Test func `A run is resumed after its files are gone, and by other bytes it is not begun`() throws {
        let work = try Workspace()
        try GraphFiles.write(to: work)
        #expect(try work.run("run", "s.yaml", "--out", "ref").code == 0)
        let run = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", "r", "--listen", "tcp://127.0.0.1:*"])
        // No worker is there yet; the run holds the files.
        try eventually("the run has begun", of: run) { work.exists("r/control.sock") }
        kill(run.pid, SIGKILL)
        _ = try run.wait()
        for name in ["nets", "x.npy"] { try remove(work, name) }
        for end in [try work.run("status", "r"), try work.run("resume", "r", "--workers", "1")] {
            #expect(end.code == 0 && !end.all.contains("was edited"), "\(end.all)")
        }
        #expect(try work.bytes("r/records.ndjson") == work.bytes("ref/records.ndjson"))
        let gone = try work.run("run", "s.yaml", "--out", "other")
        #expect(gone.code == 2 && !work.exists("other"))
        #expect(gone.errors.contains("dataset.inputs: x.npy: cannot be read: No such file"), "\(gone.all)")
    }

    /// A start copies files, then writes sweep.json, then makes the journal. It may be killed after each.
    @Test func `A start that is killed can be repeated, or resumed without the user's files`() throws {
        let work = try Workspace()
        try GraphFiles.write(to: work)
        #expect(try work.run("run", "s.yaml", "--out", "ref").code == 0)
        #expect(
            try work.shell("mkdir early late; cp -r ref/files early; cp -r ref/files ref/sweep.json late")
                .code == 0)
        #expect(try work.run("run", "s.yaml", "--out", "early").code == 0)
        #expect(try work.bytes("early/records.ndjson") == work.bytes("ref/records.ndjson"))
        for name in ["x.npy", "nets"] { try remove(work, name) }
        let resumed = try work.run("resume", "late")
        #expect(resumed.code == 0, "\(resumed.all)")
        #expect(try work.bytes("late/records.ndjson") == work.bytes("ref/records.ndjson"))
        try remove(work, "late/files")
        #expect(try work.run("check", "late").output.contains("files of the sweep are not here"))
    }

    @Test func `An edit is told by status, and other bytes of a file by resume`() throws {
        let work = try Workspace()
        try GraphFiles.write(to: work)
        let sweep = GraphFiles.sweep + "\nlayers: \"/fc*\"\n"
        try work.write(sweep, to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "r", "--set", "dataset.point=0").code == 0)
        // The run has seen these layers, but no trial measures them.
        try work.write(sweep.replacing("/fc*", with: "/relu*"), to: "s.yaml")
        let edited = try work.run("status", "r")
        #expect(edited.output.contains("s.yaml was edited since this run began, and"), "\(edited.all)")
        #expect(!edited.all.contains("no longer a valid sweep"))
        try work.write(sweep, to: "s.yaml")
        try Data(ArrayBytes.npy("|u1", [5], [1, 1, 2, 0, 1])).write(
            to: work.folder.appending(path: "nets/y.npy"))
        // Status reads no files that the sweep names.
        #expect(try !work.run("status", "r").all.contains("was edited"))
        let resumed = try work.run("resume", "r")
        #expect(resumed.errors.contains(" warning:   nets/y.npy: SHA-256 "), "\(resumed.all)")
    }

    @Test func `Equal files of one sweep are kept once, and shards find each of them`() throws {
        let work = try Workspace()
        try GraphFiles.writeTwins(to: work)
        let run = try work.run("run", "s.yaml", "--out", "r")
        #expect(run.code == 0, "\(run.all)")
        // Two networks, points with two names, and labels.
        #expect(
            try work.run("check", "r").output.contains("ok    files: 5 files with the digests in sweep.json"))
        let shard = try work.run(
            "shard", "s.yaml", "--index", "0", "--count", "1", "--out", "parts/0.ndjson")
        #expect(shard.code == 0, "\(shard.all)")
        #expect(try work.run("merge", "parts/0.ndjson", "--out", "m").code == 0)
        #expect(try work.bytes("m/records.ndjson") == work.bytes("r/records.ndjson"))
        // A network with external data may have another name in another folder.
        for (own, twin) in [("nets/b.onnx", "b2.onnx"), ("nets/b.data", "b.data")] {
            try work.bytes(own).write(to: work.folder.appending(path: "twins/\(twin)"))
        }
        try work.write(
            GraphFiles.sweep.replacing(", nets/b.onnx, nets/c.onnx]", with: ", nets/b.onnx, twins/b2.onnx]")
                .replacing("axes:", with: "zip: [[file, dataset.point]]\naxes:")
                .replacing("{range: [0, 4]}", with: "[0, 1, 2]"), to: "s.yaml")
        let twins = try work.run(
            "shard", "s.yaml", "--index", "0", "--count", "1", "--out", "parts/b.ndjson")
        #expect(twins.code == 0, "\(twins.all)")
        #expect(try work.run("run", "s.yaml", "--out", "b").code == 0)
    }

    @Test func `A merged run has its inputs' files, and remembers its sweep file`() throws {
        let work = try Workspace()
        try GraphFiles.write(to: work)
        #expect(try work.run("run", "s.yaml", "--out", "ref").code == 0)
        let part = try work.run(
            "shard", "s.yaml", "--index", "0", "--count", "3", "--out", "parts/0.ndjson")
        #expect(part.code == 0, "\(part.all)")
        // Shards have no files, but the sweep file's folder does.
        #expect(
            try work.run("merge", "parts/0.ndjson", "--sweep", "s.yaml", "--out", "m", "--set", "seed=0").code
                == 1)
        let found = try work.run("resume", "m")
        #expect(found.code == 0 && !found.errors.contains("was edited"), "\(found.all)")
        #expect(try work.run("run", "s.yaml", "--out", "r", "--set", "dataset.point=0").code == 0)
        #expect(try work.run("merge", "r", "--sweep", "s.yaml", "--out", "n").code == 1)
        for name in ["nets", "x.npy", "r"] { try remove(work, name) }
        let resumed = try work.run("resume", "n")
        #expect(resumed.code == 0, "\(resumed.all)")
        #expect(try work.bytes("n/records.ndjson") == work.bytes("ref/records.ndjson"))
    }

    @Test func `Shards are merged to the bytes of a run, and their files are looked up again`() throws {
        let work = try Workspace()
        try GraphFiles.write(to: work)
        #expect(try work.run("run", "s.yaml", "--out", "ref").code == 0)
        for index in ["0", "1", "2"] {
            let end = try work.run(
                "shard", "s.yaml", "--index", index, "--count", "3", "--out", "parts/\(index).ndjson")
            #expect(end.code == 0, "\(end.all)")
        }
        let end = try work.run(
            "merge", "parts/2.ndjson", "parts/0.ndjson", "parts/1.ndjson", "--out", "m")
        #expect(end.code == 0, "\(end.all)")
        for name in ["records.ndjson", "sweep.json", "tables/ranks.dat", "tables/layers.csv"] {
            #expect(try work.bytes("m/\(name)") == work.bytes("ref/\(name)"), "\(name)")
        }
        // Other bytes in the external data are another sweep.
        let (_, data) = GraphFiles.network([6, 8, 3], seed: 21, external: "b.data")
        try Data(data).write(to: work.folder.appending(path: "nets/b.data"))
        let other = try work.run(
            "shard", "s.yaml", "--index", "0", "--count", "3", "--out", "parts/0.ndjson")
        #expect(other.code == 2 && other.errors.contains("belongs to another sweep"), "\(other.all)")
    }

    @Test func `Points are added to a run, and files that are lost are asked for by their digest`() throws {
        let work = try Workspace()
        try GraphFiles.write(to: work)
        #expect(
            try work.run("run", "s.yaml", "--out", "all", "--set", "dataset.point={range: [0, 5]}").code == 0)
        #expect(try work.run("run", "s.yaml", "--out", "r").code == 0)
        let extended = try work.run("extend", "r", "--set", "dataset.point={range: [0, 5]}")
        #expect(
            extended.code == 0 && extended.output.contains("3 new trials, 15 trials in all"),
            "\(extended.all)")
        for name in ["nets", "x.npy", "r/files"] { try remove(work, name) }
        let lost = try work.run("resume", "r")
        #expect(lost.code == 2)
        #expect(lost.errors.contains("put the file whose SHA-256 is "), "\(lost.all)")
        #expect(lost.errors.contains(/into the folder r\/files\/[0-9a-f]{64}, as a\.onnx\n/))
        try GraphFiles.write(to: work)
        let end = try work.run("resume", "r")
        #expect(end.code == 0, "\(end.all)")
        #expect(try work.bytes("r/records.ndjson") == work.bytes("all/records.ndjson"))

        // A damaged copy is found, and replaced.
        let copies = try FileManager.default.subpathsOfDirectory(
            atPath: work.folder.appending(path: "r/files").path)
        let damaged = try #require(copies.first { $0.hasSuffix("/a.onnx") })
        try Data([1, 2]).write(to: work.folder.appending(path: "r/files/\(damaged)"))
        let check = try work.run("check", "r")
        #expect(check.code == 1, "\(check.all)")
        #expect(
            check.output.contains("wrong files/\(damaged): its bytes are not those of the sweep's file"),
            "\(check.all)")
        let again = try work.run("resume", "r")
        #expect(again.code == 0, "\(again.all)")
        let mended = try work.run("check", "r")
        #expect(
            mended.code == 0 && mended.output.contains("ok    files: 6 files with the digests in sweep.json"),
            "\(mended.all)")
    }

    @Test func `'plan' prices a point's products and Gram matrices, and starts nothing`() throws {
        let work = try Workspace()
        try GraphFiles.write(to: work)
        let plan = try work.run("plan", "s.yaml", "--json")
        #expect(plan.code == 0, "\(plan.all)")
        let json = try JSONValue(parsing: plan.output.utf8)
        #expect(json["trials"] == JSONValue(12) && json["model"] == .string("onnx"))
        #expect(
            json["cost"]?["parts"]?.array?.compactMap { $0["name"]?.string } == [
                "evaluation", "local_rank", "weight_norms",
            ])
        #expect(try #require(json["memory_bytes"]?.number) > 0)
        #expect(try work.run("plan", "s.yaml").output.contains("\nmemory   at most about "))
        try work.bytes("x.npy").write(to: work.folder.appending(path: "x.gz"))
        let gzip = try work.run("plan", "s.yaml", "--set", "dataset.inputs=x.gz")
        #expect(gzip.code == 2 && gzip.errors.contains("x.gz: the name must not end in .gz"), "\(gzip.all)")
    }
}
