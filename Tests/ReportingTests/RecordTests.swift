import Foundation
import Sweep
import Testing
import Text

@testable import Reporting

private let body = JSONValue.object([
    "outcome": .string("measured"),
    "metrics": .object(["kl_nats": .number(0.1 + 0.2), "accuracy": .number(1)]),
    "trace": .array([]),
])

@Test func aRecordLineHasSortedKeysAndShortestNumbers() throws {
    let trial = try SweepSpec.small(figures: "").grid[0]
    let line = recordLine(trial: trial, sweepDigest: "abc", body: body)
    #expect(
        line == """
            {"axes":{"beta":0.1,"dataset":"gaussian","depth":1,"seed":0},\
            "metrics":{"accuracy":1,"kl_nats":0.30000000000000004},"model":"vib","outcome":"measured",\
            "sweep":"abc","trial":"\(trial.id.text)","version":1}
            """)
}

@Test func aRecordLineReadsBack() throws {
    let trial = try SweepSpec.small(figures: "").grid[7]
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

@Test func aDivergedRecordKeepsItsStep() throws {
    let records = SyntheticRecords(spec: try .small(figures: ""), diverged: [0])
    #expect(try Record(parsing: Array(records.lines[0].utf8)).outcome == .diverged(atStep: 17))
}

@Test(arguments: [
    ("{", "not a record: "), ("[]", "an object is due"),
    ("{\"version\":2}", "version 2; this program reads 1"),
    ("{\"version\":1}", "'axes' must be an object"),
    (
        #"{"axes":{},"model":"vib","metrics":{},"outcome":"lost","sweep":"","trial":"","version":1}"#,
        "the outcome 'lost' is neither measured nor diverged"
    ),
])
func aLineThatIsNoRecordIsNamedByFileAndLine(line: String, why: String) throws {
    try withFolder { folder in
        let records = SyntheticRecords(spec: try .small(figures: ""))
        let path = folder + "/records.ndjson"
        try Data((records.lines[0] + "\n" + line + "\n").utf8).write(to: URL(filePath: path))
        let error = #expect(throws: ReportError.self) {
            try Reports.write(spec: records.spec, recordsAt: path, to: folder, formats: [])
        }
        let words = try #require(error).description
        #expect(words.hasPrefix("\(path):2: not a record: "))
        #expect(words.contains(why))
    }
}

@Test func missingRecordsAreAnErrorThatNamesTheFile() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(figures: "")
        let error = #expect(throws: ReportError.self) {
            try Reports.write(spec: spec, recordsAt: folder + "/none", to: folder, formats: [])
        }
        #expect(try #require(error).description == "\(folder)/none: cannot read: No such file or directory")
    }
}
