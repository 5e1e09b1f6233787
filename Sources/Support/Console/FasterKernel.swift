import CPosix
import Glibc

/// OpenBLAS's kernels for x86 CPUs without AVX2. OpenBLAS falls back to one of them on a CPU that is newer than the
/// library: on an Emerald Rapids, Debian 12's version chooses Prescott, which has a fifth of the speed.
private let kernelsWithoutAVX2: Set = [
    "Katmai", "Coppermine", "Northwood", "Prescott", "Banias", "Core2", "Penryn", "Dunnington", "Nehalem",
    "Atom",
    "Athlon", "Opteron", "Opteron_SSE3", "Barcelona", "Nano", "Sandybridge", "Bobcat", "Bulldozer",
    "Piledriver",
]

/// The widest vectors that a CPU computes with.
enum VectorUnit { case narrow, avx2, avx512 }

/// The kernel that suits a CPU better than the one that OpenBLAS chose; nil if OpenBLAS's choice suits it.
func fasterKernel(than chosen: String, on unit: VectorUnit) -> String? {
    guard kernelsWithoutAVX2.contains(chosen) else { return nil }
    switch unit {
    case .narrow: return nil
    case .avx2: return "Haswell"
    case .avx512: return "SkylakeX"
    }
}

/// Starts this process's program again, in the same process, with a kernel that suits the CPU, if OpenBLAS does not know
/// the CPU and has fallen back to an old kernel. A kernel that OPENBLAS_CORETYPE names stays. Call it first in a process
/// that computes; it returns if there is nothing to do.
///
/// - Parameter chosen: the kernel that OpenBLAS chose in this process.
public func restartWithFasterKernel(than chosen: String) {
    let unit: VectorUnit = cposix_has_avx512() != 0 ? .avx512 : cposix_has_avx2() != 0 ? .avx2 : .narrow
    guard environmentValue("OPENBLAS_CORETYPE") == nil, let faster = fasterKernel(than: chosen, on: unit)
    else { return }
    setenv("OPENBLAS_CORETYPE", faster, 1)
    execv("/proc/self/exe", CommandLine.unsafeArgv)
    // The program's file may be gone. The old kernel computes as well.
    unsetenv("OPENBLAS_CORETYPE")
}
