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
        guard terminal.isTerminal || now >= nextLookAt || now >= nextLineAt else { return }
        nextLookAt = now + 1000
        // Workers waited while this process was stopped, so that time must not count in their rate.
        let awake = pollTime.time(at: Instant(milliseconds: now)).milliseconds
        rate.update(done: dispatcher.work, atMilliseconds: awake)
        plannedWork.look(at: dispatcher, milliseconds: awake)
        if terminal.isTerminal {
            terminal.setFoot(progressReport.line(width: terminal.width - 1))
        } else if now >= nextLineAt {
            nextLineAt = now + 30_000
            terminal.print(progressReport.line(width: 200))
        }
    }

    mutating func tell(_ conflict: RecordConflict) {
        conflicts += 1
        func words(_ provenance: Provenance?) -> String {
            provenance.map { "\($0.host), \($0.cpu), BLAS kernel \($0.kernel)" } ?? "an unknown worker"
        }
        terminal.print(
            "warning: trial \(conflict.trial) has two unequal records; the first is kept: \(words(conflict.kept)); "
                + "refused: \(words(conflict.refused))")
    }

    /// Warns, once per worker, that it is of another commit than this program. Its records count.
    mutating func warn(ofCommit hello: WorkerMessage.Hello, _ worker: WorkerID) {
        guard hello.commit != programCommit, reportedCommits.count < 10_000,
            reportedCommits.insert(worker).inserted
        else { return }
        terminal.print(
            "warning: the worker on \(printable(hello.host)) was built from \(commitText(hello.commit)), the coordinator from "
                + "\(commitText(programCommit)): its records are kept and counted apart (status, check); "
                + "'reproducibility: strict' would refuse it")
    }

    mutating func tell(_ note: DispatchNote) {
        switch note {
        case .joined(_, let host, let slots, let kernel):
            terminal.print("worker on \(host): \(countText(slots, "slot")), OpenBLAS kernel \(kernel)")
            if let other = kernels.sorted().first, kernels.insert(kernel).inserted {
                terminal.print(
                    "warning: other records of this run were computed with kernel \(other): last digits will depend on "
                        + "which worker trained a trial (--blas-kernel sets one kernel for all)")
            }
            kernels.insert(kernel)
        case .left(_, let host, let trials):
            if !isFinished { terminal.print("a worker on \(host) left\(held(trials))") }
        case .suspect(_, let host): terminal.print("a worker on \(host) is silent")
        case .lost(let id, let host, let trials):
            socket.forget(id)
            if !isFinished { ledger.lost(id, trials: trials, unixMilliseconds: unixMilliseconds()) }
            terminal.print("a worker on \(host) is lost\(held(trials))")
        case .backsOff(_, let host, let failures):
            terminal.print(
                "a worker on \(host) failed \(failures) times in a row: it now gets single trials, after "
                    + "growing pauses")
        case .tooLong(let expected, let left): terminal.print(longTrialMessage(expected, left))
        case .failed(let trial, let host, let cause, let willRetry):
            failureCounts[cause, default: 0] += 1
            let count = failureCounts[cause] ?? 0
            guard count <= 3 else { return }
            terminal.print(
                "trial \(trial) failed on \(host): \(cause)\(willRetry ? " (it will be retried)" : " (given up)")"
                    + (count == 3
                        ? " (further ones are only counted: ranksweep status \(run.word))" : ""))
        }
    }

    func despairMessage(cause: String, trials: Int, hosts: Int) -> String {
        "all of the first \(countText(trials, "trial")) failed, on \(hosts == 1 ? "the only host" : "all \(hosts) hosts"), "
            + "and none has succeeded: \(printable(cause))"
    }

    private func held(_ trials: Int) -> String {
        trials == 0 ? "" : "; its \(countText(trials, "trial")) \(trials == 1 ? "goes" : "go") to others"
    }
}
