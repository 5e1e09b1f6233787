import Console
import Text

/// Lines about a launch's hosts: how many run a worker, and for the others their state and why they wait.
///
/// - Parameter live: the coordinator's live status.
func hostLines(_ live: JSONValue) -> [String] {
    let hosts = live["hosts"]?.array ?? []
    guard !hosts.isEmpty else { return [] }
    let others = hosts.filter { $0["state"] != .string("running") }
    let running = hosts.count - others.count
    var lines = ["\(countText(hosts.count, "host")) in the cluster file, workers run on \(running)"]
    lines += others.prefix(20).map(line(ofHost:))
    if others.count > 20 { lines.append("  … and \(countText(others.count - 20, "other host"))") }
    return lines
}

private func line(ofHost host: JSONValue) -> String {
    let words: String
    switch host["state"]?.string {
    case "looking": words = "being checked"
    case "sending_worker": words = "receiving the worker"
    case "sending_data": words = "receiving data sets"
    case "starting": words = "starting its worker"
    case "ending": words = "ending its worker"
    case "revoked": words = "revoked; \(printable(host["why"]?.string ?? ""))"
    default:
        let seconds = host["retry_seconds"]?.number ?? 0
        words = seconds > 0 ? "waiting; retried in \(durationText(seconds: seconds))" : "waiting for its turn"
    }
    var line = "  host \(printable(host["host"]?.string ?? "")): \(words)"
    if let sent = host["sent_fraction"]?.number, (0...1).contains(sent) {
        line += " (\(Int(100 * sent)) %)"
    }
    let failures = host["failures"]?.number.flatMap { Int(exactly: $0) } ?? 0
    if failures > 0 {
        line += "; \(countText(failures, "failure")) in a row: \(printable(host["why"]?.string ?? ""))"
    }
    return line
}
