import Glibc
import Sweep
import Text

/// The decoded copy's place: its name holds what the four files looked like, so changed files are decoded
/// anew.
func cachePath(_ cache: String, _ name: TrialSettings.Images.Name, _ files: [String]) -> String? {
    var description = ""
    for file in files {
        var status = stat()
        guard stat(file, &status) == 0 else { return nil }
        description += "\(file) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)\n"
    }
    return "\(cache)/\(name.rawValue)-\(Digest(of: description).hexadecimal(bytes: 8)).images"
}

/// Makes a folder and those above it; false where it cannot be written.
func makeDirectories(_ path: String) -> Bool {
    var built = path.hasPrefix("/") ? "" : "."
    for component in path.split(separator: "/") {
        built += "/" + component
        mkdir(built, 0o755)
    }
    return access(path, W_OK) == 0
}

/// Writes a file whole or not at all: to a name that nobody else has, synced, then renamed.
func writeWhole(_ bytes: [UInt8], to path: String) -> Bool {
    var temporary = Array((path + ".XXXXXX").utf8CString)
    let file = mkstemp(&temporary)
    guard file >= 0 else { return false }
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    fchmod(file, 0o644)
    var offset = 0
    while offset < bytes.count {
        let written = bytes.withUnsafeBytes {
            write(file, $0.baseAddress?.advanced(by: offset), bytes.count - offset)
        }
        guard written > 0 else { break }
        offset += written
    }
    let isWhole = offset == bytes.count && fsync(file) == 0
    close(file)
    if isWhole, rename(temporary, path) == 0 { return true }
    unlink(temporary)
    return false
}
