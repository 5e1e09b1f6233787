import Console
import Files
import Glibc
import Journal
import Records
import Sweep
import Text

/// The first line of a shard's file: the whole sweep, and which share of it this is (docs/shards.md).
struct ShardHeader: Equatable {
    static let format = "ranksweep-shard"

    var spec: SweepSpec
    var index: Int
    var count: Int
    /// The number of trials in the share.
    var trials: Int

    var text: String { "shard \(index) of \(count)" }

    var json: JSONValue {
        .object([
            "count": JSONValue(count), "digest": .string(spec.digest), "format": .string(ShardHeader.format),
            "index": JSONValue(index), "program": .string(programVersion),
            "program_commit": .string(programCommit), "sweep": spec.canonicalJSON,
            "trials": JSONValue(trials), "version": JSONValue(Int(formatVersion)),
        ])
    }

    init(spec: SweepSpec, index: Int, count: Int, trials: Int) {
        self.spec = spec
        self.index = index
        self.count = count
        self.trials = trials
    }

    init(parsing line: [UInt8], file: String) throws(ShardFault) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: line) } catch { throw .notAShard }
        guard value["format"]?.string == ShardHeader.format else { throw .notAShard }
        func whole(_ key: String, _ range: ClosedRange<Int>) throws(ShardFault) -> Int {
            guard let number = value[key]?.number.flatMap({ Int(exactly: $0) }), range.contains(number) else {
                throw .malformed(line: 1, why: "its '\(key)' is missing or invalid")
            }
            return number
        }
        let version = try whole("version", 1...1_000_000)
        guard version == formatVersion else { throw .otherFormat(version) }
        count = try whole("count", 1...GridShards.limit)
        index = try whole("index", 0...count - 1)
        trials = try whole("trials", 0...Grid.limit)
        guard let sweep = value["sweep"] else { throw .malformed(line: 1, why: "it has no sweep") }
        do throws(SweepError) {
            spec = try SweepSpec(parsing: sweep.canonicalBytes, file: file)
        } catch { throw .malformed(line: 1, why: "its sweep cannot be read: \(error.message)") }
        guard value["digest"]?.string == spec.digest else {
            throw .malformed(
                line: 1, why: "its sweep doesn't match its digest: another version of ranksweep wrote it")
        }
    }
}

/// Why a file is not a whole shard.
enum ShardFault: Error, Equatable {
    case unreadable(Int32)
    case folder
    /// A pipe or a device, which can't be read twice.
    case notAFile
    case empty
    case notAShard
    case otherFormat(Int)
    /// The last line, of this number, has no newline.
    case torn(line: Int)
    case tooLong(line: Int)
    /// The file ends after this whole line, which is not the closing one.
    case cut(line: Int)
    case malformed(line: Int, why: String)
    /// All lines are there, but not all as they were written.
    case damaged
    case trailing(line: Int)

    /// Follows the file's name and a colon.
    var message: String {
        switch self {
        case .unreadable(ENOENT): "no such file"
        case .unreadable(let code): "cannot be read: \(systemMessage(code))"
        case .folder: "a folder, not a shard's file"
        case .notAFile: "a pipe or a device, not a file: save it as a file first, since it is read twice"
        case .empty: "the file is empty"
        case .notAShard: "not a shard's file: 'ranksweep shard' did not write it"
        case .otherFormat(let version): formatRefusal("it", found: version)
        case .torn(let line): "torn: line \(line) breaks off, and the rest is missing"
        case .tooLong(let line):
            "line \(line) is longer than \(ShardReader.longestLine >> 20) MiB, which no line of a shard is"
        case .cut(let line): "cut off: it ends after line \(line), before its last"
        case .malformed(let line, let why): "line \(line): \(why)"
        case .damaged: "damaged: its bytes have changed since they were written (SHA-256)"
        case .trailing(let line): "line \(line): there is more after its end"
        }
    }
}

