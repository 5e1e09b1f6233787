import COpenBLAS
import Testing

@testable import LinearAlgebra

@Suite struct ProcessTests {
    @Test func `The library names its kernel and its build`() {
        #expect(!BLAS.kernelName.isEmpty && BLAS.kernelName != "unknown")
        #expect(BLAS.configuration.hasPrefix("OpenBLAS"))
    }

    /// In a process of its own: the number of threads is the library's.
    @Test func `A process that trains has one thread`() async {
        await #expect(processExitsWith: .success) {
            BLAS.useOneThread()
            precondition(openblas_get_num_threads() == 1)
        }
    }

    @Test func `Subnormal numbers are zeros where they would be slow and nowhere else`() {
        let tiny = Matrix<Float>([[.leastNormalMagnitude, 1]])
        let half = Matrix<Float>(rows: 1, columns: 2)
        half.assign(tiny, times: 0.5)
        #expect(half[0, 0] > 0, "half of the least normal number is subnormal")
        BLAS.withoutSubnormals { half.assign(tiny, times: 0.5) }
        #expect(half.values == [0, 0.5])
        half.assign(tiny, times: 0.5)
        #expect(half[0, 0] > 0)
    }
}
