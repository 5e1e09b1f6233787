import Records
import Foundation
import Scheduling
import TestSupport
import Testing
import Text
import Wire

@testable import CoordinatorService
@testable import Records
@testable import Sweep
@testable import Transport

private let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// The sweep files that ship, and one that uses what they do not.
private func sweepFiles() throws -> [[UInt8]] {
    let folder = root.appending(path: "sweeps")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "yaml" }.sorted { $0.path < $1.path }
    return try files.map { Array(try Data(contentsOf: $0)) } + [
        Array(
            """
            name: all
            model: mlp
            dataset: {name: mnist, train_points: 1000, test_points: 100}
            axes:
              hidden: [[10, 5], [10]]
              width: {linear: [1, 9], count: 3}
              training.batch_size: [10, 20, 30]
              training.learning_rate: {log: [1e-4, 1], count: 4}
              seed: {range: [0, 2]}
              training.beta1: {uniform: [0, 0.9], count: 4, seed: 2}
              training.epsilon: {log_uniform: [1e-9, 1e-3], count: 4}
            zip: [[width, training.batch_size]]
            sobol: [[training.beta1, training.epsilon]]
            where: ["width > 1 or seed == 0", "training.learning_rate < 0.5"]
            training: {optimizer: adam, epochs: 2, schedule: cosine}
            measures: {local_rank: {thresholds: [0.1], points: 16, noise: [1]}, trace_at: {log: 5}}
            weights: {keep: last}
            figures:
              - {name: f, x: training.learning_rate, y: accuracy, xscale: log, series: width}
            """.utf8),
        Array("name: s\nmodel: mlp\ndataset: gaussian\n".utf8),
        Array(
            """
            name: named
            model: layers
            dataset: mnist
            axes: {network: {a: [flatten, {dense: 10}], b: [{residual: [relu]}, flatten, {dense: 10}]}, seed: [0, 1]}
            where: ["network == a or seed == 0"]
            training: {steps: 1}
            quick: {network: a}
            """.utf8),
        Array(
            try SweepSpec(
                parsing: """
                    name: files
                    model: onnx
                    file: net.onnx
                    dataset: {inputs: x.npy, labels: y.npy}
                    axes: {measures.local_rank.patch: [4, 8]}
                    measures: {weight_norms: true, classification_dimension: true}
                    """, file: "s.yaml", look: standInFile
            ).canonicalJSON.canonicalText.utf8),
    ]
}

