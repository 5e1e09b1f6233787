import Console
import Files
import Glibc
import Model
import Sweep

/// What a look at a batch of CIFAR-10 told. Nobody publishes digests of these files, so it is their form that
/// is checked: whole records of a label and 3072 numbers, 10 000 of them, labels 0 to 9.
enum BatchCheck: Equatable {
    case right
    /// Sound, but of another number of images than the published files have.
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
                self = .wrong("it ends within a record: cut short, or no batch of CIFAR-10")
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

    /// Where a run would find a batch: in the set's folder, or in that of the archive there.
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

    /// Images; nil of what cannot be used.
    var count: Int? {
        switch self {
        case .right: BatchCheck.defaultCount
        case .otherCount(let count): count
        case .missing, .wrong: nil
        }
    }

    var isUsable: Bool { count != nil }
}

/// What to do for data that no command fetches.
let cifarAdvice =
    "unpack cifar-10-binary.tar.gz (from https://www.cs.toronto.edu/~kriz/cifar.html) in DIR/cifar-10"

/// Looks at all batches and says what each is. Those of training images, all but the last, have as many each:
/// runs refuse others, as one may be cut short.
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
