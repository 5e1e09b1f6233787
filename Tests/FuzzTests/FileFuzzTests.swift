import Files
import CZlib
import Foundation
import TestSupport
import Testing
import Text

@testable import CoordinatorService
@testable import Experiments
@testable import ONNX
@testable import Sweep

private func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    // 15 + 16: with gzip's header and checksum.
    deflateInit2_(
        &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var (input, output) = (bytes, [UInt8](repeating: 0, count: bytes.count + 1000))
    let room = output.count
    input.withUnsafeMutableBufferPointer { source in
        output.withUnsafeMutableBufferPointer { sink in
            (stream.next_in, stream.avail_in) = (source.baseAddress, UInt32(source.count))
            (stream.next_out, stream.avail_out) = (sink.baseAddress, UInt32(room))
            deflate(&stream, Z_FINISH)
        }
    }
    return Array(output.prefix(Int(stream.total_out)))
}

private func arrayFile(_ header: String, _ data: Int, version: UInt8 = 1) -> [UInt8] {
    let length = version == 1 ? 2 : 4
    return [0x93] + Array("NUMPY".utf8) + [version, 0]
        + (0..<length).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) } + Array(header.utf8)
        + (0..<data).map { UInt8($0 * 7 % 251) }
}

@Suite(.timeLimit(.minutes(30))) struct FileFuzzTests {
    @Test func `IDX, gzip or not`() throws {
        let folder = try TemporaryFolder()
        let pixels = (0..<3 * 784).map { UInt8($0 % 256) }
        let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 28, 0, 0, 0, 28] + pixels
        let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 5, 0, 1, 2, 3, 9]
        try fuzz([images, labels, gzip(images), gzip(labels)], rounds: 2000) { bytes in
            let path = try folder.write(bytes)
            for dimensions in [1, 3] {
                guard let file = try? IDXFile.read(path, dimensions: dimensions) else { continue }
                if file.bytes.count != file.dimensions.reduce(1, *) { throw NotTheSame() }
            }
        }
    }

    @Test func `Safetensors files`() throws {
        let folder = try TemporaryFolder()
        let numbers = (0..<12).map { Float($0) / 8 }
        let network = WeightsFile.bytes(of: [
            ("layers.0.weight", [3, 2], Array(numbers[..<6])), ("layers.0.bias", [3], Array(numbers[..<3])),
            ("layers.1.weight", [1, 3], Array(numbers[..<3])),
        ])
        let header = #"{"__metadata__":{"a":"b"},"w":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]}}"#
        let half =
            (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) } + Array(header.utf8)
            + [UInt8](repeating: 0x3c, count: 12)
        let words = [
            "F64", "BF16", "data_offsets", "shape", "dtype", "[", "]", "{", "}", ",", "-1", "\\u0000",
        ]
        try fuzz([network, half], words: words, rounds: 3000) { bytes in
            let path = try folder.write(bytes)
            guard let file = try? WeightsFile(opening: path) else { return }
            let readable = file.tensors.filter { WeightsFile.readTypes.contains($0.type) }
            // A number that is not finite is refused when it is read.
            guard let read = try? readable.map({ ($0.name, $0.shape, try file.floats($0)) }) else { return }
            if let network = try? TrainedNetwork(file, activation: .relu), network.layers.isEmpty {
                throw NotTheSame()
            }
            let again = try WeightsFile(opening: try folder.write(WeightsFile.bytes(of: read)))
            for (name, shape, values) in read {
                guard let tensor = again.tensors.first(where: { $0.name == name }), tensor.shape == shape,
                    try again.floats(tensor).map(\.bitPattern) == values.map(\.bitPattern)
                else { throw NotTheSame() }
            }
        }
    }

    @Test func `ONNX files`() throws {
        typealias Bytes = ONNXBytes
        let folder = try TemporaryFolder()
        let path = try folder.write([UInt8](repeating: 1, count: 64), to: "w.data") + ".onnx"
        let external = Bytes.external(["location": "w.data", "offset": "4", "length": "16"])
        let tensors = [
            Bytes.tensor("w", type: 10, shape: [2, 2], Bytes.raw([0, 1, 0x7c00, 0x3c00], width: 2)),
            Bytes.tensor("e", shape: [4], external),
            Bytes.tensor("n", type: 7, shape: [3], Bytes.field(7, bytes: [1, 2, 3])),
        ]
        let attributes = [
            Bytes.attribute("pads", type: 7, Bytes.field(8, 1) + Bytes.field(8, 2)),
            Bytes.attribute(
                "value", type: 4,
                Bytes.field(5, bytes: Bytes.tensor("", type: 9, shape: [], Bytes.field(5, 1)))),
        ]
        let model = Bytes.model(
            Bytes.graph(
                nodes: [
                    Bytes.node("Conv", ["x", "w"], ["p"], attributes: attributes),
                    Bytes.node("Add", ["p", "e"], ["y"]),
                ],
                initializers: tensors, inputs: [Bytes.value("x", shape: [nil, 4])],
                outputs: [Bytes.value("y", type: 10, shape: [1])]))
        let words = ["..", "/", "location", "w.data", "\u{8}\u{7}", "ai.onnx", "\0"]
        var readable = 0
        try fuzz([Bytes.layer, model], words: words, rounds: 3000) { bytes in
            do throws(ONNXFault) {
                let graph = try ONNXModel(bytes: bytes, path: path).graph
                readable += 1
                for tensor in graph.initializers.values where tensor.elementType.width != nil {
                    let numbers = try tensor.doubles()
                    if numbers.count != tensor.count { throw ONNXFault(file: path, what: "not the same") }
                }
            } catch {
                if bytes == model || error.what == "not the same" || error.what.contains("\n") { throw error }
            }
        }
        #expect(readable > 100)
    }

    @Test func `Arrays of NumPy`() throws {
        let folder = try TemporaryFolder()
        let corpus = [
            arrayFile("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n", 48),
            arrayFile("{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }\n", 5, version: 2),
            arrayFile("{'shape': (), \"descr\": '<f8', 'fortran_order': False}\n", 8, version: 3),
        ]
        let words = [
            "'", "(", ")", ",", "{", "}", "True", "False", "'descr'", "<f8", "<i8", "|u1", "-1", " ",
        ]
        try fuzz(corpus, words: words, rounds: 3000) { bytes in
            guard let file = try? ArrayFile(opening: try folder.write(bytes)) else { return }
            var count = 0
            try file.forEach { _ in count += 1 }
            if count != file.shape.reduce(1, *) { throw NotTheSame() }
        }
    }

    @Test func `Tables of comma-separated values`() throws {
        let folder = try TemporaryFolder()
        let corpus = [
            "a,b,kind\r\n1,2.5,x\r\n-3e4,,\"y, \"\"z\"\"\"\r\n", "\u{FEFF}name,age\nUna,3\n\n\n", "a\n1",
            "\"one\ntwo\",3\n4,5\n",
        ].map { Array($0.utf8) }
        let words = ["\"", ",", "\n", "\r", "\"\"", "nan", "1e999", ";", " ", "\t", "\0"]
        try fuzz(corpus, words: words, rounds: 3000) { bytes in
            guard let table = try? TableFile(try folder.write(bytes)),
                let (rows, columns) = try? table.summary()
            else { return }
            for column in columns {
                let words = column.values?.reduce(0) { $0 + $1.count } ?? rows - column.missing
                if words + column.missing != rows { throw NotTheSame() }
            }
        }
    }

    @Test func `Checkpoints: of no use, or the record is the same`() throws {
        let spec = try SweepSpec(
            parsing: """
                name: s
                model: vib
                dataset: {name: gaussian, correlations: [0.5], test_points: 20}
                axes: {beta: [0.1], depth: [1]}
                training: {steps: 4, batch_size: 8}
                measures: {local_rank: false, trace_at: {linear: 2}}
                """, file: "s.yaml")
        let settings = spec.grid[0].settings
        var runner = TrialRunner(data: DataDirectory(data: "none", cache: nil))
        var saved: [[UInt8]] = []
        func run(_ given: [UInt8]?, isDue: Bool = false) throws -> TrialResult {
            try runner.run(
                settings, keeping: .none,
                checkpoints: Checkpoints(
                    program: "fuzz", isDue: { isDue }, load: { given }, save: { saved.append($0) },
                    ignore: { _ in }))
        }
        let record = try run(nil, isDue: true).body
        let corpus = saved
        #expect(corpus.count >= 3)
        try fuzz(corpus, rounds: 60) { bytes in
            if try run(bytes).body != record { throw NotTheSame() }
            // A change on purpose makes the digest right, too: other numbers, but no harm.
            guard bytes.count > 32 else { return }
            let rest = Array(bytes[32...])
            let body = try run(Digest(of: rest).bytes + rest).body
            _ = body.canonicalText
        }
    }

    @Test func `Shards: refused, or the same bytes`() throws {
        let folder = try TemporaryFolder()
        let text = """
            name: tiny
            model: mlp
            dataset: {name: gaussian, correlations: [0.5], test_points: 100}
            axes: {seed: [0, 1]}
            training: {steps: 10, batch_size: 8}
            measures: {local_rank: false}
            """
        let spec = try SweepSpec(parsing: text, file: "s.yaml")
        let lines = ShardText.lines(
            header: ShardHeader(spec: spec, index: 1, count: 3, trials: 2).json.canonicalText,
            sweep: spec.digest, trials: (0..<2).map { spec.grid[$0].id.text })
        let bytes = ShardText.whole(lines, records: 2, attempts: 3) { Digest(of: $0).hexadecimal() }
        let words = ["\"trial\":", "\"end\":", "\n", "{\"count\":", "1e999", "\"attempt\":"]
        try fuzz([bytes], words: words, rounds: 3000) { input in
            let path = try folder.write(input)
            do throws(ShardFault) {
                let reader = try ShardReader(path)
                while try reader.next() != nil {}
            } catch {
                if input == bytes { throw error }
                return
            }
            #expect(input == bytes)
        }
    }
}
