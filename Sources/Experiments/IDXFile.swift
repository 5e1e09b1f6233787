// Experiments: trial settings and a data directory → a record body. Imports Measures, Learning, LinearAlgebra,
// Sweep, Text, zlib. The one place where the numeric half and the distributed half meet is `run` (Run.swift).
// Leaves out who runs a trial, where, and what becomes of its record.

import CZlib
import Glibc

/// A file that cannot be used as data, with what to do about it.
public struct DataError: Error, Equatable, CustomStringConvertible {
    public var file: String
    public var problem: Problem
    public var description: String { "\(file): \(problem.words)" }

    public enum Problem: Equatable, Sendable {
        case missing(lookedFor: [String])
        case unreadable(String)
        case truncated(expected: Int, found: Int)
        case corrupt(String)
        case trailing
        case notIDX(magic: UInt32)
        /// An IDX file with other dimensions: images where labels belong, and the like.
        case wrongKind(expected: String, found: String)
        case wrongSize(rows: Int, columns: Int)
        case tooLarge(Int)
        case countsDisagree(images: Int, labels: Int)
        case badLabel(Int, at: Int)
        case tooFewPoints(asked: Int, held: Int)
    }
}

extension DataError.Problem {
    var words: String {
        switch self {
        case .missing(let names):
            "no such data: looked for \(names.joined(separator: ", ")); give the folder that holds them with "
                + "--data DIR or RANKSWEEP_DATA"
        case .unreadable(let why): "cannot be read: \(why)"
        case .truncated(let expected, let found):
            "is cut short: its header announces \(expected) bytes of data, it holds \(found); fetch it again"
        case .corrupt(let why): "is corrupt (\(why)); fetch it again"
        case .trailing: "goes on after the data that its header announces; fetch it again"
        case .notIDX(let magic): "is not an IDX file of bytes (it begins with \(hexadecimal(magic)))"
        case .wrongKind(let expected, let found): "holds \(found) where \(expected) belong; are files swapped?"
        case .wrongSize(let rows, let columns): "has images of \(rows)×\(columns) pixels, not 28×28"
        case .tooLarge(let count): "announces \(count) items, more than any such data set has"
        case .countsDisagree(let images, let labels): "has \(labels) labels for \(images) images"
        case .badLabel(let label, let index): "has the label \(label) at \(index); labels are 0 to 9"
        case .tooFewPoints(let asked, let held): "holds \(held) images; the sweep asks for \(asked)"
        }
    }

    private func hexadecimal(_ magic: UInt32) -> String {
        let digits = String(magic, radix: 16)
        return "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }
}

/// One IDX file of unsigned bytes (LeCun's format), gzip or not.
struct IDXFile {
    var dimensions: [Int]
    var bytes: [UInt8]

    private static let limit = 1_000_000

    /// Reads a file that should have `expected` dimensions (1: labels, 3: images). Never allocates for more
    /// than a million items, whatever the header says.
    static func read(_ path: String, dimensions expected: Int) throws(DataError) -> IDXFile {
        guard let file = gzopen(path, "rb") else {
            throw DataError(file: path, problem: .unreadable(String(cString: strerror(errno))))
        }
        defer { gzclose_r(file) }
        gzbuffer(file, 1 << 18)
        let header = try read(file, 4, path, isHeader: true)
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
        let sizes = try read(file, 4 * expected, path, isHeader: true)
        let dimensions = (0..<expected).map { d in
            sizes[4 * d..<4 * d + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        guard dimensions[0] <= limit else { throw DataError(file: path, problem: .tooLarge(dimensions[0])) }
        if expected == 3, dimensions[1] != 28 || dimensions[2] != 28 {
            throw DataError(file: path, problem: .wrongSize(rows: dimensions[1], columns: dimensions[2]))
        }
        let bytes = try read(file, dimensions.reduce(1, *), path, isHeader: false)
        var extra: UInt8 = 0
        let more = gzread(file, &extra, 1)
        if more > 0 { throw DataError(file: path, problem: .trailing) }
        try checkEnd(file, path, more)
        return IDXFile(dimensions: dimensions, bytes: bytes)
    }

    private static func read(
        _ file: gzFile, _ count: Int, _ path: String, isHeader: Bool
    ) throws(DataError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let found = bytes.withUnsafeMutableBytes { gzread(file, $0.baseAddress, UInt32(count)) }
        if found < 0 { try checkEnd(file, path, found) }
        guard Int(found) == count else {
            if isHeader, found >= 0 {
                throw DataError(file: path, problem: .truncated(expected: count, found: Int(found)))
            }
            throw DataError(file: path, problem: .truncated(expected: count, found: max(0, Int(found))))
        }
        return bytes
    }

    /// gzread reports a broken stream, or a wrong checksum, only through gzerror.
    private static func checkEnd(_ file: gzFile, _ path: String, _ result: Int32) throws(DataError) {
        var code: Int32 = 0
        let message = gzerror(file, &code)
        if result < 0 || code == Z_BUF_ERROR {
            let why = message.map { String(cString: $0) } ?? "zlib error \(code)"
            throw DataError(file: path, problem: .corrupt(why))
        }
    }
}
