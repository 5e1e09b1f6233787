import Foundation
import Sweep
import Testing
import Text

@testable import Experiments

/// The error of opening the folder's data set.
private func fault(_ folder: DataFolder) -> String? {
    do throws(DataError) {
        _ = try ImageSet.open(.mnist, in: DataDirectory(data: folder.data, cache: nil))
        return nil
    } catch { return error.description }
}

private func content(_ set: ImageSet) -> [[UInt8]] {
    [set.train, set.test].flatMap { [Array($0.pixels), $0.labels.map { UInt8($0) }] }
}

@Test(arguments: [false, true]) func `Truncated files are named with what they hold`(isCompressed: Bool)
    throws
{
    let folder = try DataFolder(isCompressed: isCompressed)
    let bytes = DataFolder.idx([40, 28, 28], [UInt8](repeating: 7, count: 1000))
    try folder.write(bytes, 0, isCompressed)
    let name = folder.file(0, isCompressed)
    let words = "is cut short: its header announces 31360 bytes of data, it holds 1000; fetch it again"
    #expect(fault(folder) == "\(name): \(words)")
    for length in 0..<16 {
        try folder.write(Array(bytes[..<length]), 0, isCompressed)
        // Up to the header's end; the magic number is judged as soon as it is there.
        #expect(fault(folder) == "\(name): is too short to be an IDX file; fetch it again", "\(length)")
    }
}

@Test func `A gzip file cut anywhere is no data set`() throws {
    let folder = try DataFolder(isCompressed: true)
    for index in 0..<4 {
        let whole = try folder.read(index, true)
        let step = max(1, whole.count / 40)
        for length in Array(stride(from: 0, to: whole.count, by: step)) + [whole.count - 8, whole.count - 1] {
            try Data(whole[..<length]).write(to: URL(filePath: folder.file(index, true)))
            let words = try #require(fault(folder), "file \(index) cut at \(length)")
            #expect(words.hasPrefix(folder.file(index, true) + ": "))
            #expect(words.hasSuffix("; fetch it again"), "\(words)")
        }
        try Data(whole).write(to: URL(filePath: folder.file(index, true)))
    }
    #expect(fault(folder) == nil)
}

@Test func `A damaged gzip file is no data set`() throws {
    let folder = try DataFolder(isCompressed: true)
    let whole = try folder.read(0, true)
    var isCorrupt = 0
    // Bytes 3 to 9 are gzip's flags, time and system, which carry no data.
    for position in Array(stride(from: 10, to: whole.count, by: 211)) + (whole.count - 8..<whole.count) {
        var damaged = whole
        damaged[position] ^= 0x55
        try Data(damaged).write(to: URL(filePath: folder.file(0, true)))
        let words = try #require(fault(folder), "byte \(position)")
        #expect(words.hasPrefix(folder.file(0, true) + ": "), "\(words)")
        if words.contains("is corrupt (") { isCorrupt += 1 }
    }
    #expect(isCorrupt > 20)
    var checksum = whole
    checksum[whole.count - 5] ^= 1
    try Data(checksum).write(to: URL(filePath: folder.file(0, true)))
    #expect(fault(folder) == "\(folder.file(0, true)): is corrupt (incorrect data check); fetch it again")
}

@Test(arguments: [false, true]) func `Data after the announced ones is refused`(isCompressed: Bool) throws {
    let folder = try DataFolder(isCompressed: isCompressed)
    let labels = [UInt8](repeating: 1, count: 41)
    try folder.write(DataFolder.idx([40], labels), 1, isCompressed)
    let words = "goes on after the data that its header announces; fetch it again"
    #expect(fault(folder) == "\(folder.file(1, isCompressed)): \(words)")
}

@Test func `Swapped files are noticed`() throws {
    let folder = try DataFolder()
    let (images, labels) = (try folder.read(2), try folder.read(3))
    try folder.write(labels, 2)
    #expect(fault(folder) == "\(folder.file(2)): holds labels where images belong; are files swapped?")
    try folder.write(images, 3)
    try folder.write(images, 2)
    #expect(fault(folder) == "\(folder.file(3)): holds images where labels belong; are files swapped?")
}

