import Console
import Journal
import Text

// What became of the run's workers and hosts, and of its disk, for those who ask.

extension Coordinator {
    static let absentSetting = "absent_hosts"

    /// Hosts of the cluster file from which no worker has joined.
    var absentHosts: [AbsentHost] {
        sources.flatMap { source in source.absentHosts(at: monotonicMilliseconds()) { ledger.has($0) } }
    }

    /// Kept for `status` after the end. A journal that cannot be written says so elsewhere.
    mutating func keepLedger() {
        guard ledger != keptLedger else { return }
        guard (try? journal.setSetting(WorkerLedger.setting, ledger.json.canonicalText)) != nil else {
            return
        }
        keptLedger = ledger
    }

    /// At the end: which workers were lost, and which hosts never came.
    func workerSummary(_ absent: [AbsentHost]) -> [String] {
        ledger.lines(unixMilliseconds: unixMilliseconds(), shown: 10) + absent.map(\.line)
    }

    /// While the disk takes nothing.
    var outageFacts: JSONValue? {
        guard let trouble else { return nil }
        return .object([
            "seconds": .number(trouble.seconds(at: monotonicMilliseconds())),
            "why": .string(trouble.why),
        ])
    }
}
