// ranksweep-bench: times the program's own work. Imports what it measures. Leaves out comparing with other
// programs (docs/benchmarks has scripts that do) and judging times: machines are noisy, tests assert none.

import Console
import LinearAlgebra

beginProgram()
beWorkerIfAsked(Array(CommandLine.arguments.dropFirst()))
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
