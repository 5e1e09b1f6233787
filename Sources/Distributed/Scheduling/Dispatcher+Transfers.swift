import Wire

/// A transfer of weights from the worker that holds their trial. The coordinator asks for one chunk at a
/// time, so it has one in memory, and no worker sends chunks unasked.
struct Transfer: Equatable, Sendable {
    var worker: WorkerID
    /// Report that the transfer belongs to. It counts once its files are durable.
    var report: ValidatedReport
    /// Index of the report's file that is being fetched.
    var file = 0
    /// Offset of the next chunk in that file.
    var offset: UInt64 = 0

    var fetch: CoordinatorMessage {
        .fetch(trial: UInt64(report.attempt.trial), file: UInt32(file), offset: offset)
    }
}

extension Dispatcher {
    /// Begins to fetch, or continues. Workers repeat their reports after each welcome, so a request that was
    /// lost with its connection is made again then.
    mutating func fetchFiles(
        of report: ValidatedReport, from id: WorkerID, _ effects: inout [DispatchEffect]
    ) {
        let trial = report.attempt.trial
        // A worker that doesn't hold the trial repeats its report after its next hello, until it holds the
        // trial again or the trial is done.
        guard workers[id]?.held[trial] != nil, report.files.allSatisfy({ $0.bytes > 0 }) else { return }
        // With two copies, only one is fetched from. The other worker repeats its report now and then, in
        // case this one breaks off.
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

    /// Writes the chunk that was asked for. Any other chunk came twice, late, or from a worker that wasn't
    /// asked.
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
            complete(transfer.report, from: id, &effects)
            return
        }
        transfers[trial] = transfer
        effects.append(.send(transfer.fetch, to: id))
    }
}
