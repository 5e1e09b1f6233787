import Console
import Foundation
import Testing
import Text

/// The lines of a run and its workers, where they go, and how they are read again.
@Suite(.serialized) struct LogTests {
    private func entries(_ text: String) -> [LogEntry?] {
        text.split(separator: "\n").map { LogEntry(parsing: $0.utf8) }
    }

    @Test func `Every line of a run has a time and a level, printed and in its file`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20, seeds: 1), to: "s.yaml")
        let run = try work.run("run", "s.yaml", "--out", "a", "--log-format", "json", "--verbose")
        #expect(run.code == 0, "\(run.all)")
        let printed = entries(run.errors)
        #expect(!printed.contains(nil), "\(run.errors)")
        let kept = entries(try work.text("a/log.ndjson"))
        #expect(!kept.contains(nil))
        for entry in printed { #expect(kept.contains(entry)) }
        // All that standard error doesn't say: who began, and the end that standard output says.
        let others = kept.compactMap(\.self).filter { !printed.contains($0) }
        #expect(others.count == 2 && others.last?.message.hasPrefix("small: 8 trials: 8 measured") == true)
        for trial in 0..<8 {
            let about = kept.filter { $0?.trial == trial && $0?.level == .debug }
            #expect(about.contains { $0?.message.contains("trial \(trial) measured on ") == true })
        }
        // A worker's own lines come through.
        #expect(kept.contains { $0?.message.hasPrefix("worker: slot ") == true })

        let text = try work.run("run", "s.yaml", "--out", "b")
        for line in text.errors.split(separator: "\n") {
            let form = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d (info|warning): .*/
            #expect(line.wholeMatch(of: form) != nil, "\(line)")
        }
        let quiet = try work.run("run", "s.yaml", "--out", "c", "--quiet")
        #expect(quiet.code == 0 && quiet.errors.isEmpty, "\(quiet.all)")
        #expect(try work.text("c/log.ndjson").contains("OpenBLAS kernel"))
        let both = try work.run("run", "s.yaml", "--out", "d", "--quiet", "--verbose")
        #expect(both.code == 2 && !work.exists("d"), "\(both.all)")
        let wrong = try work.run("run", "s.yaml", "--out", "d", "--log-format", "xml")
        #expect(wrong.code == 2 && wrong.errors.contains("must be text or json, not 'xml'"), "\(wrong.all)")
    }

    @Test func `logs prints a run's log, and what attempts at a trial said`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20, seeds: 1), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "a", "--verbose").code == 0)
        let all = try work.run("logs", "a")
        #expect(all.code == 0 && all.output.contains(" info: small: 8 trials → a"), "\(all.all)")
        #expect(all.output.contains(" debug: trial 3 measured on "))
        #expect(try !work.run("logs", "a", "--level", "info").output.contains(" debug: "))
        let json = try work.run("logs", "a", "--json")
        #expect(json.output == (try work.text("a/log.ndjson")))
        let one = try work.run("logs", "a", "3")
        let lines = one.output.split(separator: "\n")
        #expect(one.code == 0 && lines.first?.hasPrefix("trial 3, ") == true, "\(one.all)")
        #expect(lines.dropFirst().first?.hasPrefix("attempt 1: measured on ") == true)
        #expect(lines.dropFirst(2).allSatisfy { $0.contains(" debug: ") && $0.contains("trial 3 ") })
        let id = try #require(one.output.firstMatch(of: /trial 3, ([0-9a-f]+):/)).1
        #expect(try work.run("logs", "a", String(id)).output == one.output)
        for (words, why) in [
            (["8"], "the sweep has the trials 0 to 7, not 8"), (["x"], "'x' is neither an index"),
            (["--level", "loud"], "no level 'loud'"), (["3", "--follow"], "leave out TRIAL"),
        ] {
            let end = try work.start("ranksweep", ["logs", "a"] + words).wait()
            #expect(end.code == 2 && end.errors.contains(why), "\(end.all)")
        }
        for name in ["log.ndjson", "log.1.ndjson"] {
            try? FileManager.default.removeItem(at: work.folder.appending(path: "a/\(name)"))
        }
        let none = try work.run("logs", "a")
        #expect(none.code == 2 && none.errors.contains("there is no log.ndjson"), "\(none.all)")
        #expect(try work.run("logs", "a", "3").output.contains("attempt 1: measured on "))
    }

    @Test func `logs --follow goes on until the run ends`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 3000), to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", "a", "--slots", "1"])
        try eventually("it runs", of: run) { run.errors.contains("worker on ") }
        let follower = try work.start("ranksweep", ["logs", "a", "--follow"])
        #expect(try work.run("cancel", "a").code == 0)
        #expect(try run.wait().code == 3)
        let end = try follower.wait()
        #expect(end.code == 0 && end.output.contains("to continue: ranksweep resume a"), "\(end.all)")
        // The next coordinator goes on with the same file.
        #expect(try work.run("resume", "a").code == 0)
        let all = try work.run("logs", "a").output
        #expect(all.components(separatedBy: "worker on ").count >= 3, "\(all)")
        #expect(all.hasPrefix(String(end.output.prefix(40))))
    }
}
