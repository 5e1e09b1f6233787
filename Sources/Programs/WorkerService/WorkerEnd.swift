import Console
import Glibc
import Scheduling
import Text

/// When a worker must be gone, and how long before that it says goodbye.
struct WorkerEnd {
    let unixSeconds: Int
    let marginSeconds: Int

    static let defaultMargin = 30

    /// Reads `--until` and `--shutdown-margin`; nil without `--until`, or for a Slurm job without an end.
    init?(_ arguments: Arguments) throws(UsageError) {
        let margin = try arguments.integer("--shutdown-margin", in: 0...86_400)
        guard let text = arguments["--until"] else {
            guard margin == nil else { throw UsageError("--shutdown-margin goes with --until") }
            return nil
        }
        marginSeconds = margin ?? WorkerEnd.defaultMargin
        if text == "slurm" {
            guard let end = try WorkerEnd.slurmEnd() else { return nil }
            unixSeconds = end
        } else if let seconds = Int(text), (0...1 << 40).contains(seconds) {
            unixSeconds = seconds
        } else {
            throw UsageError(
                "--until must be seconds since 1970, such as $(($(date +%s) + 3600)), or slurm, not '\(text)'"
            )
        }
    }

    /// The end of this Slurm job. Newer Slurms set it for each job (22.05 does not); jobs without a limit
    /// have an end far in the future.
    private static func slurmEnd() throws(UsageError) -> Int? {
        guard environmentValue("SLURM_JOB_ID") != nil else {
            throw UsageError("--until slurm: this is not a Slurm job: SLURM_JOB_ID is not set")
        }
        guard let text = environmentValue("SLURM_JOB_END_TIME") else {
            throw UsageError(
                "--until slurm: this Slurm does not set SLURM_JOB_END_TIME; let the batch script do it: "
                    + "job=${SLURM_ARRAY_JOB_ID:-$SLURM_JOB_ID}${SLURM_ARRAY_TASK_ID:+_$SLURM_ARRAY_TASK_ID}; "
                    + "export SLURM_JOB_END_TIME=$(date -d \"$(squeue -h -j $job -o %e)\" +%s)")
        }
        guard let end = Int(text), end >= 0 else {
            throw UsageError("--until slurm: SLURM_JOB_END_TIME is not a time: '\(text)'")
        }
        return end == 0 || end >= 1 << 31 ? nil : end
    }

    /// The time of the goodbye on this process's monotonic clock: the end minus the margin.
    func instant() throws(UsageError) -> Instant {
        let left = Int64(unixSeconds) * 1000 - unixMilliseconds()
        guard left > Int64(marginSeconds) * 1000 else {
            throw UsageError(
                "--until: \(max(0, left / 1000)) s are left, but the worker leaves \(marginSeconds) s before the end "
                    + "(--shutdown-margin): no time for any trial")
        }
        return Instant(milliseconds: monotonicMilliseconds() + left - Int64(marginSeconds) * 1000)
    }
}
