import Wire

/// Weights on their way from the worker that holds their trial. The coordinator asks for one piece after
/// another, so that it has one in memory, and no worker sends what nobody asked for.
struct Transfer: Equatable, Sendable {
    var worker: WorkerID
    /// Counts once its files are durable.
    var report: WorkerMessage.Report
    /// Which of the report's files comes now, and from where on.
    var file = 0
    var offset: UInt64 = 0

    var fetch: CoordinatorMessage {
        .fetch(trial: report.trial, file: UInt32(file), offset: offset)
    }
}

extension Dispatcher {
    /// Begins to fetch, or goes on: workers tell a report again after each welcome, and who asked for a piece
    /// before the connection was lost asks again then.
    mutating func fetchFiles(
        of report: WorkerMessage.Report, _ trial: Int, from id: WorkerID, _ effects: inout [DispatchEffect]
    ) {
        // Who does not hold the trial tells of it again after its next hello, until the trial is its own again, or done.
        guard workers[id]?.held[trial] != nil, report.files.allSatisfy({ $0.bytes > 0 }) else { return }
        // Of two copies, one at a time: the other is told again from time to time, should this one break off.
        if let begun = transfers[trial], begun.worker != id, workers[begun.worker]?.isUnresponsive == false {
            return
        }
        let transfer: Transfer
        if let begun = transfers[trial], begun.worker == id, begun.report == report {
            transfer = begun
        } else {
            transfer = Transfer(worker: id, report: report)
            transfers[trial] = transfer
        }
        effects.append(.send(transfer.fetch, to: id))
    }

    /// A piece that is not the one asked for came twice, or late, or from a stranger.
    mutating func accept(_ chunk: Chunk, from id: WorkerID, _ effects: inout [DispatchEffect]) {
        guard let trial = Int(exactly: chunk.trial), var transfer = transfers[trial], transfer.worker == id,
            Int(chunk.file) == transfer.file, chunk.offset == transfer.offset
        else { return }
        let file = transfer.report.files[transfer.file]
        guard UInt64(chunk.bytes.count) == min(UInt64(WireLimit.chunk), file.bytes - chunk.offset) else {
            return
        }
        effects.append(.write(trial: trial, step: Int(file.step), offset: chunk.offset, bytes: chunk.bytes))
        transfer.offset += UInt64(chunk.bytes.count)
        if transfer.offset == file.bytes {
            effects.append(.keep(trial: trial, step: Int(file.step)))
            transfer.file += 1
            transfer.offset = 0
        }
        guard transfer.file < transfer.report.files.count else {
            complete(trial, transfer.report, from: id, &effects)
            return
        }
        transfers[trial] = transfer
        effects.append(.send(transfer.fetch, to: id))
    }
}
