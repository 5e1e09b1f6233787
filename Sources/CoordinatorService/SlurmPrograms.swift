import Console
import Transport

/// Slurm's programs, which submit jobs, list and cancel them.
struct SlurmPrograms: Equatable {
    let sbatch: String
    let squeue: String
    let scancel: String

    /// Before a run begins nobody waits longer for an answer.
    static let patienceMilliseconds: Int64 = 10_000

    init() throws(CommandFailure) {
        func find(_ name: String) throws(CommandFailure) -> String {
            guard let path = findProgram(name) else {
                throw .input("the program \(name) is not there: jobs are submitted where Slurm is installed")
            }
            return path
        }
        (sbatch, squeue, scancel) = (try find("sbatch"), try find("squeue"), try find("scancel"))
    }

    /// Asks sbatch whether it would take such a job; submits none. What is wrong with the cluster file is an
    /// error, what may pass (no node is up, slurmctld is busy) a warning.
    func tryOut(_ arguments: [String], _ cluster: String) throws(CommandFailure) {
        var command = SlurmCommand.start(sbatch, ["--test-only"] + arguments, at: monotonicMilliseconds())
        guard let answer = command?.wait(milliseconds: SlurmPrograms.patienceMilliseconds) else { return }
        guard !answer.isSuccess else { return }
        let seconds = SlurmPrograms.patienceMilliseconds / 1000
        let words = answer.end == nil ? "no answer for \(seconds) s" : answer.refusal
        if answer.end != nil, ["nvalid", "unrecognized", "ambiguous"].contains(where: words.contains) {
            throw .input("\(cluster): slurm: sbatch takes no such job: \(words)")
        }
        printError("warning: Slurm: sbatch would take no job just now: \(words); going on, as that may pass")
    }
}

extension SlurmCommand.Answer {
    /// The first line that tells what is wrong; the last may be about --help.
    var refusal: String {
        let lines = errors.split(separator: "\n").map(String.init)
        let told = lines.first { line in
            ["nvalid", "unrecognized", "ambiguous"].contains { line.contains($0) }
        }
        return told.map { printable($0) } ?? trouble
    }
}
