import Console
import Journal
import Text
import Transport

// What `status` tells of a run's troubles: its disk, the workers that it lost, the hosts that never came.

/// What coordinators kept in the journal for others to read.
struct KeptFacts {
    var refusals = RefusalCounts()
    var ledger = WorkerLedger()
    var absent: [AbsentHost] = []
    /// What became of the sweep file since the run began.
    var edit: String?

    init() {}

    init(_ journal: RunJournal, _ run: RunDirectory) throws(JournalError) {
        edit = try run.editWords(journal)?.summary
        refusals = RefusalCounts(json: try journal.setting(WorkerAdmission.refusalsSetting))
        ledger = WorkerLedger(json: try journal.setting(WorkerLedger.setting))
        guard let text = try journal.setting(Coordinator.absentSetting),
            let json = try? JSONValue(parsing: text.utf8)
        else { return }
        absent = (json.array ?? []).map { AbsentHost($0) }
    }
}

/// - Parameter outage: what the coordinator says of it.
func outageLines(_ outage: JSONValue) -> [String] {
    [
        "the disk has taken nothing for \(durationText(seconds: outage["seconds"]?.number ?? 0)): "
            + printable(outage["why"]?.string ?? ""),
        "no trial is handed out until it does; finished ones stay with their workers, and nothing is lost",
    ]
}

/// Workers that were lost, and hosts that never came: as the coordinator says, else as the journal has it.
func absenceLines(_ live: JSONValue?, _ kept: KeptFacts) -> [String] {
    let ledger = live.map { live in live["lost"].map { WorkerLedger($0) } ?? WorkerLedger() } ?? kept.ledger
    let absent =
        live.map { live in (live["absent_hosts"]?.array ?? []).map { AbsentHost($0) } } ?? kept.absent
    var lines = ledger.lines(unixMilliseconds: unixMilliseconds())
    lines += absent.prefix(20).map(\.line)
    if absent.count > 20 { lines.append("never joined: \(countText(absent.count - 20, "other host"))") }
    return lines
}
