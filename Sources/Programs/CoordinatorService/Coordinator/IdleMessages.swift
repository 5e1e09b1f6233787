import Console
import Scheduling
import Text

// Why a worker has an idle slot, in the form of `status --json` and in words.

extension IdleReason {
    var json: JSONValue {
        func reason(_ word: String, _ members: [String: Double] = [:]) -> JSONValue {
            .object(members.mapValues { .number($0) }.merging(["reason": .string(word)]) { _, word in word })
        }
        return switch self {
        case .silent: reason("silent")
        case .paused: reason("paused")
        case .draining: reason("draining")
        case .nothingWaits: reason("nothing_waits")
        case .runsAlone(let trial): reason("runs_alone", ["trial": Double(trial)])
        case .backsOff(let milliseconds): reason("backs_off", ["seconds": Double(milliseconds) / 1000])
        case .onProbation: reason("on_probation")
        case .tooLittleTime(let left, let expected):
            reason(
                "too_little_time",
                ["left_seconds": Double(left) / 1000, "expected_seconds": Double(expected) / 1000])
        case .fullForItsTime(let left): reason("full_for_its_time", ["left_seconds": Double(left) / 1000])
        case .excluded: reason("excluded")
        }
    }
}

/// "2 free slots: not enough time (1 min left, a trial may take 3 min)". nil where every slot is busy, and
/// where the reason is shown elsewhere: the whole run is paused, or the worker is silent.
///
/// - Parameter worker: the worker's entry in the coordinator's status.
func idleMessage(_ worker: JSONValue) -> String? {
    guard let idle = worker["idle"], let free = worker["free_slots"]?.number.flatMap({ Int(exactly: $0) })
    else {
        return nil
    }
    func duration(_ key: String) -> String { durationText(seconds: idle[key]?.number ?? 0) }
    let words: String
    switch idle["reason"]?.string {
    case "paused": words = "the run is paused"
    case "draining": words = "the run is draining"
    case "nothing_waits": words = "no trial is waiting"
    case "runs_alone":
        let trial = idle["trial"]?.number.flatMap { Int(exactly: $0) }.map { " \($0)" } ?? ""
        words = "workers were lost with trial\(trial), so it runs alone"
    case "backs_off": words = "it failed repeatedly, and gets its next trial in \(duration("seconds"))"
    case "on_probation": words = "it failed repeatedly, and gets one trial at a time"
    case "too_little_time":
        words =
            "not enough time (\(duration("left_seconds")) left, a trial may take \(duration("expected_seconds")))"
    case "full_for_its_time":
        words = "it has as many trials as can end in its time (\(duration("left_seconds")) left)"
    case "excluded": words = "the waiting trials failed there, and other workers try them first"
    default: return nil
    }
    return "\(countText(free, "free slot")): \(words)"
}
