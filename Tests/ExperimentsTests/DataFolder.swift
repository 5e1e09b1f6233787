import CZlib
import Experiments
import Foundation
import Model
import Sweep

/// A folder of its own with the four files of a small data set, removed with the value.
final class DataFolder {
    let path: String
    var data: String { path + "/data" }
    var cache: String { path + "/cache" }
    var directory: DataDirectory { DataDirectory(data: data, cache: cache) }

    init(train: Int = 40, test: Int = 20, isCompressed: Bool = false) throws {
        path = FileManager.default.temporaryDirectory.path + "/ranksweep-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: data + "/mnist", withIntermediateDirectories: true)
        for (index, count) in [train, test].enumerated() {
            let labels = (0..<count).map { UInt8(($0 * 7 + index) % 10) }
            let images = labels.enumerated().map { DataFolder.image(of: $1, number: $0 + 10_000 * index) }
            try write(DataFolder.idx([count, 28, 28], images.flatMap { $0 }), 2 * index, isCompressed)
            try write(DataFolder.idx([count], labels), 2 * index + 1, isCompressed)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The place of a file: 0 train images, 1 train labels, 2 test images, 3 test labels.
    func file(_ index: Int, _ isCompressed: Bool = false) -> String {
        data + "/mnist/" + ImageSetDescription.mnist.files[index] + (isCompressed ? ".gz" : "")
    }

    func write(_ bytes: [UInt8], _ index: Int, _ isCompressed: Bool = false) throws {
        let content = isCompressed ? DataFolder.gzip(bytes) : bytes
        try Data(content).write(to: URL(filePath: file(index, isCompressed)))
    }

    func read(_ index: Int, _ isCompressed: Bool = false) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: file(index, isCompressed))))
    }

    var cachedFiles: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []
        return names.filter { $0.hasSuffix(".images") }.sorted().map { cache + "/" + $0 }
    }

    // MARK: - Bytes

    static func idx(_ dimensions: [Int], _ body: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0, 0, 8, UInt8(dimensions.count)]
        for size in dimensions { bytes += (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) } }
        return bytes + body
    }

    /// A square at its class's place, on noise: easy to tell apart.
    static func image(of label: UInt8, number: Int) -> [UInt8] {
        var state = UInt64(number) &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<784).map { pixel in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let (row, column) = (pixel / 28, pixel % 28)
            let isSquare = row / 7 == Int(label) / 4 && column / 7 == Int(label) % 4
            return UInt8(state >> 58) + (isSquare ? 150 : 0)
        }
    }

    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        // 15 + 16: with gzip's header and checksum.
        deflateInit2_(
            &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        var input = bytes
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
        input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { sink in
                (stream.next_in, stream.avail_in) = (source.baseAddress, UInt32(source.count))
                (stream.next_out, stream.avail_out) = (sink.baseAddress, UInt32(sink.count))
                deflate(&stream, Z_FINISH)
            }
        }
        let count = Int(stream.total_out)
        deflateEnd(&stream)
        return Array(output[..<count])
    }
}
