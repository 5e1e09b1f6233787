import Console
import Journal
import Sweep
import Text

extension RunSummary {
    /// BLAS kernels of the workers whose attempts the journal has. A lost worker's attempt has none.
    var kernels: Set<String> { Set(workers.map(\.kernel)).subtracting([""]) }

    /// "37 records by commit 00c969dc85, 3 by commit 1b58574aa0"; nil where all are by one commit.
    var commitMessage: String? {
        guard commits.count > 1 else { return nil }
        return commits.enumerated().prefix(10).map { index, commit in
            (index == 0 ? countText(commit.records, "record") : groupedText(commit.records))
                + " by \(commitText(commit.name))"
        }.joined(separator: ", ") + (commits.count > 10 ? ", …" : "")
    }

    /// Set where all records are by one commit that isn't this program's.
    var otherCommitMessage: String? {
        guard commits.count == 1, let name = commits.first?.name, !name.isEmpty, name != programCommit else {
            return nil
        }
        return
            "every record is by \(commitText(name)), but this program was built from \(commitText(programCommit))"
    }
}

extension SweepSpec {
    /// Why a worker can't take part in a strict run; nil where it can. A build from other sources may compute
    /// differently, and another kernel's products differ in their last digits.
    ///
    /// - Parameter others: kernels of the workers so far.
    func objection(toCommit commit: String, kernel: String, after others: Set<String>) -> String? {
        guard isStrict else { return nil }
        if commit != programCommit {
            return
                "it was built from \(commitText(commit)), the coordinator from \(commitText(programCommit)), and the sweep says "
                + "'reproducibility: strict': build both from the same sources ('make build', 'make bundle'), or run the "
                + "sweep with 'recorded'"
        }
        guard let due = others.sorted().first, kernel != due else { return nil }
        return
            "its OpenBLAS kernel is \(kernel), the run's is \(due), and the sweep says 'reproducibility: strict': "
            + "start it with --blas-kernel \(due), or run the sweep with 'recorded'"
    }

    /// A warning about a guarantee that strict reproducibility can't give with this program; nil where there
    /// is none.
    var strictnessGap: String? {
        guard isStrict, !isKnownCommit(programCommit) else { return nil }
        return
            "warning: reproducibility: strict: this program does not know which sources it was built from, so it can't tell "
            + "whether such workers match it: build with 'make', which records the commit"
    }

    /// The finding of `check` about the commits that a run's records come from.
    func commitFinding(_ summary: RunSummary) -> [Finding] {
        guard let words = summary.commitMessage else {
            return summary.commits.filter { isKnownCommit($0.name) }.map {
                Finding(level: .ok, what: "provenance", text: "every record is by \(commitText($0.name))")
            }
        }
        return [
            isStrict
                ? Finding(
                    level: .wrong, what: "provenance",
                    text: "\(words), and the sweep says 'reproducibility: strict'",
                    remedy: "run it again in a new directory with programs of one commit, or say 'recorded'")
                : Finding(level: .note, what: "provenance", text: words)
        ]
    }
}

/// Checks, before any work, that a strict run continues with the programs that it was begun with.
func checkCommits(_ spec: SweepSpec, _ journal: RunJournal) throws(CommandFailure) {
    guard spec.isStrict else { return }
    let commits = try journaled { () throws(JournalError) in try journal.summary().commits }
    guard let other = commits.first(where: { !$0.name.isEmpty && $0.name != programCommit }) else { return }
    throw .input(
        "it has \(countText(other.records, "record")) by \(commitText(other.name)), this program was built from "
            + "\(commitText(programCommit)), and the sweep says 'reproducibility: strict': continue with the programs that "
            + "began it, or start a new run with --out")
}
