import Console
import Text

/// The page of `status --follow` on a terminal: what matters of a run, in so many columns and rows. Pure: the caller
/// passes what there is.
struct StatusScreen {
    /// The run's name and state, such as "demo: running".
    var title: String
    /// The directory, for the end of the first line.
    var path: String
    var progress: ProgressReport
    /// The rest that `status` tells, one fact a line: lost workers, refused connections, an outage.
    var notes: [String] = []
    /// The connected workers, as `status --json` has them, and the number of attempts that each ended.
    var workers: [(worker: JSONValue, ended: Int)] = []
    var workerCount = 0
    /// Hosts and jobs that have no worker.
    var hosts: [String] = []
    var causes: [(count: Int, text: String, example: String)] = []
    var curves: [TraceCurve] = []
    var log: [LogEntry] = []

    /// The lines of the page.
    func lines(columns: Int, rows: Int) -> [String] {
        let width = columns - 1
        var head = [pair(title, path, width), bar(width)] + wrapped(facts, width)
        head += notes.prefix(3).map { fit($0, width) }
        var left = max(0, rows - head.count)
        /// A section takes its heading and as many lines as it may have; none where two rows are not left.
        func take(_ lines: [String], atMost most: Int) -> [String] {
            let count = min(lines.count, most, left)
            guard count > 0 else { return [] }
            left -= count
            return Array(lines.prefix(count))
        }
        let table = workerLines(width, atMost: max(2, rows / 3))
        head += take(table, atMost: table.count)
        head += take(hosts.map { fit($0, width) }, atMost: 3)
        head += take(causes.flatMap { causeLines($0, width) }, atMost: max(2, rows / 4))
        head += take(curves.map { curveLine($0, width) }, atMost: max(1, rows / 6))
        let entries = log.suffix(max(0, left - 1)).map { fit(logLine($0, width), width) }
        if left > 2, !entries.isEmpty { head += ["log"] + entries }
        return head
    }

    // MARK: - Parts

    private var facts: [String] {
        var parts: [String] = []
        if progress.quarantined > 0 { parts.append("\(progress.quarantined) quarantined") }
        if progress.failures > 0 { parts.append(countText(progress.failures, "failed attempt")) }
        if let rate = progress.rate, rate > 0 {
            parts.append(rate < 0.5 ? "\(roundedText(rate * 60))/min" : "\(roundedText(rate))/s")
        }
        parts.append("\(countText(progress.workers, "worker")), \(countText(progress.slots, "slot"))")
        return parts
    }

    private func bar(_ width: Int) -> String {
        let share = percentText(done: progress.done, fraction: progress.fraction, total: progress.total)
        var words = "\(groupedText(progress.done))/\(groupedText(progress.total)) \(share)"
        if progress.done < progress.total {
            let halt = progress.halt ?? (progress.workers == 0 ? "waiting for workers" : nil)
            if let halt {
                words += " · \(halt)"
            } else if let left = progress.timeLeft {
                words += " · \(left.text) left"
            }
        }
        let room = width - words.count - 1
        guard room >= 8 else { return fit(words, width) }
        let cells = min(room, 60)
        let done = (Double(progress.done) + progress.fraction) / Double(max(1, progress.total))
        let full = progress.done == progress.total ? cells : min(cells - 1, Int(done * Double(cells)))
        return String(repeating: "█", count: full) + String(repeating: "░", count: cells - full) + " " + words
    }

    /// Workers that need attention come first.
    private func workerLines(_ width: Int, atMost rows: Int) -> [String] {
        guard !workers.isEmpty else { return [] }
        let odd = workers.filter { isOdd($0.worker) }
        let shown = Array((odd + workers.filter { !isOdd($0.worker) }).prefix(rows - 1))
        let cells = shown.map { worker, ended in
            func number(_ key: String) -> String {
                worker[key]?.number.flatMap { Int(exactly: $0) }.map { groupedText($0) } ?? ""
            }
            let process = worker["process"]?.number.flatMap { Int(exactly: $0) } ?? 0
            return [
                "\(printable(worker["host"]?.string ?? "")) \(process)", number("slots"),
                number("free_slots"), number("trials"), groupedText(ended),
                printable(worker["blas_kernel"]?.string ?? ""), state(of: worker),
            ]
        }
        var lines = table(["worker", "slots", "free", "holds", "ended", "kernel", ""], cells, width)
        let rest = max(workerCount, workers.count) - shown.count
        if rest > 0 { lines.append("… and \(countText(rest, "other worker"))") }
        return lines
    }

