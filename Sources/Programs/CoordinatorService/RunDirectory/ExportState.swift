import Files
import Glibc
import Journal
import Sweep
import Text

/// The state of an exported file of lines compared with the journal that it is written from.
enum ExportState: Equatable {
    case current
    case missing
    /// Every line is right, but this many lines are missing.
    case outdated(Int)
    /// The line of this number, counted from 1, is not in the journal.
    case foreign(line: Int)

    /// - Parameter visit: calls its argument with each line that should be there, in order.
    init(
        of path: String,
        _ visit: ((_ line: [UInt8]) throws(JournalError) -> Void) throws(JournalError) -> Void
    ) throws(JournalError) {
        guard let file = LineFile(path) else {
            self = .missing
            return
        }
        var (found, right, absent) = (file.next(), 0, 0)
        try visit { line throws(JournalError) in
            if found == line {
                right += 1
                found = file.next()
            } else {
                absent += 1
            }
        }
        if found != nil {
            self = .foreign(line: right + 1)
        } else {
            self = absent == 0 ? .current : .outdated(absent)
        }
    }
}

extension RunDirectory {
    func recordsState(_ journal: RunJournal) throws(JournalError) -> ExportState {
        try ExportState(of: recordsPath) { body throws(JournalError) in
            try journal.forEachRecord { _, line throws(JournalError) in try body(line) }
        }
    }

    func provenanceState(_ journal: RunJournal) throws(JournalError) -> ExportState {
        try ExportState(of: provenancePath) { body throws(JournalError) in
            try forEachProvenanceLine(journal, body)
        }
    }

    /// The first fault in the weights of a measured trial. nil where the files are what the sweep asks for:
    /// exact headers and sizes, and the digests of the files that were kept.
    func weightsFault(
        of trial: Trial, in folder: WeightsFolder? = nil, digests: [String: String]
    ) -> (file: String, why: String)? {
        let folder = folder ?? weights
        let count = spec.weights.files(steps: trial.settings.trainingSteps)
        for index in 0..<count {
            var step: Int?
            if case .steps(let listed) = spec.weights { step = listed[index] }
            let name = spec.weights.fileName(trial.id, step: step ?? 0)
            let file = "\(folder.path)/\(name)"
            if let why = fault(ofWeights: file, trial, step: step) { return (name, why) }
            guard let digest = digests[name] else { return (name, "the journal has no digest of it") }
            guard fileDigest(file) == digest else {
                return (name, "its bytes have changed since it was kept (SHA-256)")
            }
        }
        return nil
    }

    /// The names of all its weight files.
    func weightNames(of trial: Trial) -> [String] {
        guard case .steps(let listed) = spec.weights else {
            return [spec.weights.fileName(trial.id, step: 0)]
        }
        return listed.prefix(spec.weights.files(steps: trial.settings.trainingSteps)).map {
            spec.weights.fileName(trial.id, step: $0)
        }
    }

    private func fault(ofWeights file: String, _ trial: Trial, step: Int?) -> String? {
        guard let size = fileSize(file) else { return "it is missing" }
        let start = firstBytes(8, of: file)
        guard start.count == 8 else { return "it has \(size) bytes" }
        let length = start.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length < 1 << 24 else { return "it does not begin like a .safetensors file" }
        let header = firstBytes(8 + Int(length), of: file)
        guard let json = try? JSONValue(parsing: Array(header.dropFirst(8))),
            let recordedStep = json["__metadata__"]?["step"]?.string.flatMap({ Int($0) })
        else { return "its header cannot be read" }
        guard header == trial.weightsHeader(step: step ?? recordedStep) else {
            return "its header is not that of this trial"
        }
        let due = trial.weightsFileSize(step: step ?? recordedStep)
        return size == due ? nil : "it has \(size) bytes, not \(due)"
    }
}
