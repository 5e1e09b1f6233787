import Glibc
import Text

/// The path of a data set's decoded copy. Its name holds a digest of the files' paths, sizes and modification
/// times, so changed files are decoded anew. nil where a file's status can't be read.
func cachePath(_ cache: String, _ name: String, _ files: [String]) -> String? {
    var description = ""
    for file in files {
        var status = stat()
        guard stat(file, &status) == 0 else { return nil }
        description += "\(file) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)\n"
    }
    return "\(cache)/\(name)-\(Digest(of: description).hexadecimal(bytes: 8)).images"
}