/// Reads a shard's file line by line, with one line in memory. The file is whole only once `next` has
/// returned nil.
final class ShardReader {
    enum Line: Equatable {
        /// A line of `records.ndjson`.
        case record(TrialID, outcome: String, JSONValue, line: [UInt8])
        /// A line of `provenance.ndjson`.
        case attempt(TrialID, ProvenanceLine)
    }

    /// Far more bytes than a record has. A hole in a damaged file must not fill the memory.
    static let longestLine = 64 << 20

    let header: ShardHeader
    private let lines: BoundedLines
    private var number = 0
    private var digest = DigestStream()
    private var (records, attempts) = (0, 0)
    private var seen: Set<TrialID> = []
    private let sweepDigest: String
    private var known: SweepRecords
    /// Limit on a line's length: the longest line that the sweep can give, with headroom.
    private let maxBytes: Int
    /// The index of each of the sweep's trials, computed with the first record.
    private lazy var indices = Merge.indices(header.spec.grid)
    /// Digests of the share's kept weights, by file name. Known once `next` has returned nil.
    private(set) var weights: [String: String] = [:]

    init(_ path: String) throws(ShardFault) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .unreadable(errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw .folder }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        guard status.st_size > 0 else { throw .empty }
        // Any other file may be one line of any length.
        let start = Array(#"{"count":"#.utf8)
        let found = firstBytes(start.count, of: path)
        guard found == start || (found.count < start.count && start.starts(with: found)) else {
            throw .notAShard
        }
        let opened: UnsafeMutablePointer<FILE>
        do throws(FileError) { opened = try openStream(path) } catch { throw .unreadable(error.code) }
        lines = BoundedLines(opened)
        var first = try lines.next(number: 1)
        guard first.popLast() == UInt8(ascii: "\n") else { throw .torn(line: 1) }
        number = 1
        header = try ShardHeader(parsing: first, file: path)
        sweepDigest = header.spec.digest
        known = SweepRecords(header.spec.grid)
        // The last line names all files of kept weights.
        maxBytes = header.spec.maxRecordBytes + (1 << 20) + 160 * header.trials * header.spec.weights.maxFiles
        digest.update(first + [UInt8(ascii: "\n")])
    }

    /// The next line; nil once the whole file has been read and found to be as written.
    func next() throws(ShardFault) -> Line? {
        var bytes = try lines.next(number: number + 1)
        guard !bytes.isEmpty else { throw .cut(line: number) }
        number += 1
        guard bytes.removeLast() == UInt8(ascii: "\n") else { throw .torn(line: number) }
        guard bytes.count <= maxBytes else {
            throw .malformed(
                line: number, why: "it has \(bytes.count) bytes, more than any record of this sweep")
        }
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: bytes) } catch {
            throw .malformed(line: number, why: error.description)
        }
        if let end = value["end"] {
            try finish(end)
            return nil
        }
        digest.update(bytes + [UInt8(ascii: "\n")])
        guard let trial = value[.trial]?.string.flatMap({ TrialID($0) }) else {
            throw .malformed(line: number, why: "it names no trial")
        }
        return value[.attempt] == nil ? try record(value, bytes, trial) : try attempt(value, trial)
    }

    private func record(_ value: JSONValue, _ line: [UInt8], _ trial: TrialID) throws(ShardFault) -> Line {
        guard let outcome = value["outcome"]?.string, ["measured", "diverged"].contains(outcome),
            value["metrics"]?.object != nil
        else { throw .malformed(line: number, why: "neither a record nor an attempt") }
        guard value["sweep"]?.string == sweepDigest else {
            throw .malformed(line: number, why: "a record of another sweep")
        }
        guard value.canonicalBytes == line else {
            throw .malformed(line: number, why: "a record that is not written as ranksweep writes it")
        }
        guard attempts == 0, seen.insert(trial).inserted else {
            throw .malformed(line: number, why: "a second record of trial \(trial), or out of order")
        }
        guard let position = indices[trial] else {
            throw .malformed(line: number, why: "a record of a trial that is not in the sweep")
        }
        if let why = known.fault(inLine: line, trial: position) {
            throw .malformed(line: number, why: "a record that can't come from this sweep: \(why)")
        }
        records += 1
        return .record(trial, outcome: outcome, value, line: line)
    }

    private func attempt(_ value: JSONValue, _ trial: TrialID) throws(ShardFault) -> Line {
        guard let attempt = ProvenanceLine(value) else {
            throw .malformed(line: number, why: "an attempt that cannot be read")
        }
        attempts += 1
        return .attempt(trial, attempt)
    }

    private func finish(_ end: JSONValue) throws(ShardFault) {
        let found = digest
        guard end["records"] == JSONValue(records), end["attempts"] == JSONValue(attempts),
            end["sha256"]?.string == found.finish().hexadecimal()
        else { throw .damaged }
        weights = (end["weights"]?.object ?? [:]).compactMapValues(\.string)
        guard lines.isAtEnd else { throw .trailing(line: number + 1) }
    }
}

