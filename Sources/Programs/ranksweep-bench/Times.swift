import CBenchmark
import Fitting
import Glibc
import LinearAlgebra
import Text

/// Further costs of a training's repeats: processor time instead of clock time, so that other
/// programs count less.
struct TrainingTimes {
    /// Processor seconds of a repeat's steps, one for each repeat.
    fileprivate(set) var step: [Double] = []
    /// Processor seconds of those steps' products alone, through the same calls, one for each repeat.
    fileprivate(set) var products: [Double] = []
    /// The highest rate of operations per second observed for fused multiply-adds in registers; 0
    /// means unknown.
    fileprivate(set) var peak = 0.0
    /// Calls of malloc and its relatives in all timed steps.
    fileprivate(set) var allocations = 0
    /// Steps in a repeat.
    fileprivate(set) var steps = 0
    fileprivate(set) var operations = 0.0

    /// The share of a step that products take: a measure of how near the step is to the library's speed.
    var fractionOfBLAS: Double { median(zip(products, step).map { $0 / $1 }) ?? 0 }

    func add(to members: inout [String: JSONValue]) {
        members["cpu_seconds"] = .array(step.map { .number($0) })
        members["fraction_of_blas"] = .number(fractionOfBLAS)
        members["blas_gflops"] = .number(operations / (median(products) ?? 0) / 1e9)
        if peak > 0 {
            members["fraction_of_peak"] = .number(operations / (median(step) ?? 0) / peak)
            members["peak_gflops"] = .number(peak / 1e9)
        }
        members["allocations_per_step"] = .number(Double(allocations) / Double(max(1, steps * step.count)))
    }
}

/// The times of a training's repeats, each followed by those of its products alone, because a machine's speed
/// varies from minute to minute. The first repeat is not counted.
struct Times {
    let steps: Int
    private(set) var seconds: [Double] = []
    private(set) var training = TrainingTimes()
    private let products: [Product]
    private let alone: ProductsAlone
    private let clock = ContinuousClock()
    private var start: ContinuousClock.Instant
    private var processorStart = 0.0
    private var allocationsBefore = 0
    private var isFirst = true

    /// Operations of all steps of a repeat.
    var operations: Double { products.reduce(0) { $0 + $1.operations } * Double(steps) }

    /// - Parameter products: the products of one step.
    init(products: [Product], steps: Int) {
        self.products = products
        self.steps = steps
        alone = ProductsAlone(products)
        start = clock.now
        (training.steps, training.operations) = (steps, operations)
    }

    mutating func begin() {
        allocationsBefore = Int(bench_allocations())
        processorStart = processorTime()
        start = clock.now
    }

    mutating func end() {
        let time = (clock.now - start) / .seconds(1)
        let step = processorTime() - processorStart
        let allocations = Int(bench_allocations()) - allocationsBefore
        let alone = processorTime { self.alone.compute(times: steps) }
        for _ in 0..<20 {
            var operations = 0.0
            let time = processorTime { operations = bench_multiply_adds(10_000) }
            training.peak = max(training.peak, operations / max(time, 1e-9))
        }
        if !isFirst {
            seconds.append(time)
            training.step.append(step)
            training.products.append(alone)
            training.allocations += allocations
        }
        isFirst = false
    }

    mutating func time(_ body: () -> Void) {
        begin()
        body()
        end()
    }
}

extension Measurement {
    /// - Parameter trainings: number of trainings in the batch; times and operations are then one
    ///   training's share.
    init(_ times: Times, trainings: Int = 1, details: [String: JSONValue]) {
        self.init(
            seconds: times.seconds, operations: times.operations, training: times.training,
            steps: times.steps,
            details: details)
        guard trainings > 1 else { return }
        let share = 1 / Double(trainings)
        seconds = seconds.map { $0 * share }
        operations = times.operations * share
        training?.operations *= share
        training?.step = times.training.step.map { $0 * share }
        training?.products = times.training.products.map { $0 * share }
    }
}

/// Processor seconds that this process has used.
private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func processorTime(_ body: () -> Void) -> Double {
    let start = processorTime()
    body()
    return processorTime() - start
}
