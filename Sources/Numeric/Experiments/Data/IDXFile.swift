import CZlib
import Files
import Glibc
import Model
import Text

/// A file that cannot be used as data, with what to do about it.
public struct DataError: Error, Equatable, CustomStringConvertible {
    /// Path of the file, or the name of the data set.
    public var file: String
    /// The fault of the file.
    public var problem: Problem
    /// The file, the problem, and what to do about it.
    public var description: String { "\(file): \(problem.words)" }

    /// Why a file can't be used as data.
    public enum Problem: Equatable, Sendable {
        case missing(set: String, lookedFor: [String])
        case unreadable(String)
        /// Shorter than any IDX file.
        case noHeader
        case truncated(expected: Int, found: Int)
        case corrupt(String)
        case trailing
        case notIDX(magic: UInt32)
        /// An IDX file with other dimensions: images where labels belong, and the like.
        case wrongKind(expected: String, found: String)
        case wrongSize(rows: Int, columns: Int)
        case tooLarge(Int)
        case noItems
        case countsDisagree(images: Int, labels: Int)
        case badLabel(Int, at: Int, last: Int)
        /// A file of a set that `ranksweep data fetch` doesn't fetch.
        case missingBatch(lookedFor: [String], archive: String)
        /// The size is no multiple of a record's.
        case notRecords(of: String, size: Int, record: Int)
        /// Batches of one set differ in size.
        case otherCount(Int, in: String, Int)
        case tooFewPoints(asked: Int, held: Int)
        case weights(WeightsProblem)
        case array(ArrayProblem)
        /// Why a graph can't be measured.
        case graph(String)
        /// Why points of a file can't be learned.
        case points(String)
        /// Why a measurement doesn't fit into memory.
        case memory(String)
        case labelsDisagree(labels: Int, points: Int)
        case inputsDisagree(features: Int, network: String, Int)
        /// Images of other sizes, or with their sizes in another order.
        case imagesDisagree([Int], network: String, ImageSize)
        case labelBeyondOutputs(Int, at: Int, network: String, Int)
        case tooFewMeasured(asked: Int, held: Int)
        /// Outputs or norms of a network are not finite at these points.
        case notFinite(network: String)
    }
}

/// Reads from a file; what the system refuses is an error of the file.
func reading<Result>(
    _ body: @autoclosure () throws(FileError) -> Result
) throws(DataError) -> Result {
    do throws(FileError) { return try body() } catch {
        throw DataError(file: error.path, problem: .unreadable(error.cause))
    }
}

extension DataError.Problem {
    var words: String {
        switch self {
        case .missing(let set, let names):
            "no such data: looked for \(names.joined(separator: ", ")); 'ranksweep data fetch \(set)' fetches "
                + "them (to another folder: with --data DIR), or give the folder above the one that holds them "
                + "with --data DIR or RANKSWEEP_DATA"
        case .unreadable(let why): "cannot be read: \(why)"
        case .noHeader: "is too short to be an IDX file; fetch it again"
        case .truncated(let expected, let found):
            "is cut short: its header announces \(expected) bytes of data, it holds \(found); fetch it again"
        case .corrupt(let why): "is corrupt (\(why)); fetch it again"
        case .trailing: "goes on after the data that its header announces; fetch it again"
        case .notIDX(let magic): "is not an IDX file of bytes (it begins with \(hexadecimal(magic)))"
        case .wrongKind(let expected, let found):
            "holds \(found) where \(expected) belong; are files swapped?"
        case .wrongSize(let rows, let columns): "has images of \(rows)×\(columns) pixels, not 28×28"
        case .tooLarge(let count): "announces \(count) items, more than any such data set has"
        case .noItems: "announces no items"
        case .countsDisagree(let images, let labels): "has \(labels) labels for \(images) images"
        case .badLabel(let label, let index, let last):
            "has the label \(label) at \(index); labels are 0 to \(last)"
        case .missingBatch(let names, let archive):
            "no such data: looked for \(names.joined(separator: ", ")); unpack \(archive) (from "
                + "https://www.cs.toronto.edu/~kriz/cifar.html) in this folder, or give the folder above the "
                + "one that holds it with --data DIR or RANKSWEEP_DATA"
        case .notRecords(let name, let size, let record):
            "is cut short or no \(name) batch: its \(size) bytes are not whole records of \(record)"
        case .otherCount(let count, let other, let expected):
            "holds \(count) images, \(other) holds \(expected); is it cut short?"
        case .tooFewPoints(let asked, let held): "holds \(held) images; the sweep asks for \(asked)"
        case .weights(let problem): problem.words
        case .array(let problem): problem.words
        case .graph(let words), .points(let words), .memory(let words): words
        case .labelsDisagree(let labels, let points): "has \(labels) labels for \(points) points"
        case .inputsDisagree(let features, let network, let inputs):
            "has points of \(features) numbers, but the network in \(network) takes \(inputs)"
        case .imagesDisagree(let sizes, let network, let size):
            "has points of shape \(JSONValue(sizes).canonicalText), but the network in \(network) takes "
                + "[\(size.height), \(size.width), \(size.channels)]: height, width, channels"
        case .labelBeyondOutputs(let label, let index, let network, let outputs):
            "has the label \(label) at \(index), but the network in \(network) has \(outputs) outputs"
        case .tooFewMeasured(let asked, let held): "holds \(held) points; \(asked) are asked for"
        case .notFinite(let network): "gives the network in \(network) outputs that are not finite"
        }
    }

