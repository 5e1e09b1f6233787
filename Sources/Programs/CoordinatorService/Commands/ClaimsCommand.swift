import Console
import Glibc
import Reporting
import Sweep
import Text

let claimsCommand = Command(
    "claims", "tells which of a sweep's claims the records of a run bear out",
    operands: ["DIR"],
    options: [
        OptionSpec("--sweep", "SWEEP", "the claims of this sweep file in place of the run's own"),
        OptionSpec(flag: "--strict", "exit with 1 unless all claims hold"), jsonOption,
    ],
    details: """
        Reads the records so far and writes nothing. Each claim holds, does not hold, or is undecided; below it
        is the cell that decides. Exit code 0, whatever the verdicts are, unless --strict is given.
        """,
    examples: [
        "ranksweep claims runs/demo", "ranksweep claims runs/demo --strict",
        "ranksweep claims runs/demo --sweep sweeps/demo.yaml --json | jq '.[].verdict'",
    ],
    run: runClaims)

private func runClaims(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let run = try RunDirectory.open(arguments.operands[0])
    var spec = run.spec
    if let path = arguments["--sweep"] {
        let other = try SweepSource(path, arguments).spec()
        guard let joined = spec.with(claimsOf: other) else {
            throw .input(
                "\(path): its axes are not those of \(run.path), so its claims may mean other trials: run "
                    + quotedCommand("ranksweep merge \(run.word) --sweep \(shellPath(path)) --out DIR"))
        }
        spec = joined
    }
    let claims = try reported { () throws(ReportError) in
        try Reports.claims(of: ReportSource(spec: spec, recordsAt: run.recordsPath))
    }
    if arguments.has("--json") {
        printOut(claims.json.canonicalText)
    } else {
        printOut(claims.isEmpty ? "\(run.path): its sweep has no claims" : claimLines(claims))
    }
    let allHold = claims.allSatisfy { $0.verdict == .holds }
    return arguments.has("--strict") && !allHold ? .incomplete : .done
}

/// The claims with their verdicts, and below each what decides it.
func claimLines(_ claims: [ClaimOutcome]) -> String {
    let head = "claims   \(claims.summary)"
    let lines = claims.flatMap { claim in
        ["  \(claim.number) \(claim.verdict.rawValue): \(claim.text)", "      \(claim.reason)"]
    }
    return ([head] + lines).joined(separator: "\n")
}
