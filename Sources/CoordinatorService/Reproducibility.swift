import Journal
import Sweep

extension RunSummary {
    /// BLAS kernels of those whose attempts the journal has. A lost worker's attempt has none.
    var kernels: Set<String> { Set(workers.map(\.kernel)).subtracting([""]) }
}

extension SweepSpec {
    /// Why a worker with this BLAS kernel may not work at the run: another kernel's products have other last
    /// digits.
    ///
    /// - Parameter others: kernels of those who worked at it before.
    func objection(toKernel kernel: String, after others: Set<String>) -> String? {
        guard isStrict, let due = others.sorted().first, kernel != due else { return nil }
        return
            "its OpenBLAS kernel is \(kernel), the run's is \(due), and the sweep says 'reproducibility: strict': "
            + "start it with --blas-kernel \(due), or run the sweep with 'recorded'"
    }
}
