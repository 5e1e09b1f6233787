// ranksweep-bench: times the program's own work. Imports what it measures. Leaves out comparing with other
// programs (docs/benchmarks has scripts that do) and judging times: machines are noisy, tests assert none.

import Glibc
import LinearAlgebra

beWorkerIfAsked(Array(CommandLine.arguments.dropFirst()))
BLAS.useOneThread()
do throws(BenchError) {
    let options = try Options(Array(CommandLine.arguments.dropFirst()))
    let measurement = try BLAS.withoutSubnormals { () throws(BenchError) in
        try options.workload.measure(options)
    }
    print(options.json ? measurement.jsonLine(options.workload) : measurement.summary(options.workload))
} catch {
    let line = "ranksweep-bench: \(error.message)\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(2)
}
