import LinearAlgebra
import Text

/// What can be timed.
enum Workload: String, CaseIterable {
    /// An epoch of an MLP 784-200-200-200-10 on 60 000 images, batch 128, Adam.
    case mlp
    /// Local rank of every layer of an MLP at 256 points.
    case localRank = "local-rank"
    /// Trials without training through coordinator, worker and slots.
    case dispatch

    func measure(_ options: Options) throws(BenchError) -> Measurement {
        switch self {
        case .mlp: try measureMLP(options)
        case .localRank: try measureLocalRank(options)
        case .dispatch: try measureDispatch(options)
        }
    }
}

/// A workload's times.
struct Measurement {
    let workload: Workload
    /// One for each repeat.
    var seconds: [Double]
    /// Floating-point operations of the products in one repeat, a multiplication and an addition being two;
    /// nil where how many there are depends on the numbers.
    var operations: Double?
    /// In one repeat; nil where the workload has none.
    var trials: Int?
    /// What was computed, so that others can be compared with it.
    var details: [String: JSONValue] = [:]

    var median: Double {
        let sorted = seconds.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
    /// At the median time.
    var gigaflops: Double? { operations.map { $0 / median / 1e9 } }

    var jsonLine: String {
        var members = details
        members["workload"] = .string(workload.rawValue)
        members["seconds"] = .array(seconds.map { .number($0) })
        members["kernel"] = .string(BLAS.kernelName)
        if let gigaflops { members["gflops"] = .number(gigaflops) }
        if let trials { members["trials_per_second"] = .number(Double(trials) / median) }
        return JSONValue.object(members).canonicalText
    }

    var summary: String {
        let rate =
            (gigaflops.map { "\(rounded($0)) GFLOP/s, " } ?? "")
            + (trials.map { "\(Int(Double($0) / median)) trials/s, " } ?? "")
        return """
            \(workload.rawValue): \(rounded(median)) s (median of \(seconds.count), best \
            \(rounded(seconds.min() ?? median))), \(rate)OpenBLAS kernel \(BLAS.kernelName)
            """
    }

    private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}

/// Runs `body` `repeats` times, after one that is not timed, and says how long each took.
func time(repeats: Int, _ body: () -> Void) -> [Double] {
    let clock = ContinuousClock()
    body()
    return (0..<repeats).map { _ in clock.measure(body) / .seconds(1) }
}
