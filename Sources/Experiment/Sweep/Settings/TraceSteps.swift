import Glibc

extension TrialSettings.Measures.Times {
    /// The steps after which a training of `steps` steps gets an entry in its trace, ascending, each once.
    public func steps(of steps: Int) -> [Int] {
        let listed: [Int]
        switch self {
        case .end: return []
        // A single point is the end of training.
        case .linear(1), .log(1): return [steps]
        case .linear(let count): listed = (0..<count).map { $0 * steps / (count - 1) }
        case .log(let count):
            listed = (0..<count).map { index in
                min(steps, Int(pow(Double(steps), Double(index) / Double(count - 1)).rounded()))
            }
        case .steps(let asked): listed = asked.filter { $0 <= steps }
        }
        var distinct: [Int] = []
        for step in listed.sorted() where step != distinct.last { distinct.append(step) }
        return distinct
    }
}