@Test func `Headers that do not fit are refused`() throws {
    let folder = try DataFolder()
    let name = folder.file(0)
    func words(_ bytes: [UInt8]) throws -> String? {
        try folder.write(bytes, 0)
        return fault(folder)
    }
    #expect(
        try words(DataFolder.idx([1, 27, 28], [UInt8](repeating: 0, count: 27 * 28)))
            == "\(name): has images of 27×28 pixels, not 28×28")
    #expect(
        try words([0x89, 0x50, 0x4E, 0x47] + [UInt8](repeating: 0, count: 100))
            == "\(name): is not an IDX file of bytes (it begins with 0x89504e47)")
    // Floats, in the same format.
    #expect(
        try words([0, 0, 0x0D, 3] + [UInt8](repeating: 0, count: 100))
            == "\(name): is not an IDX file of bytes (it begins with 0x00000d03)")
    #expect(
        try words(DataFolder.idx([4_000_000_000, 28, 28], [0]))
            == "\(name): announces 4000000000 items, more than any such data set has")
    // 784 MB at most, of which only what the file holds is ever allocated.
    let cut = "is cut short: its header announces 784000000 bytes of data, it holds 1; fetch it again"
    #expect(try words(DataFolder.idx([1_000_000, 28, 28], [0])) == "\(name): \(cut)")
    #expect(try words(DataFolder.idx([0, 28, 28], [])) == "\(name): announces no items")
}

@Test func `Labels that do not fit are refused`() throws {
    let folder = try DataFolder()
    var labels = try folder.read(1)
    labels[8 + 17] = 10
    try folder.write(labels, 1)
    #expect(fault(folder) == "\(folder.file(1)): has the label 10 at 17; labels are 0 to 9")
    try folder.write(DataFolder.idx([39], [UInt8](repeating: 0, count: 39)), 1)
    #expect(fault(folder) == "\(folder.file(1)): has 39 labels for 40 images")
}

@Test func `Files that are not there are named`() throws {
    let folder = try DataFolder()
    try FileManager.default.removeItem(atPath: folder.file(3))
    let name = "t10k-labels-idx1-ubyte"
    #expect(
        fault(folder)
            == "\(folder.data)/mnist: no such data: looked for \(name).gz, \(name); 'ranksweep data fetch mnist' "
            + "fetches them (to another folder: with --data DIR), or give the folder above the one that holds "
            + "them with --data DIR or RANKSWEEP_DATA")
    // A folder where the file should be.
    try FileManager.default.createDirectory(atPath: folder.file(3), withIntermediateDirectories: true)
    #expect(fault(folder) == "\(folder.file(3)): cannot be read: a folder, not a file")
}

@Test func `More images than there are is a settings fault`() throws {
    let folder = try DataFolder()
    var runner = TrialRunner(data: folder.directory)
    let training = Trials.training(.crossEntropy, .epochs(1), batch: 10)
    let fault = DataError(file: "mnist", problem: .tooFewPoints(asked: 41, held: 40))
    #expect(throws: ExperimentError.data(fault)) {
        try runner.run(Trials.images(.mlp, hidden: [], training: training, points: 41))
    }
    #expect(throws: ExperimentError.settings("a batch of 41 is more than the 40 training points")) {
        try runner.run(
            Trials.images(.mlp, hidden: [], training: Trials.training(.crossEntropy, .epochs(1), batch: 41)))
    }
}

@Test func `Compressed and plain files are the same set`() throws {
    let (plain, compressed) = (try DataFolder(), try DataFolder(isCompressed: true))
    let sets = try [plain, compressed].map { try ImageSet.open(.mnist, in: $0.directory) }
    let uncached = try ImageSet.open(.mnist, in: DataDirectory(data: plain.data, cache: nil))
    #expect(content(sets[0]) == content(sets[1]))
    #expect(content(sets[0]) == content(uncached))
    #expect(sets[0].train.count == 40 && sets[0].test.count == 20)
    #expect(Array(sets[0].train.pixels[784..<1568]) == DataFolder.image(of: 7, number: 1))
    #expect(sets[0].train.labels[1] == 7)
}

