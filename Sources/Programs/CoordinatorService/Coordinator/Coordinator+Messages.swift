import Records
import Console
import Journal
import Scheduling
import Text
import Wire

// Messages of a run in progress.

extension Coordinator {
    /// Redraws the progress line on a terminal; elsewhere prints one every half minute.
    mutating func showProgress() {
        let now = monotonicMilliseconds()
        guard log.showsProgress || now >= nextLookAt || now >= nextLineAt else { return }
        nextLookAt = now + 1000
        updateEstimates()
        if log.showsProgress {
            log.showProgress(progressReport.line(width: log.width - 1))
        } else if now >= nextLineAt {
            nextLineAt = now + 30_000
            log.add(progressReport.line(width: 200))
        }
    }

    /// Brings the rate and the time left up to date; both limit how often.
    mutating func updateEstimates() {
        let now = Instant(milliseconds: monotonicMilliseconds())
        // Workers waited while this process was stopped, so that time must not count in their rate.
        let awake = pollTime.time(at: now).milliseconds
        rate.update(done: dispatcher.work, atMilliseconds: awake)
        plannedWork.look(at: dispatcher, milliseconds: awake)
    }

    mutating func tell(_ conflict: RecordConflict) {
        tally.conflicts += 1
        func words(_ provenance: Provenance?) -> String {
            provenance.map { "\($0.host), \($0.cpu), BLAS kernel \($0.kernel)" } ?? "an unknown worker"
        }
        log.add(
            "warning: trial \(conflict.trial) has two unequal records; the first is kept: \(words(conflict.kept)); "
                + "refused: \(words(conflict.refused))")
    }

    /// Warns, once per worker, that it is of another commit than this program. Its records count.
    mutating func warn(ofCommit hello: WorkerMessage.Hello, _ worker: WorkerID) {
        guard hello.commit != programCommit, reportedCommits.count < 10_000,
            reportedCommits.insert(worker).inserted
        else { return }
        log.add(
            "warning: the worker on \(printable(hello.host)) was built from \(commitText(hello.commit)), the coordinator from "
                + "\(commitText(programCommit)): its records are kept and counted apart (status, check); "
                + "'reproducibility: strict' would refuse it")
    }

    mutating func tell(_ note: DispatchNote) {
        switch note {
        case .joined(_, let host, let slots, let kernel):
            log.add("worker on \(host): \(countText(slots, "slot")), OpenBLAS kernel \(kernel)")
            if let other = kernels.sorted().first, kernels.insert(kernel).inserted {
                log.add(
                    "warning: other records of this run were computed with kernel \(other): last digits will depend on "
                        + "which worker trained a trial (--blas-kernel sets one kernel for all)")
            }
            kernels.insert(kernel)
        case .left(_, let host, let trials):
            if !isFinished { log.add("a worker on \(host) left\(held(trials))") }
        case .suspect(_, let host): log.add("a worker on \(host) is silent", .warning)
        case .lost(let id, let host, let trials):
            socket.forget(id)
            if !isFinished { ledger.lost(id, trials: trials, unixMilliseconds: unixMilliseconds()) }
            log.add("a worker on \(host) is lost\(held(trials))", .warning)
        case .backsOff(_, let host, let failures):
            log.add(
                "a worker on \(host) failed \(failures) times in a row: it now gets single trials, after "
                    + "growing pauses", .warning)
        case .tooLong(let expected, let left): log.add(longTrialMessage(expected, left))
        case .failed(let trial, let host, let cause, let willRetry):
            failureCounts[cause, default: 0] += 1
            let count = failureCounts[cause] ?? 0
            guard count <= 3 || log.isVerbose else { return }
            log.add(
                "trial \(trial) failed on \(host): \(cause)\(willRetry ? " (it will be retried)" : " (given up)")"
                    + (count == 3
                        ? " (further ones are only counted: ranksweep status \(run.word))" : ""),
                count <= 3 ? .warning : .debug, trial: trial)
        }
    }

    /// Logs a record that arrived.
    func tell(_ report: ValidatedReport) {
        let (attempt, by) = (report.attempt, report.attempt.provenance)
        log.add(
            "debug: trial \(attempt.trial) \(report.outcome) on \(printable(by.host)), process \(by.process), attempt "
                + "\(attempt.number), after \(durationText(seconds: by.seconds))", trial: attempt.trial)
    }

    /// Logs trials that a worker was given.
    func tell(_ assignment: CoordinatorMessage.Assignment, to worker: WorkerID) {
        let name = ledger.process(of: worker).map { "\(printable($0.host)), process \($0.process)" }
        log.add(
            "debug: \(trialList(assignment.trials)) to the worker on \(name ?? "an unknown host"), attempt "
                + "\(assignment.attempt)\(assignment.isBatched ? ", as a batch" : "")",
            trial: assignment.trials.count == 1 ? Int(assignment.trials[0]) : nil)
    }

    func despairMessage(cause: String, trials: Int, hosts: Int) -> String {
        "all of the first \(countText(trials, "trial")) failed, on \(hosts == 1 ? "the only host" : "all \(hosts) hosts"), "
            + "and none has succeeded: \(printable(cause))"
    }

    private func held(_ trials: Int) -> String {
        trials == 0 ? "" : "; its \(countText(trials, "trial")) \(trials == 1 ? "goes" : "go") to others"
    }
}
