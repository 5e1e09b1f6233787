import Fitting
import Glibc
import LinearAlgebra
import Model
import Text

/// The work that can be timed.
enum Workload: String, CaseIterable {
    /// An epoch of an MLP 784-200-200-200-10 on 60 000 images, batch 128, Adam.
    case mlp
    /// An epoch of a VIB 784-200-200-2·32 on the same images, batch 128.
    case smallVIB = "vib-small"
    /// An epoch of Alemi's VIB, 784-1024-1024-2·256, batch 100.
    case alemiVIB = "vib-alemi"
    /// An epoch of a vision transformer on the same images, batch 128: two blocks of 64 channels, 7 × 7 patches.
    case vit
    /// An epoch of an MLP-Mixer of the same size.
    case mixer
    /// 1000 steps of a VIB on Gaussian data, 5-5-5, batch 256.
    case gaussianVIB = "gaussian-vib"
    /// Local rank of every layer of an MLP at 256 points.
    case localRank = "local-rank"
    /// Sixteen trainings of that MLP: a sweep from its command to its tables.
    case sweep
    /// Trials without training through coordinator, workers and slots.
    case dispatch
    /// A sweep of a million trials, planned and started.
    case start

    func measure(_ options: Options) throws(BenchError) -> Measurement {
        switch self {
        case .mlp: try measureMLP(options)
        case .smallVIB:
            try measureVIB(options, width: 200, bottleneck: 32, points: 128, learningRate: 1e-3)
        case .alemiVIB:
            try measureVIB(options, width: 1024, bottleneck: 256, points: 100, learningRate: 1e-4)
        case .vit:
            try measureTokens(options) { sizes throws(ShapeFault) in try .vit(sizes, heads: 4, mlpRatio: 2) }
        case .mixer:
            try measureTokens(options) { sizes throws(ShapeFault) in
                try .mixer(sizes, tokenRatio: 1, mlpRatio: 2)
            }
        case .gaussianVIB: try measureGaussianVIB(options)
        case .localRank: try measureLocalRank(options)
        case .sweep: try measureSweep(options)
        case .dispatch: try measureDispatch(options)
        case .start: try measureStart(options)
        }
    }
}

/// A workload's times.
struct Measurement {
    /// Seconds of each repeat.
    var seconds: [Double]
    /// Floating-point operations of the products in one repeat, a multiplication and an addition counting as
    /// two; nil if their number depends on the data.
    var operations: Double?
    /// Further times, for workloads that train.
    var training: TrainingTimes?
    /// Training steps in one repeat; nil if the workload does not train.
    var steps: Int?
    /// Trials in one repeat; nil if the workload has none.
    var trials: Int?
    /// Results of the computation, so that other programs can be compared with it.
    var details: [String: JSONValue] = [:]

    /// Median of the times.
    var medianSeconds: Double { median(seconds) ?? 0 }
    /// Billions of floating-point operations per second at the median time.
    var gigaflops: Double? { operations.map { $0 / medianSeconds / 1e9 } }
    func jsonLine(_ workload: Workload) -> String {
        var members = details
        members["workload"] = .string(workload.rawValue)
        members["seconds"] = .array(seconds.map { .number($0) })
        members["kernel"] = .string(BLAS.kernelName)
        members["peak_bytes"] = JSONValue(peakBytes)
        if let steps { members["steps"] = JSONValue(steps) }
        if let gigaflops { members["gflops"] = .number(gigaflops) }
        if let training { training.add(to: &members) }
        if let trials { members["trials_per_second"] = .number(Double(trials) / medianSeconds) }
        return JSONValue.object(members).canonicalText
    }

    func summary(_ workload: Workload) -> String {
        let fraction = training.map { " (\(percent($0.fractionOfBLAS)) of OpenBLAS alone)" } ?? ""
        let rate =
            (gigaflops.map { "\(rounded($0)) GFLOP/s\(fraction), " } ?? "")
            + (trials.map { "\(Int(Double($0) / medianSeconds)) trials/s, " } ?? "")
        return """
            \(workload.rawValue): \(rounded(medianSeconds)) s (median of \(seconds.count), best \
            \(rounded(seconds.min() ?? 0))), \(rate)OpenBLAS kernel \(BLAS.kernelName), \
            peak \(peakBytes >> 20) MiB
            """
    }

    private func percent(_ value: Double) -> String { "\(Int((value * 100).rounded())) %" }
    private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}

/// Peak memory of this process, in bytes.
private var peakBytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Int(usage.ru_maxrss) * 1024
}

/// Runs `body` `repeats` times after one run that is not timed, and returns the seconds of each.
func time(repeats: Int, _ body: () -> Void) -> [Double] {
    let clock = ContinuousClock()
    body()
    return (0..<repeats).map { _ in clock.measure(body) / .seconds(1) }
}
