import Foundation
import Testing

@testable import Experiments

/// A folder of its own with six small batches, removed with the value.
private final class BatchFolder {
    let path = FileManager.default.temporaryDirectory.path + "/ranksweep-\(UUID().uuidString)"
    private let folder: String
    static let names = (1...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]

    init(_ folder: String = "cifar-10") throws {
        self.folder = "\(path)/\(folder)"
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        for (batch, name) in BatchFolder.names.enumerated() {
            let records = (0..<3).map { BatchFolder.record(batch * 3 + $0) }
            try write(records.flatMap { $0 }, name)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(folder)/\(name)" }
    func write(_ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: URL(filePath: file(name)))
    }
    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: file(name)))) }

    /// A label, then red, green and blue of 32 × 32 pixels.
    static func record(_ number: Int) -> [UInt8] {
        let colours = (0..<3).flatMap { colour in (0..<1024).map { value(number, $0, colour) } }
        return [UInt8(number * 7 % 10)] + colours
    }

    static func value(_ number: Int, _ pixel: Int, _ colour: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: number * 31 + pixel * 5 + pixel / 32 + colour * 85)
    }

    func open(cache: String? = nil) throws(DataError) -> ImageSet {
        try ImageSet.open(.cifar10, in: DataDirectory(data: path, cache: cache))
    }

    var fault: String? {
        do throws(DataError) {
            _ = try open()
            return nil
        } catch { return error.description }
    }
}

@Suite struct CIFARTests {
    /// All colours of each pixel side by side, batch after batch.
    private func expectWhole(_ set: ImageSet) {
        #expect(set.numbersPerImage == 3072)
        #expect(set.train.labels == (0..<15).map { Int32($0 * 7 % 10) })
        #expect(set.test.labels == (15..<18).map { Int32($0 * 7 % 10) })
        let pixels = Array(set.train.pixels) + Array(set.test.pixels)
        let expected = (0..<18).flatMap { number in
            (0..<1024).flatMap { pixel in (0..<3).map { BatchFolder.value(number, pixel, $0) } }
        }
        #expect(pixels == expected)
    }

    @Test(arguments: ["cifar-10", "cifar-10/cifar-10-batches-bin"])
    func `Batches become pixels with their colours`(folder: String) throws {
        expectWhole(try BatchFolder(folder).open())
    }

    @Test func `The decoded copy is used and made anew where it is damaged`() throws {
        let folder = try BatchFolder()
        let cache = folder.path + "/cache"
        expectWhole(try folder.open(cache: cache))
        let names = try FileManager.default.contentsOfDirectory(atPath: cache).filter {
            $0.hasSuffix(".images")
        }
        let name = try #require(names.first)
        #expect(names.count == 1 && name.hasPrefix("cifar-10-"))
        let url = URL(filePath: "\(cache)/\(name)")
        let whole = try Data(contentsOf: url)
        #expect(whole.count == 64 + 18 * 3073)
        for length in [0, 63, 5000, whole.count - 1] {
            try whole[..<length].write(to: url)
            expectWhole(try folder.open(cache: cache))
            #expect(try Data(contentsOf: url) == whole)
        }
        var damaged = whole
        damaged[40_000] ^= 1
        try damaged.write(to: url)
        expectWhole(try folder.open(cache: cache))
    }

