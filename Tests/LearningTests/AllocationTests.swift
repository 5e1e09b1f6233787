import Glibc
import Model
import TestSupport
import Testing

@testable import Learning
@testable import LinearAlgebra

/// Sees allocations, even those that are freed again, without a hook in malloc: of each small size one chunk
/// is freed last, so the next allocation of that size gets it (glibc's per-thread caches are stacks), and
/// what is put there overwrites the mark. A mark starts past the 16 bytes that the cache keeps for itself. It
/// is read after the free, so this is not for sanitizers.
struct Canaries {
    private var chunks: [(start: UnsafeMutableRawPointer, size: Int)] = []
    private static let mark: UInt8 = 0xC3

    static var isPossible: Bool {
        isOptimised && dlsym(nil, "__asan_init") == nil && dlsym(nil, "__tsan_init") == nil
    }

    static let reason: Comment = "needs an optimised build; reads freed memory, which the sanitizers report"

    /// One for each size that glibc caches, 24 to 1032 bytes.
    mutating func plant() {
        let sizes = Array(stride(from: 24, through: 1032, by: 16))
        chunks.removeAll()
        chunks.reserveCapacity(sizes.count)
        for size in sizes {
            // A cache holds seven of a size: empty it, so that there is room for ours.
            for _ in 0..<8 { _ = malloc(size) }
            if let start = malloc(size) { chunks.append((start, size)) }
        }
        for chunk in chunks { free(chunk.start) }
        for chunk in chunks { memset(chunk.start + 16, Int32(Self.mark), chunk.size - 16) }
    }

    var allAlive: Bool {
        chunks.allSatisfy { chunk in
            (16..<chunk.size).allSatisfy {
                chunk.start.load(fromByteOffset: $0, as: UInt8.self) == Self.mark
            }
        }
    }
}

/// In processes of their own: other tests would allocate meanwhile.
@Suite(.enabled(if: Canaries.isPossible, Canaries.reason)) struct AllocationTests {
    /// The networks are so small that any array of theirs is of a watched size.
    @Test func `A training step allocates nothing`() async {
        await #expect(processExitsWith: .success) {
            BLAS.useOneThread()
            let (classes, plane) = (Task.blobs(points: 8), Task.plane(points: 8))
            let streams = RandomStreams(seed: 1)
            var mlp = Trainer(Task.mlp(points: 8), settings: Task.adam, streams: streams, points: 8)
            var vib = Trainer(Task.vib(points: 8), settings: Task.adam, streams: streams, points: 8)
            var regression = Trainer(
                Task.vib(.gaussianNLL, points: 8), settings: Task.adam, streams: streams, points: 8)
            var penalised = Trainer(
                MLP<Float>(
                    StackShape(units: [6, 13, 9, 2], activation: .relu), loss: .crossEntropy, points: 8,
                    logDet: LogDetSettings(weight: 1e-3, epsilon: 0.1, layers: [1, 2])),
                settings: Task.adam, streams: streams, points: 8)
            penalised.model.initialise(streams)
            var canaries = Canaries()
            // The first round warms up: OpenBLAS and the runtime allocate once.
            for round in 0..<2 {
                canaries.plant()
                var sum = 0.0
                for _ in 0..<100 {
                    sum += penalised.train(classes).total
                    sum += mlp.train(classes).total + vib.train(classes).total + regression.train(plane).total
                }
                if round == 1 { exit(canaries.allAlive && sum.isFinite ? 0 : 1) }
            }
        }
    }

    /// The watch itself: one array that lives for a moment is seen.
    @Test func `An allocation that is freed again is seen`() async {
        await #expect(processExitsWith: .success) {
            var canaries = Canaries()
            canaries.plant()
            let quiet = canaries.allAlive
            let length = Task.blobs(points: 2).inputs.values.map { $0 * 2 }.count
            exit(quiet && !canaries.allAlive && length == 12 ? 0 : 1)
        }
    }
}
