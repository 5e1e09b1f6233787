import Wire

/// The messages in their order, but acknowledgements to a worker that follow each other as one: a turn may
/// bring hundreds.
func coalescingAcknowledgements(
    _ sends: [(message: CoordinatorMessage, worker: WorkerID)]
) -> [(message: CoordinatorMessage, worker: WorkerID)] {
    var merged: [(message: CoordinatorMessage, worker: WorkerID)] = []
    // Where in `merged` a worker's last message stands: only that may take more.
    var last: [WorkerID: Int] = [:]
    for (message, worker) in sends {
        if case .accepted(let more) = message, let place = last[worker],
            case .accepted(let trials) = merged[place].message, trials.count + more.count <= WireLimit.list
        {
            merged[place].message = .accepted(trials + more)
            continue
        }
        last[worker] = merged.count
        merged.append((message, worker))
    }
    return merged
}
