import Console
import Testing
import Text

@testable import CoordinatorService

@Suite struct StatusScreenTests {
    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8) }

    private func screen(workers: Int = 3) throws -> StatusScreen {
        var report = ProgressReport(
            total: 1260, done: 516, quarantined: 2, failures: 7, workers: workers, slots: 4 * workers,
            rate: 12)
        report.timeLeft = TimeLeft(seconds: 62, low: 55, high: 70)
        var screen = StatusScreen(title: "demo: running", path: "runs/demo", progress: report)
        screen.workerCount = workers
        screen.workers = try (0..<workers).map { number in
            let trouble = number == 1 ? #","suspect":true,"silent_seconds":6.2,"failures_in_a_row":3"# : ""
            let idle = number == 2 ? #","idle":{"reason":"nothing_waits"}"# : ""
            return (
                try json(
                    #"{"host":"node\#(number).example.org","process":\#(4711 + number),"slots":4,"free_slots":1,"trials":5,"#
                        + #""blas_kernel":"SkylakeX"\#(trouble)\#(idle)}"#), 120 * number
            )
        }
        screen.causes = [
            (5, "its process was killed by SIGKILL (Killed)", "trial 17 on node1.example.org"),
            (2, "ran longer than the limit of 600 s", "trial 90 on node2.example.org"),
        ]
        let record = try json(
            #"{"trace":[{"step":1,"loss":2.31},{"step":10,"loss":1.2},{"step":100,"loss":0.4},{"step":1000,"loss":0.021}]}"#
        )
        screen.curves = [TraceCurve(record, trial: 37, point: "beta 0.1, depth 2", asked: nil)].compactMap(
            \.self)
        screen.log = (0..<40).map {
            LogEntry(
                unixMilliseconds: 1_796_135_540_000 + Int64($0) * 1000, level: $0 % 7 == 0 ? .warning : .info,
                message:
                    "line \($0) of what the run said, which is rather long where there are eighty columns")
        }
        return screen
    }

    @Test(arguments: [(40, 20), (80, 24), (120, 40), (200, 50), (20, 6), (80, 5), (300, 100)])
    func `A page fits its terminal, and shows first what matters most`(columns: Int, rows: Int) throws {
        let lines = try screen().lines(columns: columns, rows: rows)
        #expect(lines.count <= max(rows, 4), "\(lines.joined(separator: "\n"))")
        #expect(lines.allSatisfy { $0.count < columns }, "\(lines.joined(separator: "\n"))")
        #expect(lines[0].hasPrefix("demo: running".prefix(columns - 2)))
        #expect(lines[1].contains("516/1260 40 %"))
        guard columns >= 40, rows >= 20 else { return }
        let text = lines.joined(separator: "\n")
        for words in [
            "worker", "node1.example.org 4712", columns < 80 ? "silent for 6.2" : "silent for 6.2 s",
            "5× its process was killed",
            "loss, trial 37: 2.31", "█▇▆▁",
        ] {
            #expect(text.contains(words), "\(words)\n\(text)")
        }
        // The worker in trouble comes first.
        let rows = lines.filter { $0.hasPrefix("node") }
        #expect(rows.first?.hasPrefix("node1") == true)
        #expect(lines.last?.contains(columns >= 100 ? "line 39 of what the run said" : "line 39") == true)
    }

    @Test func `Hundreds of workers leave room for the rest`() throws {
        let lines = try screen(workers: 300).lines(columns: 100, rows: 30)
        #expect(lines.contains { $0.hasPrefix("… and 29") && $0.hasSuffix(" other workers") })
        #expect(lines.contains { $0.contains("5× its process was killed") })
        #expect(lines.contains { $0.contains("line 39") })
    }

    @Test func `A narrow table loses columns, not words of trouble`() throws {
        let wide = try #require(try screen().lines(columns: 120, rows: 30).first { $0.hasPrefix("worker") })
        #expect(wide.split(separator: " ") == ["worker", "slots", "free", "holds", "ended", "kernel"])
        let narrow = try #require(try screen().lines(columns: 40, rows: 30).first { $0.hasPrefix("worker") })
        #expect(narrow.split(separator: " ") == ["worker"])
    }

    @Test func `A run that is halted, or has no worker, says so in place of a time`() throws {
        var page = try screen()
        page.progress.halt = "paused"
        #expect(page.lines(columns: 80, rows: 24)[1].hasSuffix("516/1260 40 % · paused"))
        page.progress.halt = nil
        page.progress.workers = 0
        #expect(page.lines(columns: 80, rows: 24)[1].hasSuffix("· waiting for workers"))
        page.progress.done = 1260
        #expect(page.lines(columns: 80, rows: 24)[1].hasSuffix("█ 1260/1260 100 %"))
    }
}

@Suite struct SparklineTests {
    @Test func `A curve has a character for each value, or shares them`() throws {
        #expect(Sparkline([1, 2, 3, 4, 5, 6, 7, 8])?.text(width: 20) == "▁▂▃▄▅▆▇█")
        #expect(Sparkline([1, 2, 3, 4, 5, 6, 7, 8])?.text(width: 4) == "▁▃▆█")
        #expect(Sparkline([5, 5])?.text(width: 9) == "▄▄" && Sparkline([5])?.text(width: 1) == "▄")
        // Over more than two orders of magnitude, by logarithms.
        #expect(Sparkline([1, 10, 100, 1000])?.text(width: 9) == "▁▃▆█")
        #expect(Sparkline([-1, 0, 1000])?.text(width: 9) == "▁▁█")
        #expect(Sparkline([.nan, .infinity]) == nil && Sparkline([]) == nil)
        #expect(Sparkline([0.02134, 12.345])?.ends.first == "0.0213")
    }

    private func curve(_ trace: String, _ asked: String? = nil) throws -> TraceCurve? {
        TraceCurve(
            try JSONValue(parsing: #"{"trace":\#(trace)}"#.utf8), trial: 1, point: "", asked: asked)
    }

    @Test func `The loss comes first, and of a list the last layer`() throws {
        let trace = #"[{"step":1,"kl":3,"test_loss":2,"ranks":{"0.1":{"mean":[4,5,6],"stderr":[0,0,0]}}}]"#
        #expect(try curve(trace)?.metric == "test_loss")
        #expect(try curve(trace, "kl")?.line.values == [3])
        let ranks = try #require(try curve(trace, "ranks"))
        #expect(ranks.metric == "ranks 0.1, layer 3" && ranks.line.values == [6])
        #expect(try curve(trace, "nothing") == nil && curve("[]") == nil)
        #expect(try curve(#"[{"step":1,"kl":3}]"#)?.metric == "kl")
        let record = try JSONValue(parsing: #"{"trace":\#(trace)}"#.utf8)
        #expect(TraceCurve.metrics(of: record) == ["test_loss", "kl", "ranks"])
    }
}
