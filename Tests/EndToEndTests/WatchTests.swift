import Console
import Foundation
import Glibc
import Testing
import Text

private let tmux = "/usr/bin/tmux"
private let promtool = "/usr/bin/promtool"

/// The ways to watch a run beside its log: the page of `status --follow`, metrics, the command at the end.
@Suite(.serialized) struct WatchTests {
    @Test func `A run leaves metrics and tells the command at its end`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20, seeds: 1), to: "s.yaml")
        let command =
            #"echo "$RANKSWEEP_STATE $RANKSWEEP_EXIT_CODE $RANKSWEEP_TOTAL $RANKSWEEP_MEASURED $RANKSWEEP_NAME" > told; "#
            + #"test -f "$RANKSWEEP_DIR/report.html" || exit 9; ranksweep=$RANKSWEEP_DIR; echo said; exit 3"#
        let run = try work.run("run", "s.yaml", "--out", "a", "--on-finish", command)
        #expect(run.code == 0, "\(run.all)")
        #expect(try work.text("told") == "done 0 8 8 small\n")
        #expect(run.errors.contains("\nsaid\n") && !run.output.contains("said"), "\(run.all)")
        #expect(run.errors.contains("warning: --on-finish: the command exited with code 3"), "\(run.all)")
        let metrics = try work.text("a/metrics.prom")
        #expect(
            metrics.contains(#"state="measured"} 8"#) && metrics.contains(#"state="done"} 1"#), "\(metrics)")
        #expect(metrics.contains(#"directory="\#(work.folder.path)/a""#) || metrics.contains("/a\""))
        #expect(try work.run("check", "a").code == 0)
        // Where nothing was begun there is nothing to tell.
        try FileManager.default.removeItem(at: work.folder.appending(path: "told"))
        let wrong = try work.run("run", "missing.yaml", "--on-finish", command)
        #expect(wrong.code == 2 && !work.exists("told"), "\(wrong.all)")
    }

    @Test func `A run that is cancelled tells that, too, and metrics follow it`() throws {
        let work = try Workspace()
        // Optimised, it takes a minute: it is cancelled long before its end.
        try work.write(smallSweep(steps: 300_000), to: "s.yaml")
        let run = try work.start(
            "ranksweep",
            ["run", "s.yaml", "--out", "a", "--slots", "1", "--on-finish", "echo $RANKSWEEP_STATE > told"])
        try eventually("metrics show its worker", of: run) {
            (try? work.text("a/metrics.prom"))?.contains(#"state="live"} 1"#) == true
        }
        let status = try work.status("a")
        for key in ["eta_seconds", "eta_low", "eta_high"] { #expect(status[key]?.number != nil, "\(status)") }
        #expect((status["eta_low"]?.number ?? 1) <= (status["eta_high"]?.number ?? 0))
        #expect(status["live"]?["journal"]?["bytes"]?.number ?? 0 > 0)
        #expect(try work.run("cancel", "a").code == 0)
        #expect(try run.wait().code == 3)
        #expect(try work.text("told") == "interrupted\n")
        #expect(try work.text("a/metrics.prom").contains(#"state="interrupted"} 1"#))
        if FileManager.default.isExecutableFile(atPath: promtool) {
            let check = try work.shell("promtool check metrics < a/metrics.prom")
            #expect(check.code == 0 && check.all.isEmpty, "\(check.all)")
        }
        #expect(try work.run("check", "a").code == 0)
    }

    /// The screen of a terminal multiplexer in which a command runs.
    private struct Pane {
        let work: Workspace
        let name = "watch-\(UUID().uuidString.prefix(8))"

        private func tmux(_ words: String, after first: String = "") throws -> Program.Result {
            try work.shell("\(first)LC_ALL=C.UTF-8 /usr/bin/tmux -L \(name) -f /dev/null \(words)")
        }

        func start(_ command: String, columns: Int, rows: Int) throws {
            // The server goes on, and must not hold the descriptor by which Foundation notices its client's end.
            let closing = #"for f in /proc/$$/fd/*; do n=${f##*/}; [ $n -gt 2 ] && eval "exec $n>&-"; done; "#
            let made = try tmux(
                "-u new-session -d -x \(columns) -y \(rows) '\(command); sleep 60'", after: closing)
            #expect(made.code == 0, "\(made.all)")
        }

        func resize(columns: Int, rows: Int) throws {
            #expect(try tmux("resize-window -x \(columns) -y \(rows)").code == 0)
        }

        func screen() throws -> [String] {
            try tmux("-u capture-pane -p").output.components(separatedBy: "\n")
        }

        func keys(_ keys: String) throws { _ = try tmux("send-keys \(keys)") }
        func end() { _ = try? tmux("kill-server") }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: tmux)))
    func `status --follow redraws in place, also when the terminal is resized, and leaves the last status`()
        throws
    {
        let work = try Workspace()
        try work.write(
            smallSweep(steps: 40_000, seeds: 40).replacing("points: 16}", with: "points: 16}, trace_at: log"),
            to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a", "--slots", "2"])
        try work.waitForRecords("a")
        let pane = Pane(work: work)
        defer { pane.end() }
        try pane.start("ranksweep status a --follow", columns: 80, rows: 24)
        func isDrawn(_ columns: Int) throws -> Bool {
            let lines = try pane.screen()
            return lines.first?.hasPrefix("small: running") == true && lines.contains { $0.contains("/320 ") }
                && lines.contains { $0.hasPrefix("worker") } && lines.contains { $0.contains("loss, trial ") }
                && lines.allSatisfy { $0.count < columns }
        }
        try eventually("a page of 80 columns", of: run) { try isDrawn(80) }
        let seen = try pane.screen().joined(separator: "\n")
        try #require(try isDrawn(80), "\(seen)")
        for (columns, rows) in [(40, 30), (200, 24), (60, 12)] {
            try pane.resize(columns: columns, rows: rows)
            try eventually("a page of \(columns) columns", of: run) { try isDrawn(columns) }
            // Nothing of another size is left over.
            let lines = try pane.screen()
            #expect(lines.count { $0.hasPrefix("small: running") } == 1, "\(lines)")
        }
        try pane.keys("C-c")
        try eventually("the terminal is as before") {
            try !pane.screen().contains { $0.contains("loss, trial ") }
        }
        #expect(run.isRunning)
        try pane.resize(columns: 100, rows: 30)
        let second = Pane(work: work)
        defer { second.end() }
        try second.start("ranksweep status a --follow --metric kl_nats", columns: 100, rows: 30)
        try eventually("another metric", of: run) {
            try second.screen().contains { $0.contains("kl_nats, trial ") }
        }
        #expect(try work.run("cancel", "a").code == 0)
        #expect(try run.wait().code == 3)
        try eventually("the last status stays") {
            try second.screen().contains { $0.contains("to continue: ranksweep resume a") }
        }
        let wrong = try work.run("status", "a", "--follow")
        #expect(wrong.code == 0 && wrong.output.contains("not running; to continue"), "\(wrong.all)")
    }
}