/// A file's lines, none of which may be longer than a shard's.
private final class BoundedLines {
    private let file: UnsafeMutablePointer<FILE>
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    /// The part of the buffer that isn't returned yet.
    private var rest = 0..<0

    /// Takes over the file and closes it when done.
    init(_ file: UnsafeMutablePointer<FILE>) { self.file = file }

    deinit { fclose(file) }

    /// The next line with its newline, which the last may lack; empty at the end.
    func next(number: Int) throws(ShardFault) -> [UInt8] {
        var line: [UInt8] = []
        while !isAtEnd {
            if let end = buffer[rest].firstIndex(of: UInt8(ascii: "\n")) {
                line += buffer[rest.lowerBound...end]
                rest = end + 1..<rest.upperBound
                return line
            }
            line += buffer[rest]
            rest = 0..<0
            guard line.count <= ShardReader.longestLine else { throw .tooLong(line: number) }
        }
        if ferror(file) != 0 { throw .unreadable(EIO) }
        return line
    }

    /// Whether nothing follows. Reads on where the buffer is empty.
    var isAtEnd: Bool {
        if rest.isEmpty { rest = 0..<fread(&buffer, 1, buffer.count, file) }
        return rest.isEmpty
    }
}

/// Writes a shard's file from its journal, whole or not at all.
func writeShard(_ header: ShardHeader, _ run: RunDirectory, _ journal: RunJournal, to path: String)
    throws(CommandFailure)
{
    let file = try filed { () throws(FileError) in try WholeFile(path) }
    var digest = DigestStream()
    var (records, attempts) = (0, 0)
    func write(_ line: [UInt8]) throws(JournalError) {
        let bytes = line + [UInt8(ascii: "\n")]
        digest.update(bytes)
        do throws(FileError) { try file.write(bytes) } catch {
            throw .system(path: path, code: 0, detail: error.description)
        }
    }
    try journaled { () throws(JournalError) in
        try write(header.json.canonicalBytes)
        try journal.forEachRecord { _, line throws(JournalError) in
            records += 1
            try write(line)
        }
        try run.forEachProvenanceLine(journal) { line throws(JournalError) in
            attempts += 1
            try write(line)
        }
        var members: [String: JSONValue] = [
            "attempts": JSONValue(attempts), "records": JSONValue(records),
            "sha256": .string(digest.finish().hexadecimal()),
        ]
        let weights = try journal.weightDigests()
        if !weights.isEmpty { members["weights"] = .object(weights.mapValues(JSONValue.string)) }
        digest = DigestStream()
        try write(JSONValue.object(["end": .object(members)]).canonicalBytes)
    }
    try filed { () throws(FileError) in try file.commit() }
}
