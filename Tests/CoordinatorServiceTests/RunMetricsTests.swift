import Foundation
import Testing
import Text

@testable import CoordinatorService

private let promtool = "/usr/bin/promtool"

@Suite struct RunMetricsTests {
    private static let status = #"""
        {"name":"de\"mo","state":"running","total":100,"done":40,"measured":37,"diverged":1,"quarantined":2,
        "conflicts":0,"trials_per_second":2.5,"eta_seconds":24,"eta_low":20,"eta_high":29,
        "causes":[{"cause":"its process was killed by SIGKILL (Killed)","count":6},{"cause":"ran longer than the limit of 600 s","count":1},
        {"cause":"its worker was lost, 5 times over","count":2},{"cause":"a label is 10","count":3}],
        "lost":{"count":4},"refused":{"unknown_key_connections":2,"malformed_messages":0},
        "live":{"leased":8,"slots":6,"running_fraction":1.25,
        "workers":[{"free_slots":1},{"suspect":true,"free_slots":0},{"back_off_seconds":3,"free_slots":2}],
        "journal":{"commits":12,"commit_seconds":0.5,"bytes":4096},"messages":{"received_bytes":1000,"sent_bytes":500}}}
        """#

    private func text(_ status: String) throws -> String {
        metricsText(
            try JSONValue(parsing: status.utf8), directory: "/runs/a \"b\"\\c",
            unixMilliseconds: 1_796_135_540_500)
    }

    /// The value of a sample by its name and own label.
    private func value(_ name: String, _ label: String = "", in text: String) -> Double? {
        let line = text.split(separator: "\n").first {
            $0.hasPrefix("ranksweep_\(name){") && (label.isEmpty || $0.contains(",\(label)} "))
        }
        return line.flatMap { Double($0.split(separator: " ").last ?? "") }
    }

    @Test func `Each number is the status's`() throws {
        let text = try text(Self.status)
        for (name, label, expected) in [
            ("trials", "state=\"measured\"", 37.0), ("trials", "state=\"pending\"", 52),
            ("trials", "state=\"leased\"", 8), ("trials_planned", "", 100),
            ("failed_attempts_total", "class=\"process\"", 6),
            ("failed_attempts_total", "class=\"time_limit\"", 1),
            ("failed_attempts_total", "class=\"worker\"", 2), ("failed_attempts_total", "class=\"trial\"", 3),
            ("workers", "state=\"live\"", 1), ("workers", "state=\"silent\"", 1),
            ("workers", "state=\"backing_off\"", 1), ("slots", "state=\"busy\"", 3),
            ("slots", "state=\"free\"", 3),
            ("eta_low_seconds", "", 20), ("state", "state=\"running\"", 1), ("state", "state=\"done\"", 0),
            ("journal_commit_seconds_sum", "", 0.5), ("journal_commit_seconds_count", "", 12),
            ("received_bytes_total", "", 1000), ("refused_total", "reason=\"unknown_key_connections\"", 2),
            ("workers_lost_total", "", 4), ("status_timestamp_seconds", "", 1_796_135_540.5),
        ] {
            #expect(value(name, label, in: text) == expected, "\(name) \(label)\n\(text)")
        }
        #expect(text.contains(#"run="de\"mo",directory="/runs/a \"b\"\\c""#))
    }

    @Test func `What isn't known is left out`() throws {
        let text = try text(#"{"name":"a","state":"done","total":3,"done":3,"measured":3}"#)
        #expect(!text.contains("eta") && !text.contains("_workers{") && !text.contains("journal"))
        #expect(value("trials", "state=\"measured\"", in: text) == 3)
    }

    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: promtool)),
        arguments: [
            status, #"{"name":"a","state":"done","total":3,"done":3,"measured":3}"#, "{}",
        ])
    func `Prometheus' own check has nothing to say`(status: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: promtool)
        process.arguments = ["check", "metrics"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(try text(status).utf8))
        try input.fileHandleForWriting.close()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && said.isEmpty, "\(said)")
    }

    @Test(arguments: [
        ("its process exited with code 3", FailureClass.process),
        ("its slot answered for another trial", .process),
        ("used more than 2 GiB of memory, the limit (--memory-limit)", .memoryLimit),
        ("x: the trial's weights cannot be written: No space left on device", .disk), ("anything", .trial),
    ])
    func `Failures have a class`(cause: String, expected: FailureClass) {
        #expect(FailureClass(cause) == expected)
    }
}
