// ranksweep-bench: times the program's own work. Imports the targets whose work it times, Sweep, Console,
// Text and Transport, and CBenchmark (counts of allocations and multiply-adds). Leaves out comparisons with
// other programs (scripts in docs/benchmarks make them) and judging times: machines are noisy, so no test
// asserts a time.

import Console
import LinearAlgebra

beginProgram()
beWorkerIfAsked(Array(CommandLine.arguments.dropFirst()))
restartWithFasterKernel(than: BLAS.kernelName)
BLAS.useOneThread()
do throws(BenchError) {
    let options = try Options(Array(CommandLine.arguments.dropFirst()))
    let measurement = try BLAS.withoutSubnormals { () throws(BenchError) in
        try options.workload.measure(options)
    }
    printOut(options.json ? measurement.jsonLine(options.workload) : measurement.summary(options.workload))
    endProgram(.done)
} catch {
    printError("ranksweep-bench: \(error.message)")
    endProgram(error.isWrongUse ? .wrongUse : .internal)
}
