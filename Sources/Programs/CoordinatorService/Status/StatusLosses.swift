import Console
import Journal
import Launch
import Text
import Transport

// The lines of `status` about a run's problems: its disk, lost workers, and hosts that never joined.

/// Facts that coordinators keep in the journal for others to read.
struct KeptFacts {
    var refusals = RefusalCounts()
    var ledger = WorkerLedger()
    var absent: [AbsentHost] = []
    /// The change of the sweep file since the run began, if any.
    var edit: String?

    init() {}

    init(_ journal: RunJournal, _ run: RunDirectory) throws(JournalError) {
        edit = try run.editMessage(journal, readsFiles: false)?.summary
        refusals = RefusalCounts(json: try journal.setting(WorkerAdmission.refusalsSetting))
        ledger = WorkerLedger(json: try journal.setting(WorkerLedger.setting))
        guard let text = try journal.setting(Coordinator.absentSetting),
            let json = try? JSONValue(parsing: text.utf8)
        else { return }
        absent = (json.array ?? []).map { AbsentHost($0) }
    }
}

/// - Parameter outage: the coordinator's report about the outage.
func outageLines(_ outage: JSONValue) -> [String] {
    [
        "the disk has accepted no writes for \(durationText(seconds: outage["seconds"]?.number ?? 0)): "
            + printable(outage["why"]?.string ?? ""),
        "no trials are handed out until it does; finished ones stay with their workers, and nothing is lost",
    ]
}

/// Lines about lost workers and hosts that never joined, from the coordinator or else from the journal.
func absenceLines(_ live: JSONValue?, _ kept: KeptFacts) -> [String] {
    let ledger = live.map { live in live["lost"].map { WorkerLedger($0) } ?? WorkerLedger() } ?? kept.ledger
    let absent =
        live.map { live in (live["absent_hosts"]?.array ?? []).map { AbsentHost($0) } } ?? kept.absent
    var lines = ledger.lines(unixMilliseconds: unixMilliseconds())
    lines += absent.prefix(20).map(\.line)
    if absent.count > 20 { lines.append("never joined: \(countText(absent.count - 20, "other host"))") }
    return lines
}
