import Files
import Glibc
import Model
import Sweep

/// CIFAR-10's binary version (Krizhevsky 2009): five batches of training images and one of test images. Each
/// is a sequence of records: a byte with the label, then 1024 bytes of red, of green and of blue, row by row.
///
/// Batches may have any number of images, but the five must have the same number: a file that was cut short
/// between two records is detected by that.
enum CIFARFile {
    static let folder = ImageSetDescription.cifar10.rawValue
    static let pixels = 1024
    static let colours = 3
    static let numbersPerImage = pixels * colours
    static let recordBytes = 1 + numbersPerImage
    static let names = ImageSetDescription.cifar10.files
    /// The folder that the published archive unpacks to.
    static let archiveFolder = "cifar-10-batches-bin"
    private static let limit = 1_000_000

    /// The paths of the six files, in `cifar-10/` or in the archive's folder there.
    static func locate(in data: String) throws(DataError) -> [String] {
        var files: [String] = []
        for name in names {
            let candidates = [name, "\(archiveFolder)/\(name)"]
            let paths = candidates.map { "\(data)/\(folder)/\($0)" }
            guard let file = paths.first(where: { access($0, F_OK) == 0 }) else {
                throw DataError(file: "\(data)/\(folder)", problem: .missingBatch(lookedFor: candidates))
            }
            files.append(file)
        }
        return files
    }

    /// Training and test images, with the three colours of each pixel side by side.
    static func parts(of files: [String]) throws(DataError) -> [(images: [UInt8], labels: [UInt8])] {
        var train: (images: [UInt8], labels: [UInt8]) = ([], [])
        var first: Int?
        for file in files.dropLast() {
            let batch = try read(file)
            if let first, batch.labels.count != first {
                throw DataError(
                    file: file, problem: .otherCount(batch.labels.count, in: names[0], first))
            }
            first = batch.labels.count
            train.images += batch.images
            train.labels += batch.labels
        }
        return [train, try read(files[files.count - 1])]
    }

    static func read(_ path: String) throws(DataError) -> (images: [UInt8], labels: [UInt8]) {
        let file = try reading(InputFile(path))
        guard file.size > 0, file.size % recordBytes == 0 else {
            throw DataError(file: path, problem: .notRecords(size: file.size, record: recordBytes))
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
                let label = bytes[offset]
                guard label <= 9 else {
                    throw DataError(file: path, problem: .badLabel(Int(label), at: start + record))
                }
                labels[start + record] = label
                for colour in 0..<colours {
                    for pixel in 0..<pixels {
                        images[((start + record) * pixels + pixel) * colours + colour] =
                            bytes[offset + 1 + colour * pixels + pixel]
                    }
                }
            }
        }
        return (images, labels)
    }
}
