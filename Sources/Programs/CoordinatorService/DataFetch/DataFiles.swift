import CZlib
import Files
import Glibc
import Model
import Sweep
import Text

/// A file of an image set, and what it should hold.
struct DataFile: Equatable {
    var set: ImageSetDescription
    /// Without ".gz".
    var name: String
    /// SHA-256 of its uncompressed bytes, in hexadecimal: how it is compressed is the mirror's business.
    var digest: String
    /// Bytes of the publisher's own NAME.gz: what a progress line shows, nothing else.
    var defaultSize: Int

    /// "mnist/train-images-idx3-ubyte"
    var path: String { "\(set.rawValue)/\(name)" }

    static func all(of set: ImageSetDescription) -> [DataFile] {
        set.publishedFiles.map {
            DataFile(set: set, name: $0.name, digest: $0.digest, defaultSize: $0.compressedSize)
        }
    }

    /// The same files with the digests that a list gives, each line "DIGEST  mnist/NAME"; nil where a line is
    /// not so, or a file has none.
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

/// What a look at a file's bytes told.
enum DataCheck: Equatable {
    case right
    case missing
    /// The SHA-256 that it has.
    case wrong(digest: String)
    /// The gzip stream is good as far as it goes, and has no end.
    case unfinished
    /// No gzip stream, or not to be read at all.
    case broken(String)

    /// Uncompressed, no file of these sets has so many bytes; a stream that swells beyond is not waited for.
    static let limit = 1 << 28

    /// Reads a file, gzip or plain, and compares the digest of what it holds. Memory does not depend on its
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
        // A broken or unfinished stream is told here only.
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

/// Where a run would find a file, and what is there.
struct FoundFile: Equatable {
    var path: String
    var check: DataCheck

    /// Of NAME.gz and NAME the first that is there, as trials read them.
    init(_ file: DataFile, in data: String) {
        let plain = "\(data)/\(file.path)"
        path = access(plain + ".gz", F_OK) != 0 && access(plain, F_OK) == 0 ? plain : plain + ".gz"
        check = DataCheck(of: path, against: file.digest)
    }
}

/// zlib's message without the name that it gives a file opened by its descriptor: "<fd:5>: ".
private func withoutName(_ message: String) -> String {
    guard message.hasPrefix("<fd:"), let end = message.firstRange(of: ">: ") else { return message }
    return String(message[end.upperBound...])
}
