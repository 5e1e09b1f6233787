import Sweep
import Text

/// A record, read back.
public struct Record: Equatable, Sendable {
    /// Raised when a key changes its meaning.
    public static let version = 1

    public let axes: [String: JSONValue]
    public let model: String
    public let metrics: JSONValue
    public let outcome: Outcome
    public let sweep: String
    public let theory: JSONValue?
    public let trace: [JSONValue]
    public let trial: String

    public enum Outcome: Equatable, Sendable {
        case measured
        /// A number of the trial became infinite or none at this step.
        case diverged(atStep: Int?)
    }

    /// Why a text is no record.
    package struct Mistake: Error, Equatable { package let why: String }

    /// Reads one line. Keys that this version does not know are let pass.
    package init(parsing line: some Sequence<UInt8>) throws(Mistake) {
        let value: JSONValue
        do { value = try JSONValue(parsing: line) } catch { throw Mistake(why: error.description) }
        func text(_ key: String) throws(Mistake) -> String {
            guard let text = value[key]?.string else { throw Mistake(why: "'\(key)' must be a text") }
            return text
        }
        guard value.object != nil else { throw Mistake(why: "an object is due") }
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
        theory = value["theory"]
        trace = value["trace"]?.array ?? []
    }

    package subscript(metric: Metric) -> JSONValue? { metrics[metric.key] }

    package var isMeasured: Bool { outcome == .measured }
    /// Whether its theory bounds ranks, and is no closed form.
    package var hasBounds: Bool { theory?["stable_rank_bound"] != nil }
}
