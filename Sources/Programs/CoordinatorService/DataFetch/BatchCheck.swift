import Console
import Files
import Glibc
import Model
import Sweep

/// The result of checking one of CIFAR's batches. There are no published digests of these files, so their form is
/// checked: so many whole records of labels and 3072 bytes.
enum BatchCheck: Equatable {
    case right(Int)
    /// Sound, but with another number of images than the published files.
    case otherCount(Int, published: Int)
    case missing
    case wrong(String)

    /// - Parameters:
    ///   - set: the set that the batch belongs to.
    ///   - published: number of images in the published file.
    init(of path: String, _ set: ImageSetDescription, _ batches: ImageSetDescription.Batches, published: Int)
    {
        let file: UnsafeMutablePointer<FILE>
        do throws(FileError) { file = try openStream(path) } catch {
            self = error.code == ENOENT ? .missing : .wrong(error.cause)
            return
        }
        defer { fclose(file) }
        var record = [UInt8](repeating: 0, count: batches.labelBytes + set.size.count)
        var count = 0
        while true {
            let bytes = fread(&record, 1, record.count, file)
            if ferror(file) != 0 {
                self = .wrong(systemMessage(errno))
                return
            }
            if bytes == 0 { break }
            guard bytes == record.count else {
                self = .wrong("it ends within a record: cut short, or not a batch of \(batches.name)")
                return
            }
            let label = record[batches.labelBytes - 1]
            guard label < set.classes else {
                self = .wrong("image \(count) has the label \(label); labels are 0 to \(set.classes - 1)")
                return
            }
            count += 1
        }
        if count == 0 {
            self = .wrong("it is empty")
        } else {
            self = count == published ? .right(count) : .otherCount(count, published: published)
        }
    }

    /// Where a run would find a batch: in the set's folder, or in the unpacked archive's folder inside it.
    static func path(
        _ name: String, of set: ImageSetDescription, _ batches: ImageSetDescription.Batches, in data: String
    ) -> String {
        let folder = "\(data)/\(set.rawValue)"
        let unpacked = "\(folder)/\(batches.folder)/\(name)"
        return access("\(folder)/\(name)", F_OK) != 0 && access(unpacked, F_OK) == 0
            ? unpacked : "\(folder)/\(name)"
    }

    func line(_ path: String) -> String {
        switch self {
        case .right: "right    \(path)"
        case .otherCount(let count, let published):
            "sound    \(path): \(count) images; the published files have \(published)"
        case .missing: "missing  \(path)"
        case .wrong(let why): "wrong    \(path): \(why)"
        }
    }

    /// The number of images; nil for an unusable batch.
    var count: Int? {
        switch self {
        case .right(let count), .otherCount(let count, _): count
        case .missing, .wrong: nil
        }
    }

    var isUsable: Bool { count != nil }
}

extension ImageSetDescription {
    /// Advice for data that no command fetches.
    var advice: String {
        "unpack \(batches?.archive ?? "") (from https://www.cs.toronto.edu/~kriz/cifar.html) in DIR/\(rawValue)"
    }
}

/// Checks all batches and prints what each is. The training batches (all but the last) must have equal
/// numbers of images: runs refuse others, since one may be cut short.
func verify(
    _ set: ImageSetDescription, _ batches: ImageSetDescription.Batches, in data: String
) -> Bool {
    var areUsable = true
    var counts: [Int] = []
    for name in set.files {
        let path = BatchCheck.path(name, of: set, batches, in: data)
        let published = name == batches.test ? set.testPoints : set.trainPoints / batches.train.count
        let check = BatchCheck(of: path, set, batches, published: published)
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
