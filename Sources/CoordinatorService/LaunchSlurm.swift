import Cluster
import Console
import Files
import Glibc
import Transport

/// Workers as jobs of Slurm. The worker and the data sets are put into the folder that all nodes see.
///
/// - Parameters:
///   - connect: tcp://ADDRESS:PORT of the coordinator.
///   - run: the run directory.
///   - workerArguments: more of every worker's command line.
func slurmSource(
    _ settings: SlurmSettings, keys: ClusterKeys, bundle: WorkerBundle, files: [SweepFile], connect: String,
    run: String, kernel: String?, workerArguments: [String]
) throws(CommandFailure) -> any WorkerSource {
    let folder = absolutePath(settings.folder)
    try filed { () throws(FileError) in try makeFolder(folder) }
    var jobs = SlurmJobSettings(folder: folder, worker: try unpack(bundle, in: folder) + "/ranksweep-worker")
    jobs.partition = settings.partition
    jobs.account = settings.account
    jobs.time = settings.time
    jobs.slots = settings.slots
    jobs.minimum = settings.min
    jobs.maximum = settings.max
    jobs.lines = settings.lines + (settings.nodes.map { ["--nodelist=\($0)"] } ?? [])
    jobs.data = folder + "/data"
    jobs.kernel = kernel
    jobs.workerArguments = workerArguments
    for file in files { try share(file, in: folder + "/data") }
    let path = keys.path
    let coordinator = try keyed { () throws(KeyError) in try CoordinatorKeyFolder(reading: path) }
    let source = try SlurmJobs(jobs, connect: connect, keys: coordinator, run: run)
    printError("up to \(countText(jobs.maximum, "Slurm job")), which find this machine at \(connect)")
    return source
}

/// Unpacks the bundle, once, whole or not at all.
///
/// - Returns: its folder.
private func unpack(_ bundle: WorkerBundle, in folder: String) throws(CommandFailure) -> String {
    let place = "\(folder)/bundle-\(bundle.id)"
    if access(place + "/ranksweep-worker", X_OK) == 0 { return place }
    guard let tar = findProgram("tar") else { throw .input("the program tar, which unpacks the bundle, is not there") }
    let partial = "\(place).partial-\(getpid())"
    try filed { () throws(FileError) in try makeFolder(partial) }
    let child = ChildProgram.start(
        tar, ["-xzf", bundle.path, "-C", partial], environment: environmentList())
    guard let child else { throw .fault("\(tar) cannot be started: \(systemText(errno))") }
    let end = child.wait()
    guard end.isSuccess else { throw .input("\(bundle.path): cannot be unpacked into \(partial): tar \(end.description)") }
    // Another launch may have been faster.
    guard rename(partial, place) == 0 || access(place + "/ranksweep-worker", X_OK) == 0 else {
        throw .init(FileError(path: place, doing: "rename a folder to", code: errno))
    }
    return place
}

/// Copies a data file that is not there yet.
private func share(_ file: SweepFile, in data: String) throws(CommandFailure) {
    let place = "\(data)/\(file.path)" + (file.local?.hasSuffix(".gz") ?? false ? ".gz" : "")
    guard let local = file.local else {
        guard access(place, R_OK) == 0 else {
            throw .input("the sweep needs \(file.path), which is neither here nor in \(data): 'ranksweep data fetch all'")
        }
        return
    }
    var status = stat()
    if stat(place, &status) == 0, Int(status.st_size) == file.size { return }
    guard let source = fopen(local, "re") else {
        throw .init(FileError(path: local, doing: "read", code: errno))
    }
    defer { fclose(source) }
    var bytes = [UInt8](repeating: 0, count: file.size)
    guard fread(&bytes, 1, bytes.count, source) == bytes.count else {
        throw .input("\(local): it changed while it was copied to \(data)")
    }
    if let slash = place.lastIndex(of: "/") {
        try filed { () throws(FileError) in try makeFolder(String(place[..<slash])) }
    }
    try filed { () throws(FileError) in try writeFile(bytes, to: place) }
}