    private func isOdd(_ worker: JSONValue) -> Bool {
        worker["suspect"] == .bool(true) || (worker["failures_in_a_row"]?.number ?? 0) > 0
    }

    private func state(of worker: JSONValue) -> String {
        var parts: [String] = []
        if worker["suspect"] == .bool(true) {
            parts.append("silent for \(durationText(seconds: worker["silent_seconds"]?.number ?? 0))")
        }
        let failures = worker["failures_in_a_row"]?.number.flatMap { Int(exactly: $0) } ?? 0
        if failures > 0 { parts.append("\(countText(failures, "failure")) in a row") }
        if let words = idleMessage(worker) { parts.append(words) }
        return parts.joined(separator: "; ")
    }

    /// A table in which the first and the last column stand to the left. Where it is too wide, it loses columns: the
    /// kernel, then what is held, free, ended.
    private func table(_ heads: [String], _ rows: [[String]], _ width: Int) -> [String] {
        var kept = Array(heads.indices)
        func widths() -> [Int] {
            kept.map { column in ([heads[column]] + rows.map { $0[column] }).map(\.count).max() ?? 0 }
        }
        func total() -> Int {
            zip(kept, widths()).reduce(0) { $0 + ($1.0 == heads.count - 1 ? 2 : $1.1 + 2) } - 2
        }
        for column in [5, 3, 2, 4, 1] where total() > width - 12 { kept.removeAll { $0 == column } }
        let sizes = widths()
        return ([heads] + rows).map { row in
            let cells = zip(kept, sizes).map { column, size -> String in
                let text = row[column]
                let gap = String(repeating: " ", count: max(0, size - text.count))
                return column == 0 || column == 5 ? text + gap : column == heads.count - 1 ? text : gap + text
            }
            return fit(trimmed(cells.joined(separator: "  ")), width)
        }
    }

    private func causeLines(_ cause: (count: Int, text: String, example: String), _ width: Int) -> [String] {
        let line = "\(groupedText(cause.count))× \(printable(cause.text))"
        let whole = "\(line) (\(cause.example))"
        return whole.count <= width ? [whole] : [fit(line, width), fit("   \(cause.example)", width)]
    }

    private func curveLine(_ curve: TraceCurve, _ width: Int) -> String {
        let (first, last) = curve.line.ends
        let name = "\(curve.metric), trial \(curve.trial): \(first) "
        let room = width - name.count - last.count - 1
        guard room >= 6 else { return fit("\(curve.metric), trial \(curve.trial): \(last)", width) }
        let line = name + curve.line.text(width: min(room, 48)) + " " + last
        return line.count + 12 <= width ? fit("\(line)  \(printable(curve.point))", width) : line
    }

    private func logLine(_ entry: LogEntry, _ width: Int) -> String {
        // "2026-12-01T14:32:20+01:00 info: …": the day and the zone are the reader's own where there is little room.
        if width >= 100 { return entry.text }
        let time = localTime(unixMilliseconds: entry.unixMilliseconds).dropFirst(11).prefix(8)
        return entry.level == .info
            ? "\(time) \(entry.message)" : "\(time) \(entry.level.rawValue): \(entry.message)"
    }
}

/// The text, cut to so many columns.
func fit(_ text: String, _ width: Int) -> String {
    text.count <= width ? text : String(text.prefix(max(0, width - 1))) + "…"
}

/// Two texts at both ends of a line; the first alone where there is no room for both.
private func pair(_ left: String, _ right: String, _ width: Int) -> String {
    let gap = width - left.count - right.count
    return gap < 2 ? fit(left, width) : left + String(repeating: " ", count: gap) + right
}

/// Parts joined to lines of so many columns.
private func wrapped(_ parts: [String], _ width: Int) -> [String] {
    var lines: [String] = []
    for part in parts {
        if let last = lines.last, last.count + 3 + part.count <= width {
            lines[lines.count - 1] = last + " · " + part
        } else {
            lines.append(fit(part, width))
        }
    }
    return lines
}

private func trimmed(_ text: String) -> String {
    String(text.reversed().drop { $0 == " " }.reversed())
}
