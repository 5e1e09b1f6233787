import CPosix
import Files
import Glibc
import LinearAlgebra
import Model
import Sweep
import Text

/// The folder with `mnist/`, `fashion-mnist/` and `cifar-10/`, and the folder for decoded copies.
public struct DataDirectory: Sendable, Equatable {
    /// Folder that holds a folder for each data set.
    public var data: String
    /// Folder for decoded copies; nil: nothing is kept between processes.
    public var cache: String?
    /// The run directory, whose files are preferred to those in `data`; nil: there is none on this machine.
    public var run: String?

    /// A directory of data; without `cache` sets are decoded anew in each process.
    public init(data: String, cache: String?, run: String? = nil) {
        self.data = data
        self.cache = cache
        self.run = run
    }
}

/// Images and labels of one data set, as bytes, mapped read-only so that every slot of a host shares them.
public final class ImageSet {
    /// The training or the test images.
    public struct Part {
        /// [count × numbers of an image], row by row; the three colours of a pixel are side by side.
        public let pixels: UnsafeBufferPointer<UInt8>
        /// The class of each image.
        public let labels: [Int32]
        /// Number of images.
        public var count: Int { labels.count }
    }

    /// Pixels of an image in MNIST's format, 28 × 28.
    public static let pixelsPerImage = 784
    /// Numbers of an image: 784, or 3072 for colour images.
    public let numbersPerImage: Int
    /// The training images.
    public let train: Part
    /// The test images.
    public let test: Part
    private let memory: MappedFile

    private init(_ memory: MappedFile, numbers pixels: Int, trainCount: Int, testCount: Int) {
        self.memory = memory
        numbersPerImage = pixels
        let bytes = ImageSet.bytes(of: memory)
        train = ImageSet.part(bytes, pixels, ImageSet.headerBytes, trainCount)
        let testStart = ImageSet.headerBytes + trainCount * (pixels + 1)
        test = ImageSet.part(bytes, pixels, testStart, testCount)
    }

    private static func bytes(of memory: MappedFile) -> UnsafeBufferPointer<UInt8> {
        memory.bytes.assumingMemoryBound(to: UInt8.self)
    }

    private static func part(
        _ bytes: UnsafeBufferPointer<UInt8>, _ numbers: Int, _ start: Int, _ count: Int
    ) -> Part {
        let end = start + count * numbers
        return Part(
            pixels: UnsafeBufferPointer(rebasing: bytes[start..<end]),
            labels: bytes[end..<end + count].map { Int32($0) })
    }

    // MARK: - Opening

    /// magic (8), BLAKE2b-256 of the rest (32), train count (4), test count (4), padding to 64
    private static let headerBytes = 64
    private static let digestRange = 8..<40
    private static let magic = Array("rsimage2".utf8)

