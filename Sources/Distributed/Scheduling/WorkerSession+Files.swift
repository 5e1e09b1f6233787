import Wire

// Weights of reported trials: they lie where the slot left them until the coordinator has them, or does not want them.

extension WorkerSession {
    mutating func forget(_ trial: UInt64, _ effects: inout [SessionEffect]) {
        if files(of: trial) != nil { effects.append(.deleteFiles(trial: trial)) }
        held[trial] = nil
    }

    /// What the coordinator may fetch.
    func files(of trial: UInt64) -> [KeptFile]? {
        guard case .reported(.report(let report))? = held[trial]?.stage, !report.files.isEmpty else {
            return nil
        }
        return report.files
    }

    func sendChunk(
        _ trial: UInt64, _ file: UInt32, _ offset: UInt64, _ effects: inout [SessionEffect]
    ) {
        guard let files = files(of: trial), Int(file) < files.count, offset < files[Int(file)].bytes else {
            return
        }
        let count = min(UInt64(WireLimit.chunk), files[Int(file)].bytes - offset)
        effects.append(.sendChunk(trial: trial, file: file, offset: offset, count: Int(count)))
    }
}

// What the worker says it holds.

extension WorkerSession {
    /// Running and reported trials, then those that wait, in the order in which they will start.
    var claims: [WorkerMessage.HeldTrial] {
        let begun = held.keys.filter { held[$0]?.stage != .waiting }.sorted()
        return (begun + queue.joined()).compactMap { trial in
            held[trial].map {
                let stage: WorkerMessage.HeldTrial.Stage =
                    switch $0.stage {
                    case .waiting: .waiting
                    case .running: .running
                    case .reported: .reported
                    }
                return WorkerMessage.HeldTrial(
                    lease: $0.lease, trial: trial, attempt: $0.attempt, stage: stage,
                    isBatched: $0.isBatched)
            }
        }
    }

    /// Whether the worker has the trial's record, for which it was not told that it is durable.
    public func holdsRecord(of trial: UInt64) -> Bool { record(of: trial) != nil }

    public func record(of trial: UInt64) -> WorkerMessage.Report? {
        if case .reported(.report(let report))? = held[trial]?.stage { report } else { nil }
    }
}
