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

    func sendPiece(
        _ trial: UInt64, _ file: UInt32, _ offset: UInt64, _ effects: inout [SessionEffect]
    ) {
        guard let files = files(of: trial), Int(file) < files.count, offset < files[Int(file)].bytes else {
            return
        }
        let count = min(UInt64(WireLimit.piece), files[Int(file)].bytes - offset)
        effects.append(.sendPiece(trial: trial, file: file, offset: offset, count: Int(count)))
    }
}
