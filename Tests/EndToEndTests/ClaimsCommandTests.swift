import Foundation
import Testing
import Text

private func sweep(_ claims: String, beta: String = "[0.1, 0.9]") -> String {
    """
    name: c
    model: vib
    dataset: {name: gaussian, correlations: [0.9, 0.95]}
    axes: {beta: \(beta), seed: {range: [0, 3]}}
    training: {steps: 50}
    claims: [\(claims)]
    """
}

/// Claims from the sweep file to the end of a run, and by their command.
@Suite(.serialized) struct ClaimsCommandTests {
    private static let sound = "{text: KL is a number, metric: kl_nats, within: [-1000, 1000]}"
    private static let wrong = "{text: KL is huge, metric: kl_nats, above: 1000}"

    @Test func `A run ends with its verdicts, and claims repeats them, also for an edited file`() throws {
        let work = try Workspace()
        try work.write(sweep(Self.sound), to: "s.yaml")
        let run = try work.run("run", "s.yaml", "--out", "r")
        #expect(
            run.code == 0 && run.output.contains("claims   1 holds, 0 do not hold, 0 are undecided"),
            "\(run.all)")
        #expect(run.output.contains("  1 holds: KL is a number"))
        #expect(try work.text("r/tables/claims.csv").contains("1,KL is a number,holds,2,2,0,0,3,"))
        #expect(try work.text("r/report.html").contains("KL is a number"))
        let again = try work.run("claims", "r", "--strict")
        #expect(again.code == 0 && again.output.contains("holds in 2 of 2 cells"), "\(again.all)")

        try work.write(sweep(Self.sound + ", " + Self.wrong), to: "s.yaml")
        let edited = try work.run("claims", "r", "--sweep", "s.yaml")
        #expect(edited.code == 0 && edited.output.contains("  2 does not hold: KL is huge"), "\(edited.all)")
        #expect(try work.run("claims", "r", "--sweep", "s.yaml", "--strict").code == 1)
        let json = try work.run("claims", "r", "--sweep", "s.yaml", "--json")
        let verdicts = try #require(try JSONValue(parsing: json.output.utf8).array).map {
            $0["verdict"]?.string
        }
        #expect(verdicts == ["holds", "does not hold"])

        try work.write(sweep(Self.sound, beta: "[0.1, 0.5]"), to: "other.yaml")
        let other = try work.run("claims", "r", "--sweep", "other.yaml")
        #expect(other.code == 2 && other.errors.contains("its axes are not those of r"), "\(other.all)")
    }

    @Test func `A sweep without claims says so, and one that can't be decided is refused before it runs`()
        throws
    {
        let work = try Workspace()
        try work.write(sweep(""), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "r").code == 0)
        let none = try work.run("claims", "r", "--strict")
        #expect(none.code == 0 && none.output == "r: its sweep has no claims\n", "\(none.all)")
        try work.write(sweep("{text: t, metric: kl_nats, abov: 1}"), to: "bad.yaml")
        let bad = try work.run("run", "bad.yaml", "--out", "b")
        #expect(
            bad.code == 2 && bad.errors.contains("did you mean 'above'?") && !work.exists("b"), "\(bad.all)")
        #expect(try work.run("claims", "nowhere").code == 2)
    }
}
