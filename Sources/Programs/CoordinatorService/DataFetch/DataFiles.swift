import CZlib
import Files
import Glibc
import Model
import Sweep
import Text

/// A file of an image set, with the digest of its content.
struct DataFile: Equatable {
    var set: ImageSetDescription
    /// The name without ".gz".
    var name: String
    /// The SHA-256 of its uncompressed bytes, in hexadecimal. Mirrors may compress the file differently.
    var digest: String
    /// The size in bytes of the publisher's own NAME.gz, only for progress lines.
    var defaultSize: Int

    /// "mnist/train-images-idx3-ubyte"
    var path: String { "\(set.rawValue)/\(name)" }

    static func all(of set: ImageSetDescription) -> [DataFile] {
        set.publishedFiles.map {
            DataFile(set: set, name: $0.name, digest: $0.digest, defaultSize: $0.compressedSize)
        }
    }

    /// The same files with the digests of a list whose lines are "DIGEST  mnist/NAME". nil where a line has
    /// another form, or a file has no line.
    static func replacingDigests(of files: [DataFile], by list: String) -> [DataFile]? {
        var digests: [String: String] = [:]
        for line in list.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, words[0].utf8.count == 64 else { return nil }
            digests[String(words[1])] = words[0].lowercased()
        }
        var replaced = files
        for index in files.indices {
            guard let digest = digests[files[index].path] else { return nil }
            replaced[index].digest = digest
        }
        return replaced
    }
}

/// The result of checking a file's bytes.
enum DataCheck: Equatable {
    case right
    case missing
    /// The content has this SHA-256.
    case wrong(digest: String)
    /// The gzip stream is valid as far as it goes, but has no end.
    case unfinished
    /// Not a gzip stream, or unreadable.
    case broken(String)

    /// The largest uncompressed size that is read. No file of these sets is so large; a stream that expands
    /// further is not read to its end.
    static let limit = 1 << 28

    /// Reads a file, gzipped or plain, and compares its content's digest. Memory use doesn't depend on the
    /// size.
    init(of path: String, against digest: String) {
        let descriptor: Int32
        do throws(FileError) { descriptor = try openToRead(path) } catch {
            self = error.code == ENOENT ? .missing : .broken(error.cause)
            return
        }
        guard let file = gzdopen(descriptor, "rb") else {
            close(descriptor)
            self = .broken("out of memory")
            return
        }
        defer { gzclose_r(file) }
        gzbuffer(file, 1 << 17)
        var stream = DigestStream()
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        var total = 0
        while true {
            let count = piece.withUnsafeMutableBytes { gzread(file, $0.baseAddress, UInt32($0.count)) }
            guard count > 0 else { break }
            stream.update(piece[..<Int(count)])
            total += Int(count)
            guard total <= Self.limit else {
                self = .broken("it holds more than \(Self.limit) bytes")
                return
            }
        }
        // zlib reports a broken or unfinished stream only here.
        var code: Int32 = 0
        let message = gzerror(file, &code).map { String(cString: $0) } ?? ""
        switch code {
        case Z_OK, Z_STREAM_END:
            let found = stream.finish().hexadecimal()
            self = found == digest ? .right : .wrong(digest: found)
        case Z_BUF_ERROR: self = .unfinished
        case Z_ERRNO: self = .broken(systemMessage(errno))
        default: self = .broken(withoutName(message))
        }
    }
}

/// Where a run would find a file, and the state of the file there.
struct FoundFile: Equatable {
    var path: String
    var check: DataCheck

    /// The first of NAME.gz and NAME that exists, as trials read them.
    init(_ file: DataFile, in data: String) {
        let plain = "\(data)/\(file.path)"
        path = access(plain + ".gz", F_OK) != 0 && access(plain, F_OK) == 0 ? plain : plain + ".gz"
        check = DataCheck(of: path, against: file.digest)
    }
}

/// zlib's message without the prefix "<fd:5>: ", the name that zlib gives a file opened by descriptor.
private func withoutName(_ message: String) -> String {
    guard message.hasPrefix("<fd:"), let end = message.firstRange(of: ">: ") else { return message }
    return String(message[end.upperBound...])
}
