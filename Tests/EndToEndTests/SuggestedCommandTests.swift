import Foundation
import Glibc
import Testing

/// Commands that messages suggest, run as they are printed.
@Suite(.serialized) struct SuggestedCommandTests {
    /// The text that follows some words on a line.
    private func reported(_ text: String, after words: String) throws -> String {
        let line = try #require(text.split(separator: "\n").first { $0.contains(words) }, "\(text)")
        return String(try #require(line.components(separatedBy: words).last))
    }

    @Test(arguments: [
        ("a b'c", "ranksweep resume 'a b'\\''c'"), ("-y", "ranksweep resume ./-y"),
        ("$(x);&\u{e4}", "ranksweep resume '$(x);&\u{e4}'"),
    ])
    func `They work whatever the run's directory is called`(name: String, resume: String) throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 3000), to: "s.yaml")
        let run = try work.start("ranksweep", ["run", "s.yaml", "--out", name, "--slots", "1"])
        try eventually("it runs", of: run) { run.errors.contains("worker on ") }
        run.signal(SIGINT)
        let cut = try run.wait()
        #expect(cut.code == 3, "\(cut.all)")
        let goOn = try reported(cut.errors, after: "to continue: ")
        #expect(goOn == resume)
        let status = try work.run("status", name.hasPrefix("-") ? "./" + name : name)
        #expect(try reported(status.output, after: "to continue: ").hasPrefix("ranksweep resume "))
        // The same place cannot be taken again, and the sentence that says so has the command as it is typed.
        let again = try work.run("run", "s.yaml", "--out", name)
        #expect(again.code == 2 && again.errors.contains(resume), "\(again.all)")
        let end = try work.shell(goOn)
        #expect(end.code == 0, "\(end.all)")
        let check = try work.shell(goOn.replacing("resume", with: "check"))
        #expect(check.code == 0, "\(check.all)")
        let done = try work.shell(goOn)
        let figures = try reported(done.output, after: "to draw them again: ")
        #expect(try work.shell(figures).code == 0, "\(done.all)")
    }

    @Test func `A folder of keys, too`() throws {
        let work = try Workspace()
        let made = try work.run("keys", "new", "my keys")
        #expect(made.code == 0, "\(made.all)")
        let add = try reported(made.output, after: "  ranksweep keys add ")
        #expect(try work.shell("ranksweep keys add \(add.replacing("NAME", with: "host1"))").code == 0)
        let revoked = try work.run("keys", "revoke", "my keys", "host1")
        #expect(try work.shell(reported(revoked.output, after: "  ")).code == 0, "\(revoked.all)")
    }
}
