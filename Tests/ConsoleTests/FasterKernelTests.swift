import Testing

@testable import Console

struct `Kernels that suit the CPU` {
    @Test func `A kernel without AVX2 gives way to one that uses the CPU's vectors`() {
        #expect(fasterKernel(than: "Prescott", on: .avx512) == "SkylakeX")
        #expect(fasterKernel(than: "Prescott", on: .avx2) == "Haswell")
        #expect(fasterKernel(than: "Nehalem", on: .avx2) == "Haswell")
        #expect(fasterKernel(than: "Barcelona", on: .narrow) == nil)
    }

    @Test(arguments: ["Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids", "NeoverseN1", "unknown"])
    func `A kernel that knows the CPU stays`(name: String) {
        #expect(fasterKernel(than: name, on: .avx512) == nil)
    }
}
