import Console
import Text

/// A class of failures, for monitoring: causes themselves are too many to be labels.
enum FailureClass: String, CaseIterable {
    /// The slot's process was killed or crashed, or ended by itself.
    case process
    case timeLimit = "time_limit"
    case memoryLimit = "memory_limit"
    /// Workers were lost with the trial.
    case worker
    /// The disk of the worker's machine failed, or was full.
    case disk
    /// Anything else: data, settings, the training itself.
    case trial

    init(_ cause: String) {
        func has(_ words: String...) -> Bool { words.contains { cause.contains($0) } }
        if has("ran longer than the limit") {
            self = .timeLimit
        } else if has("--memory-limit") {
            self = .memoryLimit
        } else if has("its worker was lost") {
            self = .worker
        } else if has("its process ", "its slot ", "cannot be started") {
            self = .process
        } else if has("cannot be written", "cannot be read back", "damaged on the disk", "No space left") {
            self = .disk
        } else {
            self = .trial
        }
    }
}

/// The file in a run directory that holds the metrics of the run, for Prometheus' textfile collector.
let metricsFileName = "metrics.prom"

/// A run's metrics in Prometheus' text format (version 0.0.4), with the run's name and directory as labels of each.
///
/// - Parameters:
///   - status: the run's status, as `status --json` has it. What it lacks is left out.
///   - directory: the run directory's absolute path.
///   - unixMilliseconds: when the status was taken.
func metricsText(_ status: JSONValue, directory: String, unixMilliseconds: Int64) -> String {
    var text = MetricsText(labels: [("run", status["name"]?.string ?? ""), ("directory", directory)])
    func number(_ keys: String...) -> Double? {
        var value: JSONValue? = status
        for key in keys { value = value?[key] }
        return value?.number
    }
    let (total, done) = (number("total") ?? 0, number("done") ?? 0)
    let workers = status["live"]?["workers"]?.array ?? []
    text.add(
        "trials", .gauge, "Trials by state.", by: "state",
        [
            ("measured", number("measured") ?? 0), ("diverged", number("diverged") ?? 0),
            ("quarantined", number("quarantined") ?? 0), ("leased", number("live", "leased") ?? 0),
            ("pending", max(0, total - done - (number("live", "leased") ?? 0))),
        ])
    text.add("trials_planned", .gauge, "Trials of the run.", total)
    text.add(
        "trials_running_fraction", .gauge, "Sum of the fractions that running trials have done.",
        number("live", "running_fraction"))
    let classes = FailureClass.allCases.map { kind in
        let causes = (status["causes"]?.array ?? []).filter {
            FailureClass($0["cause"]?.string ?? "") == kind
        }
        return (kind.rawValue, causes.reduce(0) { $0 + ($1["count"]?.number ?? 0) })
    }
    text.add("failed_attempts_total", .counter, "Failed attempts at trials, by class.", by: "class", classes)
    text.add(
        "record_conflicts_total", .counter, "Records that differ from the first of their trial.",
        number("conflicts"))
    text.add(
        "trials_per_second", .gauge, "Trials a second, over the last minute or dozen trials.",
        number("trials_per_second"))
    text.add("eta_seconds", .gauge, "Seconds until the run ends: the estimate.", number("eta_seconds"))
    text.add(
        "eta_low_seconds", .gauge, "Seconds until the run ends: the lower end of the range.",
        number("eta_low"))
    text.add(
        "eta_high_seconds", .gauge, "Seconds until the run ends: the upper end of the range.",
        number("eta_high"))
    let states = ["running", "paused", "draining", "waiting for the disk", "done", "interrupted"]
    text.add(
        "state", .gauge, "The run's state: 1 for the one that it has.", by: "state",
        states.map { ($0, status["state"]?.string == $0 ? 1 : 0) })
    if status["live"] != nil { text.addWorkers(workers, slots: number("live", "slots") ?? 0) }
    text.add("workers_lost_total", .counter, "Workers that were lost.", number("lost", "count") ?? 0)
    let refused = status["refused"]?.object ?? [:]
    text.add(
        "refused_total", .counter, "Refused connections and messages.", by: "reason",
        refused.keys.sorted().map { ($0, refused[$0]?.number ?? 0) })
    text.addTraffic(status["live"])
    text.add(
        "status_timestamp_seconds", .gauge, "When these metrics were taken, in Unix time.",
        Double(unixMilliseconds) / 1000)
    return text.text
}

/// Metrics as they are written.
private struct MetricsText {
    enum Kind: String { case counter, gauge, summary }

    /// Labels of every sample.
    let labels: [(name: String, value: String)]
    private(set) var text = ""

    init(labels: [(name: String, value: String)]) { self.labels = labels }

    /// Adds a metric with one sample; nothing where the value isn't known.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double?) {
        guard let value else { return }
        head(name, kind, help)
        sample(name, [], value)
    }

    /// Adds a metric with a sample for each value of a label.
    mutating func add(
        _ name: String, _ kind: Kind, _ help: String, by label: String, _ values: [(String, Double)]
    ) {
        guard !values.isEmpty else { return }
        head(name, kind, help)
        for (value, number) in values { sample(name, [(label, value)], number) }
    }

    private mutating func head(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP ranksweep_\(name) \(help)\n# TYPE ranksweep_\(name) \(kind.rawValue)\n"
    }

    private mutating func sample(_ name: String, _ own: [(String, String)], _ value: Double) {
        let pairs = (labels.map { ($0.name, $0.value) } + own).map { "\($0)=\"\(escaped($1))\"" }
        text +=
            "ranksweep_\(name){\(pairs.joined(separator: ","))} \(JSONValue.number(value).canonicalText)\n"
    }

    /// A label's value: backslashes, quotes and line breaks are escaped.
    private func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    mutating func addWorkers(_ workers: [JSONValue], slots: Double) {
        let states = workers.map { worker in
            worker["suspect"] == .bool(true)
                ? "silent" : worker["back_off_seconds"] != nil ? "backing_off" : "live"
        }
        add(
            "workers", .gauge, "Connected workers by state.", by: "state",
            ["live", "silent", "backing_off"].map { state in (state, Double(states.count { $0 == state })) })
        let free = workers.reduce(0) { $0 + ($1["free_slots"]?.number ?? 0) }
        add(
            "slots", .gauge, "Slots of the connected workers by state.", by: "state",
            [("busy", max(0, slots - free)), ("free", free)])
    }

    /// The coordinator's journal and messages.
    mutating func addTraffic(_ live: JSONValue?) {
        if let commits = live?["journal"]?["commits"]?.number,
            let seconds = live?["journal"]?["commit_seconds"]?.number
        {
            head(
                "journal_commit_seconds", .summary,
                "Time of the journal's commits, which sync it to the disk.")
            sample("journal_commit_seconds_sum", [], seconds)
            sample("journal_commit_seconds_count", [], commits)
        }
        add("journal_bytes", .gauge, "Size of the journal's files.", live?["journal"]?["bytes"]?.number)
        add(
            "received_bytes_total", .counter, "Bytes of messages from workers.",
            live?["messages"]?["received_bytes"]?.number)
        add(
            "sent_bytes_total", .counter, "Bytes of messages to workers.",
            live?["messages"]?["sent_bytes"]?.number)
    }
}