    @Test func `A batch cut anywhere is refused`() throws {
        let folder = try BatchFolder()
        for name in ["data_batch_1.bin", "data_batch_4.bin", "test_batch.bin"] {
            let whole = try folder.read(name)
            for length in [0, 1, 3072, 3074, whole.count - 1] {
                try folder.write(Array(whole[..<length]), name)
                #expect(
                    folder.fault
                        == "\(folder.file(name)): is cut short or no CIFAR-10 batch: its \(length) bytes "
                        + "are not whole records of 3073")
            }
            try folder.write(whole, name)
        }
        // Between two records.
        let whole = try folder.read("data_batch_3.bin")
        try folder.write(Array(whole[..<3073]), "data_batch_3.bin")
        #expect(
            folder.fault
                == "\(folder.file("data_batch_3.bin")): holds 1 images, data_batch_1.bin holds 3; is it cut "
                + "short?")
        try folder.write(whole, "data_batch_3.bin")
        #expect(folder.fault == nil)
    }

    @Test(arguments: ["cifar-100", "cifar-100/cifar-100-binary"])
    func `The fine labels of CIFAR-100 are the second bytes`(folder name: String) throws {
        let folder = try BatchFolder(name)
        func open() throws -> ImageSet {
            try ImageSet.open(.cifar100, in: DataDirectory(data: folder.path, cache: nil))
        }
        func records(_ numbers: Range<Int>) -> [UInt8] {
            numbers.flatMap { [UInt8($0 % 20), UInt8($0 * 33 % 100)] + BatchFolder.record($0).dropFirst() }
        }
        try folder.write(records(0..<4), "train.bin")
        try folder.write(records(4..<6), "test.bin")
        let set = try open()
        #expect(set.train.labels == [0, 33, 66, 99] && set.test.labels == [32, 65])
        #expect(set.train.pixels[3072 + 7] == BatchFolder.value(1, 2, 1))
        try folder.write(Array(records(0..<4).dropLast(2)), "train.bin")
        let cut = #expect(throws: DataError.self) { try open() }
        #expect(cut?.description.contains("is cut short or no CIFAR-100 batch") == true)
        try folder.write([3, 100] + BatchFolder.record(0).dropFirst(), "train.bin")
        let far = #expect(throws: DataError.self) { try open() }
        #expect(far?.description.hasSuffix("has the label 100 at 0; labels are 0 to 99") == true)
    }

    @Test func `A label beyond nine is refused`() throws {
        let folder = try BatchFolder()
        var bytes = try folder.read("data_batch_2.bin")
        bytes[2 * 3073] = 10
        try folder.write(bytes, "data_batch_2.bin")
        #expect(
            folder.fault == "\(folder.file("data_batch_2.bin")): has the label 10 at 2; labels are 0 to 9")
    }

    @Test func `A missing batch is named`() throws {
        let folder = try BatchFolder()
        try FileManager.default.removeItem(atPath: folder.file("data_batch_5.bin"))
        #expect(
            folder.fault == "\(folder.path)/cifar-10: no such data: looked for data_batch_5.bin, "
                + "cifar-10-batches-bin/data_batch_5.bin; unpack cifar-10-binary.tar.gz (from "
                + "https://www.cs.toronto.edu/~kriz/cifar.html) in this folder, or give the folder above "
                + "the one that holds it with --data DIR or RANKSWEEP_DATA")
        try FileManager.default.createDirectory(
            atPath: folder.file("data_batch_5.bin"), withIntermediateDirectories: true)
        #expect(folder.fault == "\(folder.file("data_batch_5.bin")): cannot be read: a folder, not a file")
    }
}

@Suite struct GeneratedImagesTests {
    @Test func `Images depend on seed and number alone`() {
        let set = GeneratedImages(seed: 3, trainCount: 40, testCount: 20).make()
        #expect(set.numbersPerImage == 3072 && set.train.count == 40 && set.test.count == 20)
        #expect(set.train.labels == (0..<40).map { Int32($0 % 10) })
        let more = GeneratedImages(seed: 3, trainCount: 50, testCount: 10).make()
        #expect(Array(more.train.pixels).starts(with: Array(set.train.pixels)))
        #expect(Array(more.test.pixels) == Array(set.test.pixels[(10 * 3072)...]))
        let other = GeneratedImages(seed: 4, trainCount: 40, testCount: 20).make()
        #expect(Array(other.train.pixels) != Array(set.train.pixels))
    }

    /// Nearest class mean of training images: far above one in ten, and not always right.
    @Test func `Classes can be told apart but not by a pixel`() {
        let set = GeneratedImages(seed: 1, trainCount: 400, testCount: 200).make()
        var means = [[Double]](repeating: [Double](repeating: 0, count: 3072), count: 10)
        for image in 0..<400 {
            let label = Int(set.train.labels[image])
            for index in 0..<3072 {
                means[label][index] += Double(set.train.pixels[image * 3072 + index]) / 40
            }
        }
        func distance(_ image: Int, _ mean: [Double]) -> Double {
            (0..<3072).reduce(0) { sum, index in
                let difference = Double(set.test.pixels[image * 3072 + index]) - mean[index]
                return sum + difference * difference
            }
        }
        let right = (0..<200).count { image in
            let distances = means.map { distance(image, $0) }
            return distances.firstIndex(of: distances.min() ?? 0) == Int(set.test.labels[image])
        }
        #expect(right > 150)
    }
}