    /// Maps the decoded copy. Where there is none, one process decodes while others wait.
    public static func open(
        _ set: ImageSetDescription, in directory: DataDirectory
    ) throws(DataError) -> ImageSet {
        if set.storage == .computed {
            return GeneratedImages(.init(name: set, scale: .unit, trainPoints: nil, testPoints: nil)).make()
        }
        let files = try locate(set, in: directory.data)
        let numbers = set.size.count
        func content() throws(DataError) -> [UInt8] { ImageSet.content(try parts(of: set, files)) }
        func map(_ path: String) -> ImageSet? { ImageSet.map(path, numbers: numbers) }
        guard let cache = directory.cache, let path = cachePath(cache, set.rawValue, files) else {
            return try make(content(), numbers: numbers)
        }
        if let ready = map(path) { return ready }
        guard (try? makeFolder(cache)) != nil, access(cache, W_OK) == 0 else {
            return try make(content(), numbers: numbers)
        }
        let lock = Glibc.open(path + ".lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        defer { if lock >= 0 { close(lock) } }
        // Without the lock two processes may decode; the copy is complete all the same.
        while lock >= 0, flock(lock, LOCK_EX) != 0, errno == EINTR {}
        if let ready = map(path) { return ready }
        let bytes = try content()
        if (try? writeFile(bytes, to: path, among: .several)) != nil, let ready = map(path) { return ready }
        return make(bytes, numbers: numbers)
    }

    /// Paths of the set's files; for IDX sets, train images, train labels, test images, test labels.
    private static func locate(
        _ set: ImageSetDescription, in data: String
    ) throws(DataError) -> [String] {
        if let batches = set.batches { return try CIFARFile.locate(set, batches, in: data) }
        let folder = data + "/" + set.rawValue
        var files: [String] = []
        for stem in set.files {
            let candidates = [stem + ".gz", stem].map { folder + "/" + $0 }
            guard let file = candidates.first(where: { access($0, F_OK) == 0 }) else {
                throw DataError(
                    file: folder, problem: .missing(set: set.rawValue, lookedFor: [stem + ".gz", stem]))
            }
            files.append(file)
        }
        return files
    }

    /// Training images, then test images.
    private static func parts(
        of set: ImageSetDescription, _ files: [String]
    ) throws(DataError) -> [(images: [UInt8], labels: [UInt8])] {
        if let batches = set.batches { return try CIFARFile.parts(of: set, batches, files) }
        var parts: [(images: [UInt8], labels: [UInt8])] = []
        for part in 0..<2 {
            let images = try IDXFile.read(files[2 * part], dimensions: 3)
            let labels = try IDXFile.read(files[2 * part + 1], dimensions: 1)
            guard images.dimensions[0] == labels.dimensions[0] else {
                throw DataError(
                    file: files[2 * part + 1],
                    problem: .countsDisagree(images: images.dimensions[0], labels: labels.dimensions[0]))
            }
            if let bad = labels.bytes.firstIndex(where: { $0 > 9 }) {
                throw DataError(
                    file: files[2 * part + 1], problem: .badLabel(Int(labels.bytes[bad]), at: bad, last: 9))
            }
            parts.append((images.bytes, labels.bytes))
        }
        return parts
    }

    /// The bytes of the decoded copy.
    private static func content(_ parts: [(images: [UInt8], labels: [UInt8])]) -> [UInt8] {
        // The digest covers the counts, the padding, then images and labels.
        var body = [UInt8](repeating: 0, count: headerBytes - digestRange.upperBound)
        for (part, content) in parts.enumerated() {
            for byte in 0..<4 {
                body[4 * part + byte] = UInt8(truncatingIfNeeded: content.labels.count >> (8 * byte))
            }
            body += content.images
            body += content.labels
        }
        return magic + body.withUnsafeBufferPointer { Digest(fastOf: $0).bytes } + body
    }

    private static func make(_ bytes: [UInt8], numbers: Int) -> ImageSet {
        let memory = MappedFile(copying: bytes)
        let (train, test) = counts(self.bytes(of: memory))
        return ImageSet(memory, numbers: numbers, trainCount: train, testCount: test)
    }

    /// A set of images that are in memory already, with labels 0 ..< 10.
    convenience init(
        train: (images: [UInt8], labels: [UInt8]), test: (images: [UInt8], labels: [UInt8]), numbers: Int
    ) {
        precondition(train.images.count == train.labels.count * numbers)
        precondition(test.images.count == test.labels.count * numbers)
        self.init(
            MappedFile(copying: ImageSet.content([train, test])), numbers: numbers,
            trainCount: train.labels.count, testCount: test.labels.count)
    }

    private static func counts(_ bytes: UnsafeBufferPointer<UInt8>) -> (train: Int, test: Int) {
        func count(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) } }
        return (count(digestRange.upperBound), count(digestRange.upperBound + 4))
    }

    /// Maps the decoded copy; nil where there is none, or it is incomplete.
    private static func map(_ path: String, numbers: Int) -> ImageSet? {
        guard let memory = try? MappedFile(path), memory.bytes.count > headerBytes else { return nil }
        let bytes = ImageSet.bytes(of: memory)
        let (train, test) = counts(bytes)
        let rest = UnsafeBufferPointer(rebasing: bytes[digestRange.upperBound...])
        guard bytes.starts(with: magic), bytes.count == headerBytes + (train + test) * (numbers + 1),
            Digest(fastOf: rest).bytes == Array(bytes[digestRange])
        else { return nil }
        return ImageSet(memory, numbers: numbers, trainCount: train, testCount: test)
    }
}
