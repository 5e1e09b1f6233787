import LinearAlgebra
import Text

/// What can be timed.
enum Workload: String, CaseIterable {
    /// An epoch of an MLP 784-200-200-200-10 on 60 000 images, batch 128, Adam.
    case mlp

    func measure(_ options: Options) throws(BenchError) -> Measurement {
        switch self {
        case .mlp: try measureMLP(options)
        }
    }
}

/// A workload's times.
struct Measurement {
    let workload: Workload
    /// One for each repeat.
    let seconds: [Double]
    /// Floating-point operations of the products in one repeat: a multiplication and an addition are two.
    let operations: Double

    var median: Double {
        let sorted = seconds.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
    /// At the median time.
    var gigaflops: Double { operations / median / 1e9 }

    var jsonLine: String {
        JSONValue.object([
            "workload": .string(workload.rawValue),
            "seconds": .array(seconds.map { .number($0) }),
            "kernel": .string(BLAS.kernelName),
            "gflops": .number(gigaflops),
        ]).canonicalText
    }

    var summary: String {
        """
        \(workload.rawValue): \(rounded(median)) s (median of \(seconds.count), best \
        \(rounded(seconds.min() ?? median))), \(rounded(gigaflops)) GFLOP/s, OpenBLAS kernel \(BLAS.kernelName)
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
