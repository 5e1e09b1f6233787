/// Names of OpenBLAS's kernels for all CPU architectures; only a worker's machine knows which of them its CPU
/// can run.
public let blasKernelNames = [
    "Katmai", "Coppermine", "Northwood", "Prescott", "Banias", "Core2", "Penryn", "Dunnington", "Nehalem",
    "Athlon",
    "Opteron", "Opteron_SSE3", "Barcelona", "Nano", "Atom", "Sandybridge", "Bobcat", "Bulldozer",
    "Piledriver",
    "Haswell", "Steamroller", "Excavator", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids",
    "ARMV8", "CortexA53", "CortexA55", "CortexA57", "CortexA72", "CortexA73", "Falkor", "ThunderX",
    "ThunderX2T99",
    "ThunderX3T110", "TSV110", "EMAG8180", "NeoverseN1", "NeoverseN2", "NeoverseV1", "ARMV8SVE", "A64FX",
    "POWER6", "POWER8", "POWER9", "POWER10", "Z13", "Z14",
]

/// An error message for a kernel's name; nil if OpenBLAS has the kernel, in any case of letters, or if the
/// name is `auto` or `env`.
public func kernelFault(_ name: String) -> String? {
    let plain = name.lowercased()
    guard plain != "auto", plain != "env", !blasKernelNames.contains(where: { $0.lowercased() == plain })
    else {
        return nil
    }
    let near = nearestSpelling(to: name, among: blasKernelNames).map { "; did you mean '\($0)'?" }
    return "OpenBLAS has no kernel '\(name)'\(near ?? ", but for example Haswell, SkylakeX and Zen")"
}