private let record = #"""
    {"axes":{"beta":0.01,"dataset":"gaussian","depth":2,"seed":0},"metrics":{"accuracy":null,"i_zy_nats":0.75,"kl_nats":1.25e-7,"local_rank":{"0.1":{"mean":[5,4.5],"stderr":[0,0.25]}}},"model":"vib","outcome":"measured","sweep":"0123456789abcdef0123456789abcdef","theory":{"kl_nats":1.5,"local_rank":{"0.1":[5,5]},"rank":5},"trace":[{"loss":2.5,"step":1},{"loss":0.5,"step":100}],"trial":"fedcba9876543210fedcba9876543210","version":1}
    """#
private let diverged = #"""
    {"axes":{"beta":1,"s":"aé\n\u0000\ud83e\uddea"},"diverged_at_step":12,"metrics":{},"model":"mlp","outcome":"diverged","sweep":"0","trial":"1","version":1}
    """#
private let attempt = #"""
    {"attempt":1,"axes":{"beta":0.01},"blas_kernel":"Haswell","cause":"killed","cpu":"A","host":"n","index":3,"lease":"1","outcome":"failed","peak_memory_bytes":1e8,"process":7,"seconds":1.5,"slot":0,"start_unix_ms":1700000000000,"trial":"00"}
    """#
private let jsonWords = [
    "{", "}", "[", "]", ",", ":", "null", "true", "\"", "\\", "\\u0000", "\\ud800", "\\udc00",
    "\\uD83E\\uDDEA", "1e999",
    "-0", "0.0", " ", "\n", "\u{0}", "é", "\u{feff}",
]

@Suite(.timeLimit(.minutes(30))) struct TextFuzzTests {
    @Test func `JSON values`() throws {
        let deep = String(repeating: "[", count: 120) + String(repeating: "]", count: 120)
        let corpus = [record, diverged, attempt, deep, "[1,-2.5,1e-7,123456789012345678]"].map {
            Array($0.utf8)
        }
        try fuzz(corpus, words: jsonWords, rounds: 20_000) { bytes in
            guard let value = try? JSONValue(parsing: bytes) else { return }
            let text = value.canonicalText
            let again = try JSONValue(parsing: text.utf8)
            if again != value || again.canonicalText != text { throw NotTheSame() }
        }
    }

    @Test func `Canonical objects`() throws {
        let more = #"{"a":-0.5,"b":[],"c":{},"d":[true,false,null],"e":1e+21,"f":9007199254740991,"g":1e-07}"#
        let words =
            jsonWords + ["-1", "01", "1.0", "1e5", "1e+16", "10000000000000000", "5e-324", ".5", "1."]
        var taken = 0
        try fuzz([record, attempt, more].map { Array($0.utf8) }, words: words, rounds: 20_000) { bytes in
            guard let object = CanonicalObject(bytes) else { return }
            taken += 1
            let value = try JSONValue(parsing: bytes)
            guard value.canonicalBytes == bytes, let members = value.object else { throw NotTheSame() }
            for (key, member) in members where object[key] != member.canonicalBytes[...] {
                throw NotTheSame()
            }
            if object["none"] != nil, members["none"] == nil { throw NotTheSame() }
        }
        #expect(taken > 100)
    }

    @Test func `Sweep files`() throws {
        let words = [
            "- ", "? ", ": ", "[", "]", "{", "}", "&a ", "*a", "!!binary ", "<<: ", "---\n", "...\n", "|\n",
            ">-\n", "'",
            "\"", "#", "%YAML 9.9\n", "\t", "\r\n", "\u{feff}", "\u{85}", "~", ".inf", "1e-3", "0x10", "yes",
            "axes:\n",
            "log:", "count: ", "range:", "uniform:", "log_uniform:", "where: ", "zip: ", "sobol: ",
            "name: x\n", "seed", "width", "training.steps",
            " and ",
            " or ", "not ", "(", ")", "==", "<=",
        ]
        var accepted = 0
        try fuzz(try sweepFiles(), words: words, rounds: 1500) { bytes in
            let spec: SweepSpec
            do throws(SweepError) { spec = try SweepSpec(parsing: bytes, file: "s.yaml") } catch {
                if error.message.isEmpty { throw NotTheSame() }
                return
            }
            accepted += 1
            let again = try SweepSpec(parsing: spec.canonicalJSON.canonicalText, file: "sweep.json")
            if again != spec || again.digest != spec.digest { throw NotTheSame() }
            if try Grid(parsing: spec.gridJSON.canonicalBytes) != spec.grid { throw NotTheSame() }
            if !spec.files.named.isEmpty, !spec.grid.cost().seconds.isFinite { throw NotTheSame() }
            for index in [0, spec.grid.count / 2, spec.grid.count - 1] {
                let trial = spec.grid[index]
                if trial.id != again.grid[index].id { throw NotTheSame() }
                if spec.grid.index(ofPositions: spec.grid.positions(at: index)) != index {
                    throw NotTheSame()
                }
            }
        }
        #expect(accepted > 50)
    }

    @Test func `Overrides of a sweep`() throws {
        let corpus = [
            "beta=0.1,1", "training.epochs=3", "beta={log: [1e-3, 1], count: 5}", "seed={range: [0, 5]}",
            "dataset=gaussian", "hidden=[10,5],[7]", "training.schedule=cosine", "measures.trace_at={log: 4}",
        ].map { Array($0.utf8) }
        let file = Array(try sweepFiles()[0])
        let words = [
            "=", ",", "[", "]", "{", "}", "log", "range", "&a", "*a", "'", "\"", "#", "\n", "1e400", ".nan",
        ]
        try fuzz(corpus, words: words, rounds: 1500) { bytes in
            guard let text = String(validating: bytes, as: UTF8.self) else { return }
            let override = Override(text)
            guard let spec = try? SweepSpec(parsing: file, file: "s.yaml", overrides: [override]) else {
                return
            }
            let again = try SweepSpec(parsing: spec.canonicalJSON.canonicalText, file: "sweep.json")
            if again != spec { throw NotTheSame() }
        }
    }

    @Test func `Lines of records`() throws {
        try fuzz([record, diverged].map { Array($0.utf8) }, words: jsonWords, rounds: 10_000) { bytes in
            guard let read = try? Record(parsing: bytes) else { return }
            var body: [String: JSONValue] = ["metrics": read.metrics, "trace": .array(read.trace)]
            body["theory"] = read.theory
            switch read.outcome {
            case .measured: body["outcome"] = .string("measured")
            case .diverged(let step):
                body["outcome"] = .string("diverged")
                body["diverged_at_step"] = step.map { JSONValue($0) }
            }
            let line = recordLine(
                axes: .object(read.axes), model: read.model, trial: read.trial,
                sweepDigest: read.sweep,
                body: .object(body))
            if try Record(parsing: line) != read { throw NotTheSame() }
        }
    }

    @Test func `Lines of provenance`() throws {
        try fuzz([attempt, record].map { Array($0.utf8) }, words: jsonWords, rounds: 5000) { bytes in
            var provenance = RunProvenance()
            for line in bytes.split(separator: UInt8(ascii: "\n")) { provenance.add(line) }
            // A page is made of them, which holds no number that is none.
            for number in [provenance.seconds, provenance.peakMemoryBytes] where !number.isFinite {
                throw NotTheSame()
            }
            if provenance.machines.count > provenance.attempts { throw NotTheSame() }
        }
    }

    @Test func `Reports, as the coordinator checks them`() throws {
        let text = """
            name: s
            model: vib
            dataset: {name: gaussian, correlations: [0.5]}
            axes: {beta: [0.1, 0.5], seed: [0, 1]}
            training: {steps: 10}
            measures: {local_rank: false, trace_at: [1]}
            """
        let spec = try SweepSpec(parsing: text, file: "s.yaml")
        let trial = spec.grid[1]
        let metrics = #""i_zy_bits":0.1,"i_zy_nats":0.1,"kl_bits":0.7,"kl_nats":0.5"#
        let losses = #""test_loss":1.4,"train_loss":1.4"#
        let theory = #""critical_betas":[0.25],"i_zy_nats":0.1,"informative_directions":1,"kl_nats":0.5"#
        let body =
            #"{"metrics":{\#(metrics),\#(losses)},"outcome":"measured","# + #""theory":{\#(theory),"#
            + #""local_rank":{},"rank":1},"trace":[{\#(metrics),"step":1,\#(losses)}]}"#
        var report = WorkerMessage.Report(
            lease: LeaseID(1), trial: 1, id: trial.id, attempt: 1, body: Array(body.utf8),
            provenance: Provenance(
                host: "n", process: 1, slot: 0, cpu: "", kernel: "", startMilliseconds: 0, seconds: 0,
                peakMemoryBytes: 0))
        var kept = 0
        var records = SweepRecords(spec.grid)
        try fuzz([report.body], words: jsonWords, rounds: 5000) { bytes in
            report.body = bytes
            guard
                let valid = try? ValidatedReport(
                    report, ofSweep: spec.digest, keeping: spec.weights, &records)
            else { return }
            kept += 1
            let line = valid.line
            let read = try Record(parsing: line)
            if read.trial != trial.id.text || read.sweep != spec.digest { throw NotTheSame() }
            if line.contains(UInt8(ascii: "\n")) { throw NotTheSame() }
            // The line is that of the values, however it came to be.
            let values = try JSONValue(parsing: bytes)
            if line != recordLine(trial: trial, id: trial.id, sweepDigest: spec.digest, body: values) {
                throw NotTheSame()
            }
        }
        #expect(kept > 10)
        report.trial = .max
        #expect(throws: RecordFault.otherTrial) {
            try ValidatedReport(report, ofSweep: spec.digest, keeping: spec.weights, &records)
        }
    }

    @Test func `Key files`() throws {
        let folder = try TemporaryFolder()
        let pair = try KeyPair.fresh()
        let keys = WorkerKeys(pair: pair, coordinator: pair.publicKey)
        let file = "# the public key of worker a\n\(pair.publicKey.text)\n"
        let corpus = [Array(file.utf8), Array("\r\n# \n \(pair.secretKey.text)\t\n".utf8), keys.handedDown]
        try fuzz(corpus, words: ["#", "# ", "\n", "\r", "\t", " ", "\u{85}", "\u{2028}"], rounds: 3000) {
            bytes in
            let path = try folder.write(bytes)
            if let key = try? KeyFile.publicKey(path), PublicKey(text: key.text) != key { throw NotTheSame() }
            if let pair = try? KeyFile.pair(path), KeyPair(secret: pair.secretKey) != pair {
                throw NotTheSame()
            }
            if let read = WorkerKeys(handedDown: bytes), WorkerKeys(handedDown: read.handedDown) != read {
                throw NotTheSame()
            }
            if let decoded = Z85.decode(bytes), Array(Z85.encode(decoded).utf8) != bytes {
                throw NotTheSame()
            }
        }
    }

    @Test func `Options and refusals from a journal, and a measurement's request`() throws {
        let corpus = [
            #"{"checkpoint_every":60,"data":"d","keys":"k","listen":"tcp://127.0.0.1:5555","slots":2,"workers":1}"#,
            #"{"malformed_messages":3,"stranger_connections":1}"#,
        ].map { Array($0.utf8) }
        try fuzz(corpus, words: jsonWords, rounds: 3000) { bytes in
            let counts = RefusalCounts(json: String(decoding: bytes, as: UTF8.self))
            if RefusalCounts(json: counts.json.canonicalText) != counts { throw NotTheSame() }
            guard let json = try? JSONValue(parsing: bytes) else { return }
            _ = MeasureRequest(json)
            var options = RunOptions(slots: 1, data: "")
            options.restore(json)
            var again = RunOptions(slots: 1, data: "")
            again.restore(options.json)
            if again != options { throw NotTheSame() }
        }
    }
}
