import Console
import Launch
import Text
import Wire

/// Which workers a run has seen and which of them it lost, for `status` and for the end of the run. Pure: the
/// caller supplies the time.
struct WorkerLedger: Equatable {
    struct Loss: Equatable {
        var process: WorkerProcess
        /// The number of trials that it held.
        var trials: Int
        var unixMilliseconds: Int64
    }

    private var known: [WorkerID: WorkerProcess] = [:]
    /// Losses, the newest last.
    private(set) var losses: [Loss] = []
    /// Losses in all, also under earlier coordinators of the run.
    private(set) var lossCount = 0

    private static let maxLosses = 200
    private static let maxWorkers = 100_000

    mutating func joined(_ worker: WorkerID, _ process: WorkerProcess) {
        guard known[worker] != nil || known.count < Self.maxWorkers else { return }
        known[worker] = process
        // It was cut off and is back.
        let before = losses.count
        losses.removeAll { $0.process == process }
        lossCount -= before - losses.count
    }

    mutating func lost(_ worker: WorkerID, trials: Int, unixMilliseconds: Int64) {
        guard let process = known[worker] else { return }
        lossCount += 1
        losses.append(Loss(process: process, trials: trials, unixMilliseconds: unixMilliseconds))
        if losses.count > Self.maxLosses { losses.removeFirst() }
    }

    /// The process of a worker that has joined.
    func process(of worker: WorkerID) -> WorkerProcess? { known[worker] }

    /// Whether this process has ever joined.
    func has(_ process: WorkerProcess) -> Bool { known.values.contains(process) }
}

// MARK: - JSON and text

extension WorkerLedger {
    static let setting = "lost_workers"

    var json: JSONValue {
        .object([
            "count": JSONValue(lossCount),
            "workers": .array(
                losses.map {
                    .object([
                        "host": .string($0.process.host), "process": JSONValue(Int($0.process.process)),
                        "trials": JSONValue($0.trials), "unix_ms": .number(Double($0.unixMilliseconds)),
                    ])
                }),
        ])
    }

    /// Restores what a journal kept.
    init(json text: String?) {
        self.init()
        guard let text, let json = try? JSONValue(parsing: text.utf8) else { return }
        self.init(json)
    }

    init(_ json: JSONValue) {
        func integer(_ value: JSONValue?) -> Int { value?.number.flatMap { Int(exactly: $0) } ?? 0 }
        losses = (json["workers"]?.array ?? []).prefix(Self.maxLosses).map { loss in
            Loss(
                process: WorkerProcess(
                    host: loss["host"]?.string ?? "", process: UInt32(clamping: integer(loss["process"]))),
                trials: max(0, integer(loss["trials"])), unixMilliseconds: Int64(integer(loss["unix_ms"])))
        }
        lossCount = max(losses.count, integer(json["count"]))
    }

    /// Lines for a person, the newest losses first.
    func lines(unixMilliseconds now: Int64, shown: Int = 20) -> [String] {
        var lines = losses.suffix(shown).reversed().map { loss in
            let ago = durationText(seconds: Double(max(0, now - loss.unixMilliseconds)) / 1000)
            let trials =
                loss.trials == 0
                ? "no trial" : "\(countText(loss.trials, "trial")), which went to others"
            return
                "lost: the worker on \(printable(loss.process.host)), process \(loss.process.process), \(ago) ago; it "
                + "held \(trials)"
        }
        let rest = lossCount - lines.count
        if rest > 0 { lines.append("lost: \(countText(rest, "other worker")) before") }
        return lines
    }
}
