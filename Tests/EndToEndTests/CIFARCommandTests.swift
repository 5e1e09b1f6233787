import Foundation
import Testing

/// Messages of commands about CIFAR-10's files, and about a sweep that needs them.
@Suite struct CIFARCommandTests {
    private func batch(_ images: Int, label: UInt8 = 3) -> Data {
        Data((0..<images).flatMap { _ in [label] + [UInt8](repeating: 7, count: 3072) })
    }

    private func put(_ data: Data, _ name: String, _ work: Workspace) throws {
        try data.write(to: work.folder.appending(path: "data/cifar-10/\(name)"))
    }

    @Test func `Verify tells right, missing, cut short and mislabelled batches apart`() throws {
        let work = try Workspace()
        func verify() throws -> Program.Result {
            try work.run("data", "verify", "cifar-10", "--data", "data")
        }
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "data/cifar-10"), withIntermediateDirectories: true)
        for number in 1...5 { try put(batch(4), "data_batch_\(number).bin", work) }
        let missing = try verify()
        #expect(missing.code == 2 && missing.output.contains("missing"), "\(missing.all)")
        #expect(missing.errors.contains("cifar-10-binary.tar.gz"))
        try put(batch(10_000), "test_batch.bin", work)
        let sound = try verify()
        #expect(sound.code == 0, "\(sound.all)")
        #expect(sound.output.contains("right ") && sound.output.contains("4 images"))
        // Cut between two images, which one file alone does not show.
        try put(batch(3), "data_batch_2.bin", work)
        let cut = try verify()
        #expect(cut.code == 2, "\(cut.all)")
        #expect(cut.output.contains("the five training batches have 3 and 4 images: is one cut short?"))
        try put(batch(4).dropLast(), "data_batch_2.bin", work)
        try put(batch(4, label: 10), "data_batch_3.bin", work)
        let wrong = try verify()
        #expect(wrong.code == 2 && wrong.output.contains("data_batch_2.bin: it ends within a record"))
        #expect(wrong.output.contains("data_batch_3.bin: image 0 has the label 10; labels are 0 to 9"))
        // Nobody writes to it, so who opened it would wait for ever.
        let pipe = work.folder.appending(path: "data/cifar-10/data_batch_4.bin").path
        #expect(unlink(pipe) == 0 && mkfifo(pipe, 0o600) == 0)
        #expect(try verify().output.contains("data_batch_4.bin: a pipe, not a file"))
    }

    @Test func `Sets that cannot be fetched, or have no files, are named`() throws {
        let work = try Workspace()
        let fetch = try work.run("data", "fetch", "cifar-10", "--data", "data")
        #expect(fetch.code == 2 && fetch.errors.contains("unpack cifar-10-binary.tar.gz"), "\(fetch.all)")
        let computed = try work.run("data", "verify", "generated-images")
        #expect(computed.code == 2 && computed.errors.contains("computed"), "\(computed.all)")
    }

    @Test
    func `A sweep on CIFAR-10 without its files ends before any trial; on generated images it runs`() throws {
        let work = try Workspace()
        try work.write(
            """
            name: s
            model: resnet
            dataset: {name: cifar-10, train_points: 40, test_points: 20}
            width: 2
            training: {epochs: 1, batch_size: 20}
            measures: {local_rank: {points: 1, patch: 2}}
            weights: final
            """, to: "s.yaml")
        let without = try work.run("run", "s.yaml", "--data", "data", "--out", "o")
        #expect(without.code == 2, "\(without.all)")
        #expect(without.errors.contains("data/cifar-10/data_batch_1.bin cannot be read"))
        #expect(without.errors.contains("--set dataset=generated-images"))
        let run = try work.run(
            "run", "s.yaml", "--workers", "1", "--out", "o", "--set",
            "dataset={name: generated-images, train_points: 40, test_points: 20}")
        #expect(run.code == 0, "\(run.all)")
        let record = try work.text("o/records.ndjson")
        #expect(record.contains(#""model":"resnet""#) && record.contains(#""outcome":"measured""#))
        // Names and sizes of the kept network, as its header has them.
        let names = try FileManager.default.contentsOfDirectory(
            atPath: work.folder.appending(path: "o/weights").path)
        let weights = try work.bytes("o/weights/\(try #require(names.first))")
        let header = String(decoding: weights.prefix(4000), as: UTF8.self)
        for name in ["convolution.weight", "stages.2.0.norm2.running_var", "classifier.bias"] {
            #expect(header.contains("\"\(name)\":"), "\(name)")
        }
        let check = try work.run("check", "o")
        #expect(check.code == 0, "\(check.all)")
    }
}
