import Cluster
import Console
import Files
import Glibc
import Launch
import Model
import Sweep
import Text
import Transport

/// The data files that a sweep needs, with the digests that hosts' copies must have: of the local file, or
/// the publisher's where there is no local file.
func sweepFiles(_ spec: SweepSpec, data: String) throws(CommandFailure) -> [SweepFile] {
    var files: [SweepFile] = []
    for set in spec.imageSets {
        if let batches = set.batches { files += try batchFiles(set, batches, data: data) }
        for file in DataFile.all(of: set) {
            let found = FoundFile(file, in: data)
            var digest = file.digest
            switch found.check {
            case .right: break
            case .wrong(let own): digest = own
            case .missing:
                files.append(SweepFile(path: file.path, digest: digest, local: nil, size: 0))
                continue
            case .unfinished: throw .input("\(found.path): it is cut short")
            case .broken(let why): throw .input("\(found.path): \(why)")
            }
            var status = stat()
            guard stat(found.path, &status) == 0 else {
                throw .input("\(found.path): cannot be read: \(systemMessage(errno))")
            }
            files.append(
                SweepFile(path: file.path, digest: digest, local: found.path, size: Int(status.st_size)))
        }
    }
    return files
}

/// The files of CIFAR, which must be here: hosts can't be checked without a digest.
private func batchFiles(
    _ set: ImageSetDescription, _ batches: ImageSetDescription.Batches, data: String
) throws(CommandFailure) -> [SweepFile] {
    var files: [SweepFile] = []
    for name in set.files {
        let local = BatchCheck.path(name, of: set, batches, in: data)
        let check = DataCheck(of: local, against: "")
        var status = stat()
        guard case .wrong(let digest) = check, stat(local, &status) == 0 else {
            throw .input("\(local): cannot be read: \(set.advice)")
        }
        files.append(
            SweepFile(
                path: "\(set.rawValue)/\(name)", digest: digest, local: local, size: Int(status.st_size)))
    }
    return files
}

func readCluster(_ path: String) throws(CommandFailure) -> ClusterFile {
    let bytes = try readSweep(path, kind: "cluster file")
    do throws(ClusterError) { return try ClusterFile(parsing: bytes, file: path) } catch {
        throw .input(error.message)
    }
}
