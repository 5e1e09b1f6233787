import Console
import Journal
import Launch
import Text

// The state of the run's workers, hosts and disk, for status requests.

extension Coordinator {
    static let absentSetting = "absent_hosts"

    /// Hosts of the cluster file from which no worker has joined.
    var absentHosts: [AbsentHost] {
        sources.flatMap { source in source.absentHosts(at: monotonicMilliseconds()) { ledger.has($0) } }
    }

    /// Saves the ledger, which `status` shows after the end. A journal that can't be written is reported
    /// elsewhere.
    mutating func keepLedger() {
        let losses = ledger.losses
        guard losses != keptLosses else { return }
        guard (try? journal.setSetting(WorkerLedger.setting, ledger.json.canonicalText)) != nil else {
            return
        }
        keptLosses = losses
    }

    /// Lines for the end of the run: which workers were lost, and which hosts never joined.
    func workerSummary(_ absent: [AbsentHost]) -> [String] {
        ledger.lines(unixMilliseconds: unixMilliseconds(), shown: 10) + absent.map(\.line)
    }

    /// The current disk outage, for `status`; nil where there is none.
    var outageFacts: JSONValue? {
        guard let trouble else { return nil }
        return .object([
            "seconds": .number(trouble.seconds(at: monotonicMilliseconds())),
            "why": .string(trouble.why),
        ])
    }
}
