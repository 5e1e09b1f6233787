import Cluster
import Console
import Transport

/// Slurm's programs that submit, list and cancel jobs.
struct SlurmPrograms: Equatable {
    let sbatch: String
    let squeue: String
    let scancel: String

    /// The longest wait for an answer before a run begins.
    static let patienceMilliseconds: Int64 = 10_000

    init() throws(CommandFailure) {
        func find(_ name: String) throws(CommandFailure) -> String {
            guard let path = findProgram(name) else {
                throw .input(
                    "the program \(name) is not installed: launch Slurm jobs from a machine that has Slurm")
            }
            return path
        }
        (sbatch, squeue, scancel) = (try find("sbatch"), try find("squeue"), try find("scancel"))
    }

    /// Asks sbatch whether it would accept such a job, without submitting one. A permanent refusal is an
    /// error; one that may pass (no node is up, slurmctld is busy) is a warning.
    func tryOut(_ arguments: [String], partition: String?, _ cluster: String) throws(CommandFailure) {
        var command = SlurmCommand.start(sbatch, ["--test-only"] + arguments, at: monotonicMilliseconds())
        guard let answer = command?.wait(milliseconds: SlurmPrograms.patienceMilliseconds) else { return }
        guard !answer.isSuccess else { return }
        let seconds = SlurmPrograms.patienceMilliseconds / 1000
        guard answer.end != nil else { return warn("no answer for \(seconds) s") }
        let refusal = SlurmRefusal(answer.errors)
        if refusal.isFinal, !refusal.dependsOnNodes || areNodesUp(partition) {
            throw .input("\(cluster): slurm: sbatch rejected the job: \(printable(refusal.text))")
        }
        warn(answer.trouble)
    }

    private func warn(_ words: String) {
        printError(
            "warning: Slurm: sbatch would not accept a job now: \(words); continuing, since that may pass")
    }

    /// Whether no node of the partition is away. One that is away might take what the others can't.
    private func areNodesUp(_ partition: String?) -> Bool {
        guard let sinfo = findProgram("sinfo") else { return false }
        let place = partition.map { ["--partition=\($0)"] } ?? []
        var command = SlurmCommand.start(
            sinfo, ["--noheader", "--Node", "--format=%T"] + place, at: monotonicMilliseconds())
        guard let answer = command?.wait(milliseconds: SlurmPrograms.patienceMilliseconds), answer.isSuccess
        else { return false }
        return !answer.output.isEmpty && !hasAbsentNodes(answer.output)
    }
}