// MARK: - The decoded copy

@Test func `The decoded copy is written once and used`() throws {
    let folder = try DataFolder()
    let files = FileManager.default
    func setTime() throws {
        let time = Date(timeIntervalSince1970: 1_700_000_000)
        try files.setAttributes([.modificationDate: time], ofItemAtPath: folder.file(0))
    }
    try setTime()
    let first = content(try ImageSet.open(.mnist, in: folder.directory))
    let path = try #require(folder.cachedFiles.first)
    let made = try files.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
    // With an original's content changed, but not its size and time, the copy still answers.
    let original = try folder.read(0)
    try folder.write([UInt8](repeating: 0, count: original.count), 0)
    try setTime()
    #expect(content(try ImageSet.open(.mnist, in: folder.directory)) == first)
    #expect(try files.attributesOfItem(atPath: path)[.systemFileNumber] as? Int == made)
    // Other files, another copy.
    try folder.write(original, 0)
    try folder.write(DataFolder.idx([1, 28, 28], [UInt8](repeating: 3, count: 784)), 2)
    try folder.write(DataFolder.idx([1], [5]), 3)
    #expect(try ImageSet.open(.mnist, in: folder.directory).test.labels == [5])
    #expect(folder.cachedFiles.count == 2)
}

@Test func `A damaged decoded copy is made anew`() throws {
    let folder = try DataFolder()
    let whole = content(try ImageSet.open(.mnist, in: folder.directory))
    let path = try #require(folder.cachedFiles.first)
    let bytes = Array(try Data(contentsOf: URL(filePath: path)))
    // Every byte that means something: the magic, the counts, the digest, and some of the content.
    for position in Array(0..<48) + [64, 5000, bytes.count - 1] {
        var damaged = bytes
        damaged[position] ^= 1
        try Data(damaged).write(to: URL(filePath: path))
        #expect(content(try ImageSet.open(.mnist, in: folder.directory)) == whole, "byte \(position)")
        #expect(Array(try Data(contentsOf: URL(filePath: path))) == bytes, "byte \(position)")
    }
    // The counts exchanged: the size still fits.
    var exchanged = bytes
    exchanged.replaceSubrange(40..<48, with: bytes[44..<48] + bytes[40..<44])
    for damaged in [exchanged, [], Array(bytes[..<63]), Array(bytes[..<1000]), bytes + [0]] {
        try Data(damaged).write(to: URL(filePath: path))
        #expect(content(try ImageSet.open(.mnist, in: folder.directory)) == whole, "\(damaged.count) bytes")
        #expect(Array(try Data(contentsOf: URL(filePath: path))) == bytes)
    }
}

@Test func `Many that open at once get the same set`() throws {
    let folder = try DataFolder(train: 400, test: 100, isCompressed: true)
    let expected = content(try ImageSet.open(.mnist, in: DataDirectory(data: folder.data, cache: nil)))
    let directory = folder.directory
    let results = Results()
    DispatchQueue.concurrentPerform(iterations: 16) { _ in
        results.add((try? ImageSet.open(.mnist, in: directory)).map(content))
    }
    #expect(results.all.count == 16 && results.all.allSatisfy { $0 == expected })
    #expect(folder.cachedFiles.count == 1)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.cache)
    #expect(left.allSatisfy { $0.hasSuffix(".images") || $0.hasSuffix(".lock") }, "\(left)")
}

/// Results of several threads.
private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private var found: [[[UInt8]]?] = []
    var all: [[[UInt8]]?] { lock.withLock { found } }
    func add(_ result: [[UInt8]]?) { lock.withLock { found.append(result) } }
}

@Test func `Without a place for the copy the files are read`() throws {
    let folder = try DataFolder()
    // A file where the cache's folder should be.
    try Data().write(to: URL(filePath: folder.cache))
    let set = try ImageSet.open(.mnist, in: DataDirectory(data: folder.data, cache: folder.cache + "/x"))
    #expect(set.train.count == 40)
}
