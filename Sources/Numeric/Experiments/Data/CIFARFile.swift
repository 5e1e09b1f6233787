import Files
import Glibc
import Model
import Sweep

/// CIFAR's binary version (Krizhevsky 2009): batches of training images and one of test images. Each is a sequence
/// of records: a byte with the label, in CIFAR-100 after one with a coarse label, then 1024 bytes of red, of green and
/// of blue, row by row.
///
/// Batches may have any number of images, but those of training images must have the same number: a file that was cut
/// short between two records is detected by that.
enum CIFARFile {
    static let pixels = 1024
    static let colours = 3
    static let numbersPerImage = pixels * colours
    private static let limit = 1_000_000

    /// The paths of a set's files, in its folder or in the archive's folder there.
    static func locate(
        _ set: ImageSetDescription, _ batches: ImageSetDescription.Batches, in data: String
    ) throws(DataError) -> [String] {
        let folder = set.rawValue
        var files: [String] = []
        for name in set.files {
            let candidates = [name, "\(batches.folder)/\(name)"]
            let paths = candidates.map { "\(data)/\(folder)/\($0)" }
            guard let file = paths.first(where: { access($0, F_OK) == 0 }) else {
                throw DataError(
                    file: "\(data)/\(folder)",
                    problem: .missingBatch(lookedFor: candidates, archive: batches.archive))
            }
            files.append(file)
        }
        return files
    }

    /// Training and test images, with the three colours of each pixel side by side.
    static func parts(
        of set: ImageSetDescription, _ batches: ImageSetDescription.Batches, _ files: [String]
    ) throws(DataError) -> [(images: [UInt8], labels: [UInt8])] {
        func read(_ file: String) throws(DataError) -> (images: [UInt8], labels: [UInt8]) {
            try CIFARFile.read(file, batches, classes: set.classes)
        }
        var train: (images: [UInt8], labels: [UInt8]) = ([], [])
        var first: Int?
        for file in files.dropLast() {
            let batch = try read(file)
            if let first, batch.labels.count != first {
                throw DataError(
                    file: file, problem: .otherCount(batch.labels.count, in: set.files[0], first))
            }
            first = batch.labels.count
            train.images += batch.images
            train.labels += batch.labels
        }
        return [train, try read(files[files.count - 1])]
    }

    private static func read(
        _ path: String, _ batches: ImageSetDescription.Batches, classes: Int
    ) throws(DataError) -> (images: [UInt8], labels: [UInt8]) {
        let recordBytes = batches.labelBytes + numbersPerImage
        let file = try reading(InputFile(path))
        guard file.size > 0, file.size % recordBytes == 0 else {
            throw DataError(
                file: path, problem: .notRecords(of: batches.name, size: file.size, record: recordBytes))
        }
        let count = file.size / recordBytes
        guard count <= limit else { throw DataError(file: path, problem: .tooLarge(count)) }
        var images = [UInt8](repeating: 0, count: count * numbersPerImage)
        var labels = [UInt8](repeating: 0, count: count)
        let recordsAtOnce = 256
        for start in stride(from: 0, to: count, by: recordsAtOnce) {
            let records = min(recordsAtOnce, count - start)
            let bytes = try reading(
                file.read(at: start * recordBytes, count: records * recordBytes))
            for record in 0..<records {
                let offset = record * recordBytes
                let label = bytes[offset + batches.labelBytes - 1]
                guard label < classes else {
                    throw DataError(
                        file: path, problem: .badLabel(Int(label), at: start + record, last: classes - 1))
                }
                labels[start + record] = label
                for colour in 0..<colours {
                    for pixel in 0..<pixels {
                        images[((start + record) * pixels + pixel) * colours + colour] =
                            bytes[offset + batches.labelBytes + colour * pixels + pixel]
                    }
                }
            }
        }
        return (images, labels)
    }
}
