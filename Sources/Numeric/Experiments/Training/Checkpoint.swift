import Learning
import LinearAlgebra
import Sweep
import Text

/// Hooks by which a long training saves its state now and then, and resumes from it in another process. The
/// caller decides when, where and how durably: there is no clock and no file here.
public struct Checkpoints {
    /// Version and commit: other code may train differently.
    public var program: String
    /// Whether to save now; asked after each step.
    public var isDue: () -> Bool
    /// Returns the bytes last saved for the trial; nil where there are none.
    public var load: () -> [UInt8]?
    /// Saves the bytes in place of those saved before.
    public var save: ([UInt8]) -> Void
    /// Receives the reason why the loaded bytes are unusable; the training then starts from the beginning.
    public var ignore: (String) -> Void

    /// Hooks for the trainings of one trial.
    public init(
        program: String, isDue: @escaping () -> Bool, load: @escaping () -> [UInt8]?,
        save: @escaping ([UInt8]) -> Void, ignore: @escaping (String) -> Void
    ) {
        self.program = program
        self.isDue = isDue
        self.load = load
        self.save = save
        self.ignore = ignore
    }
}

/// The checkpoints of one trial, by one program and one BLAS kernel.
///
/// Format: the SHA-256 of all that follows; the header's length as a little-endian UInt64; the header, a JSON
/// object; then single-precision numbers: the trainer's memory, then the weights kept so far, with those for
/// measures of the end last.
struct TrialCheckpoints {
    private let hooks: Checkpoints
    private let key: JSONValue

    init(_ hooks: Checkpoints, _ settings: TrialSettings, _ keeping: KeptWeights) {
        self.hooks = hooks
        key = .object([
            "keeping": .string("\(keeping)"), "kernel": .string(BLAS.kernelName),
            "program": .string(hooks.program), "trial": .string(TrialID(of: settings).text),
        ])
    }

    /// Saves a checkpoint where one is due; to be called after each step.
    func saveIfDue<M: TrainableNetwork>(_ trainer: Trainer<M>, _ history: TrainingResult)
    where M.Scalar == Float {
        guard hooks.isDue() else { return }
        let memory = trainer.memory
        var header: [String: JSONValue] = [
            "key": key, "step": JSONValue(trainer.step), "trace": .array(history.trace.map(\.json)),
            "memory": JSONValue(memory.map(\.count)), "kept": JSONValue(history.kept.map(\.step)),
            "measured": JSONValue(history.measured.map(\.step)),
        ]
        if history.bestLoss.isFinite { header["best_loss"] = .number(history.bestLoss) }
        let text = Array(JSONValue.object(header).canonicalText.utf8)
        var rest = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
        for part in memory { rest += littleEndian(part.values) }
        for network in history.kept + history.measured { rest += littleEndian(network.values) }
        hooks.save(Digest(of: rest).bytes + rest)
    }

    /// Puts the trainer in the state of the last checkpoint. Returns nil, and leaves the trainer as it was,
    /// where there is no intact one of this trial, program and kernel.
    func restore<M: TrainableNetwork>(_ trainer: inout Trainer<M>, steps: Int) -> TrainingResult?
    where M.Scalar == Float {
        guard let bytes = hooks.load() else { return nil }
        do throws(Unfit) {
            var reader = try Reader(bytes, key: key)
            let memory = trainer.memory
            guard let step = reader.header["step"]?.number.flatMap({ Int(exactly: $0) }),
                step >= 1, step <= steps,
                reader.header["memory"] == JSONValue(memory.map(\.count)),
                let trace = reader.header["trace"]?.array, let kept = reader.header["kept"]?.array,
                let measured = reader.header["measured"]?.array
            else { throw .otherShape }
            var history = TrainingResult()
            history.trace = trace.compactMap { TraceEntry($0) }
            history.bestLoss = reader.header["best_loss"]?.number ?? .infinity
            let parts = try memory.map { part throws(Unfit) in try reader.floats(part.count) }
            history.kept = try reader.networks(kept, count: memory[0].count)
            history.measured = try reader.networks(measured, count: memory[0].count)
            guard reader.isAtEnd, history.trace.count == trace.count else { throw .otherShape }
            for (part, values) in zip(memory, parts) { part.assign(values) }
            trainer.resume(after: step)
            history.continuedFrom = step
            return history
        } catch {
            hooks.ignore(error.words)
            return nil
        }
    }

    private enum Unfit: Error {
        case damaged, foreign, otherShape

        var words: String {
            switch self {
            case .damaged: "it is damaged or cut short"
            case .foreign: "it is by another version of ranksweep or another BLAS kernel, or of another trial"
            case .otherShape: "it belongs to another network"
            }
        }
    }

    private struct Reader {
        let header: JSONValue
        private let bytes: [UInt8]
        private var position: Int

        init(_ bytes: [UInt8], key: JSONValue) throws(Unfit) {
            guard bytes.count >= 40, Digest(of: Array(bytes[32...])).bytes == Array(bytes[..<32]) else {
                throw .damaged
            }
            let length = bytes[32..<40].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard length <= UInt64(bytes.count - 40),
                let header = try? JSONValue(parsing: Array(bytes[40..<40 + Int(length)]))
            else { throw .damaged }
            guard header["key"] == key else { throw .foreign }
            self.header = header
            self.bytes = bytes
            position = 40 + Int(length)
        }

        var isAtEnd: Bool { position == bytes.count }

        mutating func networks(_ steps: [JSONValue], count: Int) throws(Unfit) -> [KeptNetwork] {
            var networks: [KeptNetwork] = []
            for step in steps {
                guard let step = step.number.flatMap({ Int(exactly: $0) }) else { throw .otherShape }
                networks.append(KeptNetwork(step: step, values: try floats(count)))
            }
            return networks
        }

        mutating func floats(_ count: Int) throws(Unfit) -> [Float] {
            guard count <= (bytes.count - position) / 4 else { throw .otherShape }
            var words = [UInt32](repeating: 0, count: count)
            words.withUnsafeMutableBytes { $0.copyBytes(from: bytes[position..<position + 4 * count]) }
            position += 4 * count
            return words.map { Float(bitPattern: UInt32(littleEndian: $0)) }
        }
    }
}
