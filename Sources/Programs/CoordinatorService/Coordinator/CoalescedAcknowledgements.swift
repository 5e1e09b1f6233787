import Wire

/// The messages in order, with successive acknowledgements to a worker joined into one. A turn may produce
/// hundreds of them.
func coalescingAcknowledgements(
    _ sends: [(message: CoordinatorMessage, worker: WorkerID)]
) -> [(message: CoordinatorMessage, worker: WorkerID)] {
    var merged: [(message: CoordinatorMessage, worker: WorkerID)] = []
    // Index in `merged` of each worker's last message. Only an acknowledgement there may take more trials.
    var last: [WorkerID: Int] = [:]
    for (message, worker) in sends {
        if case .accepted(let more) = message, let index = last[worker],
            case .accepted(var trials) = merged[index].message, trials.count + more.count <= WireLimit.list
        {
            // Releases the list first, so that appending doesn't copy it.
            merged[index].message = .heartbeat
            trials += more
            merged[index].message = .accepted(trials)
            continue
        }
        last[worker] = merged.count
        merged.append((message, worker))
    }
    return merged
}
