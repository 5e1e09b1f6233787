import Glibc
import Model

extension TrialSettings.Measures.Times {
    /// The steps after which a training gets an entry in its trace, ascending, each once.
    public func steps(of length: TrainingLength) -> [Int] {
        let (listed, steps): ([Int], Int)
        steps = length.steps
        switch self {
        case .end: return []
        // A single point is the end of training.
        case .linear(1), .log(1): return [steps]
        case .linear(let count): listed = (0..<count).map { $0 * steps / (count - 1) }
        case .log(let count):
            listed = (0..<count).map { index in
                min(steps, Int(pow(Double(steps), Double(index) / Double(count - 1)).rounded()))
            }
        case .epochs(let count):
            listed = Array(stride(from: 0, to: steps, by: count * length.stepsPerEpoch)) + [steps]
        case .steps(let asked): listed = asked.filter { $0 <= steps }
        }
        var distinct: [Int] = []
        for step in listed.sorted() where step != distinct.last { distinct.append(step) }
        return distinct
    }
}
