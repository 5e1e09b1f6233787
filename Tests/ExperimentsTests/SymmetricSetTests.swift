import LinearAlgebra
import Testing

@testable import Experiments

@Suite struct SymmetricSetTests {
    @Test func `The rule gives the published counts`() {
        let labels = SymmetricSet.labels
        #expect(labels.count == 4096 && labels.count { $0 == 1 } == 2118)
        #expect(abs(SymmetricSet.entropyInBits - 0.9991571208502711) <= 1e-15)
        let inputs: Matrix<Float> = SymmetricSet.inputs()
        for bit in 0..<SymmetricSet.bits {
            #expect((0..<4096).count { labels[$0] == 1 && inputs[$0, bit] == 1 } == 1280, "bit \(bit)")
        }
    }

    @Test func `Rows are the bits most significant first`() {
        let inputs: Matrix<Double> = SymmetricSet.inputs(zero: -1, one: 1)
        let row = (0..<12).map { inputs[0b1000_0000_0101, $0] }
        #expect(row == [1, -1, -1, -1, -1, -1, -1, -1, -1, 1, -1, 1])
        #expect(SymmetricSet.isSet(0, of: 2048) && !SymmetricSet.isSet(11, of: 2048))
    }

    /// A symmetry of the icosahedron moves vertices and no class: the turn about the axis 0–9 by a fifth.
    @Test func `Turning the icosahedron keeps the class`() {
        // Around 0: 1, 3, 10, 5, 11 in a ring; their antipodes 7, 6, 4, 2, 8 likewise.
        var turned = Array(0..<12)
        for ring in [[1, 3, 10, 5, 11], [7, 6, 4, 2, 8]] {
            for (index, vertex) in ring.enumerated() { turned[vertex] = ring[(index + 1) % 5] }
        }
        for pattern in 0..<4096 {
            var image = 0
            for vertex in 0..<12 where SymmetricSet.isSet(vertex, of: pattern) {
                image |= 1 << (11 - turned[vertex])
            }
            #expect(SymmetricSet.label(of: pattern) == SymmetricSet.label(of: image))
        }
    }
}
