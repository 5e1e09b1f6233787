import CKernels
import COpenBLAS

/// The BLAS library that this process loaded.
public enum BLAS {
    /// The kernel that OpenBLAS chose when it was loaded, such as "SkylakeX"; it decides the
    /// bits of products.
    public static var kernelName: String {
        guard let name = openblas_get_corename() else { return "unknown" }
        return String(cString: name)
    }

    /// OpenBLAS's version and build options.
    public static var configuration: String {
        guard let text = openblas_get_config() else { return "OpenBLAS" }
        return String(cString: text)
    }

    /// Limits BLAS to one thread. Call it first in a process that trains: trials are deterministic only on
    /// one thread.
    public static func useOneThread() { openblas_set_num_threads(1) }

    /// Runs `body` with subnormal numbers treated as zero, because they make training steps slow.
    public static func withoutSubnormals<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let before = ck_flush_subnormals()
        defer { ck_restore_subnormals(before) }
        return try body()
    }
}
