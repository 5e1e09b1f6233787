import Cluster
import Console
import Text

/// Messages about a run's jobs, with lines from the logs of jobs that died.
func batchMessages(_ note: BatchNote, _ engine: any BatchEngine.Type, _ folder: BatchFolder) -> [String] {
    let name = engine.name
    func time(_ milliseconds: Int64) -> String { durationText(seconds: Double(milliseconds) / 1000) }
    switch note {
    case .submitting(let jobs): return ["\(name): submitting \(countText(jobs, "job"))"]
    case .adopted(let ids):
        let verb = ids.count == 1 ? "is" : "are"
        return [
            "\(name): \(countText(ids.count, "job")) of this run \(verb) already in the queue: \(listText(ids))"
        ]
    case .requeued(let id):
        return ["\(name): job \(id) was preempted or lost its node; \(name) runs it again"]
    case .died(let id):
        let lines = folder.lastLines(of: id, 5)
        let nothing = "; it wrote nothing to \(folder.log(of: id)): can its node write there?"
        let what = lines.isEmpty ? nothing : ", saying:"
        return ["\(name): job \(id) ended as soon as it began\(what)"] + lines.map { "    | \($0)" }
    case .backsOff(let deaths, let milliseconds):
        return [
            "\(name): \(countText(deaths, "job")) in a row ended as soon as they began: the next, a single one, in "
                + "\(time(milliseconds)); is the node, the worker's path or the network wrong?"
        ]
    case .submissionFailed(let why, let milliseconds):
        return ["\(name): \(engine.programs.submit) failed; retrying in \(time(milliseconds)): \(why)"]
    case .refused(let why):
        return [
            "\(name): \(engine.programs.submit) rejected the job for good: \(printable(why)); no more jobs will be submitted"
        ]
    case .held(let id, let reason):
        return ["\(name): job \(id) is held, so it is cancelled (\(printable(reason)))"]
    case .waiting(let jobs, let reason):
        return ["\(name): \(countText(jobs, "job")) \(jobs == 1 ? "waits" : "wait") (\(printable(reason)))"]
    }
}

/// "12_0, 12_1 and 5 more".
private func listText(_ ids: [String]) -> String {
    let shown = ids.prefix(4).joined(separator: ", ")
    return ids.count > 4 ? "\(shown) and \(ids.count - 4) more" : shown
}
