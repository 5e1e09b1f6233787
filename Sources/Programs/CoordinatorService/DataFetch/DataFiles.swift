import Files
import Glibc
import Launch
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
