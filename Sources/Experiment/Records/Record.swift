import Sweep
import Text

/// A record that was read back (docs/records.md).
public struct Record: Equatable, Sendable {
    /// The version of the record's format. It is raised when a key changes its meaning.
    public static let version = 1

    /// The value of each axis of the sweep for this trial, by the axis's path.
    public package(set) var axes: [String: JSONValue]
    /// The model's name: "mlp", "vib" or a network's.
    public let model: String
    /// The names of the layers that metrics have a number for; empty where they are counted.
    public let layers: [String]
    /// The metrics at the end, by their keys.
    public let metrics: JSONValue
    /// Whether the trial ended with metrics or diverged.
    public let outcome: Outcome
    /// The digest of the sweep.
    public let sweep: String
    /// The values that theory predicts beside the metrics; nil where there is none.
    public let theory: JSONValue?
    /// The trace's entries, each with its step; empty without a trace.
    public let trace: [JSONValue]
    /// The trial's identifier.
    public let trial: String

    /// The way in which a trial ended.
    public enum Outcome: Equatable, Sendable {
        case measured
        /// A number in the trial became infinite or NaN at this step.
        case diverged(atStep: Int?)
    }

    /// Why a text isn't a record.
    package struct Mistake: Error, Equatable { package let why: String }

    /// Reads one line. Unknown keys are ignored.
    package init(parsing line: some Sequence<UInt8>) throws(Mistake) {
        let value: JSONValue
        do { value = try JSONValue(parsing: line) } catch { throw Mistake(why: error.description) }
        func text(_ key: String) throws(Mistake) -> String {
            guard let text = value[key]?.string else { throw Mistake(why: "'\(key)' must be a text") }
            return text
        }
        guard value.object != nil else { throw Mistake(why: "expected an object") }
        guard let version = value["version"]?.number else { throw Mistake(why: "no 'version'") }
        guard version == Double(Record.version) else {
            throw Mistake(why: "version \(JSONValue.text(of: version)); this program reads \(Record.version)")
        }
        guard let axes = value["axes"]?.object else { throw Mistake(why: "'axes' must be an object") }
        self.axes = axes
        model = try text("model")
        sweep = try text("sweep")
        trial = try text("trial")
        let outcome = try text("outcome")
        switch outcome {
        case "measured": self.outcome = .measured
        case "diverged":
            self.outcome = .diverged(atStep: value["diverged_at_step"]?.number.flatMap { Int(exactly: $0) })
        default: throw Mistake(why: "the outcome '\(outcome)' is neither measured nor diverged")
        }
        guard let metrics = value["metrics"], metrics.object != nil else {
            throw Mistake(why: "'metrics' must be an object")
        }
        self.metrics = metrics
        layers = (value["layers"]?.array ?? []).compactMap(\.string)
        theory = value["theory"]
        trace = value["trace"]?.array ?? []
    }

    package subscript(metric: Metric) -> JSONValue? { metrics[metric.key] }

    package var isMeasured: Bool { outcome == .measured }
    /// Whether its theory contains rank bounds instead of a closed form.
    package var hasBounds: Bool { theory?[.stableRankBound] != nil }
}
