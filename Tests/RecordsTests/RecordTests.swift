import Foundation
import Sweep
import Testing
import Text

@testable import Records

private let body = JSONValue.object([
    "outcome": .string("measured"),
    "metrics": .object(["kl_nats": .number(0.1 + 0.2), "accuracy": .number(1)]),
    "trace": .array([]),
])

@Test func `A record line has sorted keys and shortest numbers`() throws {
    let trial = try grid()[0]
    let line = recordLine(trial: trial, sweepDigest: "abc", body: body)
    #expect(
        line == """
            {"axes":{"beta":0.1,"dataset":"gaussian","depth":1,"seed":0},\
            "metrics":{"accuracy":1,"kl_nats":0.30000000000000004},"model":"vib","outcome":"measured",\
            "sweep":"abc","trial":"\(trial.id.text)","version":1}
            """)
}

@Test func `A record line reads back`() throws {
    let trial = try grid()[7]
    let line = recordLine(trial: trial, sweepDigest: "abc", body: body)
    let record = try Record(parsing: Array(line.utf8))
    #expect(record.axes == trial.axesObject.object)
    #expect(record.metrics == body["metrics"])
    #expect(record.outcome == .measured)
    #expect(record.trial == trial.id.text)
    #expect(record.sweep == "abc")
    #expect(record.theory == nil)
    #expect(record.trace.isEmpty)
}

@Test func `A diverged record keeps its step`() throws {
    let diverged = JSONValue.object([
        "diverged_at_step": JSONValue(17), "metrics": .object([:]), "outcome": .string("diverged"),
    ])
    let trial = try grid()[0]
    let line = recordLine(trial: trial, id: trial.id, sweepDigest: "abc", body: diverged)
    #expect(try Record(parsing: line).outcome == .diverged(atStep: 17))
}

@Test(arguments: [
    ("{", "not a record: "), ("[]", "expected an object"),
    (
        "{\"version\":\(Record.version + 1)}",
        "version \(Record.version + 1); this program reads \(Record.version)"
    ),
    ("{\"version\":\(Record.version)}", "'axes' must be an object"),
    (
        #"{"axes":{},"model":"vib","metrics":{},"outcome":"lost","sweep":"","trial":"","version":1}"#,
        "the outcome 'lost' is neither measured nor diverged"
    ),
])
func `A line that is no record is named by file and line`(line: String, why: String) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "records-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let first = recordLine(trial: try grid()[0], sweepDigest: "abc", body: body)
    try Data((first + "\n" + line + "\n").utf8).write(to: URL(filePath: path))
    var read = 0
    let error = #expect(throws: RecordFileError.self) { try readRecords(at: path) { _ in read += 1 } }
    let words = try #require(error).description
    #expect(words.hasPrefix("\(path):2: not a record: "))
    #expect(words.contains(why))
    #expect(read == 1)
}

@Test func `Missing records are an error that names the file`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "records-\(UUID().uuidString)").path
    let error = #expect(throws: RecordFileError.self) { try readRecords(at: path) { _ in } }
    #expect(try #require(error).description == "\(path): cannot read: No such file or directory")
}

/// Two depths, two betas, three seeds.
private func grid() throws -> Grid {
    try SweepSpec(
        parsing: """
            name: small
            model: vib
            dataset: {name: gaussian, correlations: [0.4, 0.9]}
            axes: {beta: [0.1, 0.5], depth: [1, 2], seed: {range: [0, 3]}}
            training: {steps: 10}
            """, file: "small.yaml"
    ).grid
}
