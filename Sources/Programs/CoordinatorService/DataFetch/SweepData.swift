import Console
import Glibc
import Sweep
import Text

/// Checks, before any work, that the images the sweep names are here for local workers. Otherwise a thousand
/// trials would fail.
func checkData(_ spec: SweepSpec, _ options: RunOptions) throws(CommandFailure) {
    guard options.workers > 0 else { return }
    for name in spec.imageSets {
        let folder = options.data + "/" + name.rawValue
        if name.files.isEmpty { continue }
        if let batches = name.batches {
            let paths = name.files.map { BatchCheck.path($0, of: name, batches, in: options.data) }
            guard let missing = paths.first(where: { access($0, R_OK) != 0 }) else { continue }
            throw .input(
                "the sweep needs \(name.rawValue), but \(missing) cannot be read: \(name.advice), and name DIR with "
                    + "--data or RANKSWEEP_DATA; or use generated images of its shape: "
                    + "--set dataset=generated-images")
        }
        let missing = name.files.filter { file in
            access("\(folder)/\(file)", R_OK) != 0 && access("\(folder)/\(file).gz", R_OK) != 0
        }
        guard let first = missing.first else { continue }
        let option =
            options.data == absolutePath(dataDirectory(nil)) ? "" : " --data \(shellPath(options.data))"
        throw .input(
            "the sweep needs \(name.rawValue), but \(folder)/\(first)[.gz] cannot be read: to fetch the set, "
                + "\(quotedCommand("ranksweep data fetch \(name.rawValue)\(option)")); or name the folder above the one "
                + "that holds it with --data DIR or RANKSWEEP_DATA")
    }
}
