import Console
import Files
import Glibc
import Model
import Sweep

/// The result of checking a CIFAR-10 batch. There are no published digests of these files, so their form is
/// checked: 10 000 whole records of a label from 0 to 9 and 3072 bytes.
enum BatchCheck: Equatable {
    case right
    /// Sound, but with another number of images than the published files.
    case otherCount(Int)
    case missing
    case wrong(String)

    static let recordBytes = 3073
    static let defaultCount = 10_000

    init(of path: String) {
        let file: UnsafeMutablePointer<FILE>
        do throws(FileError) { file = try openStream(path) } catch {
            self = error.code == ENOENT ? .missing : .wrong(error.cause)
            return
        }
        defer { fclose(file) }
        var record = [UInt8](repeating: 0, count: BatchCheck.recordBytes)
        var count = 0
        while true {
            let bytes = fread(&record, 1, record.count, file)
            if ferror(file) != 0 {
                self = .wrong(systemMessage(errno))
                return
            }
            if bytes == 0 { break }
            guard bytes == record.count else {
                self = .wrong("it ends within a record: cut short, or not a batch of CIFAR-10")
                return
            }
            guard record[0] <= 9 else {
                self = .wrong("image \(count) has the label \(record[0]); labels are 0 to 9")
                return
            }
            count += 1
        }
        if count == 0 {
            self = .wrong("it is empty")
        } else {
            self = count == BatchCheck.defaultCount ? .right : .otherCount(count)
        }
    }

    /// Where a run would find a batch: in the set's folder, or in the unpacked archive's folder inside it.
    static func path(_ name: String, in data: String) -> String {
        let folder = "\(data)/\(ImageSetDescription.cifar10.rawValue)"
        let unpacked = "\(folder)/cifar-10-batches-bin/\(name)"
        return access("\(folder)/\(name)", F_OK) != 0 && access(unpacked, F_OK) == 0
            ? unpacked : "\(folder)/\(name)"
    }

    func line(_ path: String) -> String {
        switch self {
        case .right: "right    \(path)"
        case .otherCount(let count):
            "sound    \(path): \(count) images; the published files have \(BatchCheck.defaultCount)"
        case .missing: "missing  \(path)"
        case .wrong(let why): "wrong    \(path): \(why)"
        }
    }

    /// The number of images; nil for an unusable batch.
    var count: Int? {
        switch self {
        case .right: BatchCheck.defaultCount
        case .otherCount(let count): count
        case .missing, .wrong: nil
        }
    }

    var isUsable: Bool { count != nil }
}

/// Advice for data that no command fetches.
let cifarAdvice =
    "unpack cifar-10-binary.tar.gz (from https://www.cs.toronto.edu/~kriz/cifar.html) in DIR/cifar-10"

/// Checks all batches and prints what each is. The training batches (all but the last) must have equal
/// numbers of images: runs refuse others, since one may be cut short.
func verifyBatches(in data: String) -> Bool {
    var areUsable = true
    var counts: [Int] = []
    for name in ImageSetDescription.cifar10.files {
        let path = BatchCheck.path(name, in: data)
        let check = BatchCheck(of: path)
        printOut(check.line(path))
        areUsable = areUsable && check.isUsable
        if let count = check.count { counts.append(count) }
    }
    let different = Set(counts.dropLast()).sorted()
    guard areUsable, different.count > 1 else { return areUsable }
    printOut(
        "wrong    the five training batches have \(different.map(String.init).joined(separator: " and ")) images: "
            + "is one cut short?")
    return false
}