    private func hexadecimal(_ magic: UInt32) -> String {
        let digits = String(magic, radix: 16)
        return "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }
}

/// An IDX file of unsigned bytes (LeCun's format), gzip-compressed or not.
struct IDXFile {
    var dimensions: [Int]
    var bytes: [UInt8]

    private static let limit = 1_000_000
    private static let chunkSize = 1 << 20

    /// Reads a file that should have `expected` dimensions (1: labels, 3: images). Never allocates more than
    /// the file holds, nor memory for more than a million items, whatever the header says.
    static func read(_ path: String, dimensions expected: Int) throws(DataError) -> IDXFile {
        let descriptor = try reading(openToRead(path))
        guard let file = gzdopen(descriptor, "rb") else {
            close(descriptor)
            throw DataError(file: path, problem: .unreadable("out of memory"))
        }
        defer { gzclose_r(file) }
        gzbuffer(file, 1 << 18)
        let header = try readHeader(file, 4, path)
        let magic = header.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard magic >> 8 == 0x08, (1...3).contains(magic & 0xff) else {
            throw DataError(file: path, problem: .notIDX(magic: magic))
        }
        guard Int(magic & 0xff) == expected else {
            let names = [1: "labels", 3: "images"]
            throw DataError(
                file: path,
                problem: .wrongKind(
                    expected: names[expected] ?? "\(expected) dimensions",
                    found: names[Int(magic & 0xff)] ?? "\(magic & 0xff) dimensions"))
        }
        let sizes = try readHeader(file, 4 * expected, path)
        let dimensions = (0..<expected).map { d in
            sizes[4 * d..<4 * d + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        guard dimensions[0] <= limit else { throw DataError(file: path, problem: .tooLarge(dimensions[0])) }
        guard dimensions[0] > 0 else { throw DataError(file: path, problem: .noItems) }
        if expected == 3, dimensions[1] != 28 || dimensions[2] != 28 {
            throw DataError(file: path, problem: .wrongSize(rows: dimensions[1], columns: dimensions[2]))
        }
        let bytes = try read(file, dimensions.reduce(1, *), path)
        var extra: UInt8 = 0
        let more = gzread(file, &extra, 1)
        if more > 0 { throw DataError(file: path, problem: .trailing) }
        if let fault = fault(file, path, atEnd: .corrupt("its gzip stream has no end")) {
            throw DataError(file: path, problem: fault)
        }
        return IDXFile(dimensions: dimensions, bytes: bytes)
    }

    private static func readHeader(
        _ file: gzFile, _ count: Int, _ path: String
    ) throws(DataError) -> [UInt8] {
        do {
            return try read(file, count, path)
        } catch {
            if case .truncated = error.problem { throw DataError(file: path, problem: .noHeader) }
            throw error
        }
    }

    /// Reads exactly `count` bytes in chunks, so that no more memory is taken than the file fills.
    private static func read(_ file: gzFile, _ count: Int, _ path: String) throws(DataError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(count, chunkSize))
        while bytes.count < count {
            let wanted = min(chunk.count, count - bytes.count)
            let found = chunk.withUnsafeMutableBytes { gzread(file, $0.baseAddress, UInt32(wanted)) }
            bytes += chunk[..<Int(max(0, found))]
            if found < wanted {
                // A stream that merely stops is cut short; any other fault has its own message.
                let cut = DataError.Problem.truncated(expected: count, found: bytes.count)
                throw DataError(file: path, problem: fault(file, path, atEnd: cut) ?? cut)
            }
        }
        return bytes
    }

    /// The fault of the stream so far, if any: gzread reports a broken stream, or a wrong checksum, only
    /// through gzerror. `atEnd` is the problem to report where the stream stops too early.
    private static func fault(
        _ file: gzFile, _ path: String, atEnd: DataError.Problem
    ) -> DataError.Problem? {
        var code: Int32 = 0
        let message = gzerror(file, &code)
        switch code {
        case Z_OK, Z_STREAM_END: return nil
        case Z_BUF_ERROR: return atEnd
        case Z_ERRNO: return .unreadable(systemMessage(errno))
        default:
            // zlib's message begins with its name of the descriptor, "<fd:5>: ".
            let text = message.map { String(cString: $0) } ?? "zlib error \(code)"
            return .corrupt(text.firstRange(of: ">: ").map { String(text[$0.upperBound...]) } ?? text)
        }
    }
}
