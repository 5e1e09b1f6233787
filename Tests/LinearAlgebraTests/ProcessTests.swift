import COpenBLAS
import Testing

@testable import LinearAlgebra

@Suite struct ProcessTests {
    @Test func theLibraryNamesItsKernelAndItsBuild() {
        #expect(!BLAS.kernelName.isEmpty && BLAS.kernelName != "unknown")
        #expect(BLAS.configuration.hasPrefix("OpenBLAS"))
    }

    /// In a process of its own: the setting is the thread's.
    @Test func aPreparedProcessHasOneThreadAndNoSubnormals() async {
        await #expect(processExitsWith: .success) {
            let tiny = Matrix<Float>([[.leastNormalMagnitude, 1]])
            let half = Matrix<Float>(rows: 1, columns: 2)
            half.assign(tiny, times: 0.5)
            precondition(half[0, 0] > 0, "half of the least normal number is subnormal")
            BLAS.prepareProcess()
            half.assign(tiny, times: 0.5)
            precondition(half.values == [0, 0.5])
            precondition(openblas_get_num_threads() == 1)
        }
    }
}
