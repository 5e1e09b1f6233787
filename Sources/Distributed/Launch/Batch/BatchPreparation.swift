import Cluster
import Console
import Files
import Glibc
import Text
import Transport

/// Prepares everything that jobs need, before any part of the run exists: finds the engine's programs, asks
/// whether it accepts such a job, and puts the worker and the data sets in the folder that all nodes see.
///
/// - Parameter cluster: the cluster file, for messages.
package func batchPlan(
    _ given: BatchSettings, bundle: WorkerBundle, files: [SweepFile], cluster: String, log: RunLog
) throws(CommandFailure) -> BatchPlan {
    let programs = try BatchPrograms(given.engine)
    let folder = absolutePath(given.folder)
    let script = "\(folder)/try-\(getpid()).sh"
    var plan = BatchPlan(settings: given, worker: "", data: folder + "/data")
    plan.settings.folder = folder
    // A one-minute job has less than a minute for work.
    if let seconds = given.engine.timeSeconds {
        plan.quickMilliseconds = min(60_000, Int64(seconds) * 1000 / 6)
    }
    do throws(FileError) {
        try makeFolder(folder)
        try writeFile([], to: script)
    } catch {
        throw .input(
            "\(CommandFailure(error).message)\n\(cluster): \(given.key).folder must be a folder that you may write to, "
                + "and that all nodes see at this path")
    }
    defer { unlink(script) }
    do throws(BatchProblem) { try plan.settings.engine.prepare(asking: programs.ask) } catch {
        throw .input("\(cluster): \(given.key).\(error.key): \(printable(error.message))")
    }
    let text = "#!/bin/sh\n\(plan.settings.engine.directives)exit 0\n"
    try filed { () throws(FileError) in try writeFile(Array(text.utf8), to: script) }
    try programs.tryOut(plan, script: script, cluster, log)
    for file in files { try share(file, in: folder + "/data") }
    plan.worker = try unpack(bundle, in: folder) + "/ranksweep-worker"
    return plan
}

/// A source of workers that are a batch engine's jobs.
///
/// - Parameters:
///   - connect: tcp://ADDRESS:PORT of the coordinator.
///   - run: the run directory.
package func batchSource(
    _ plan: BatchPlan, keys: ClusterKeys, connect: String, run: String, log: RunLog
) throws(CommandFailure) -> any WorkerSource {
    let path = keys.path
    let coordinator = try keyed { () throws(KeyError) in try CoordinatorKeyFolder(reading: path) }
    let source = try BatchJobs(plan, connect: connect, keys: coordinator, run: run)
    let settings = plan.settings
    log.add(
        "up to \(countText(settings.maxJobs, "\(settings.name) job")), which reach this machine at \(connect)"
    )
    return source
}

/// Unpacks the bundle once, whole or not at all.
///
/// - Returns: its folder.
private func unpack(_ bundle: WorkerBundle, in folder: String) throws(CommandFailure) -> String {
    let target = "\(folder)/bundle-\(bundle.id)"
    if access(target + "/ranksweep-worker", X_OK) == 0 { return target }
    guard let tar = findProgram("tar") else {
        throw .input("the program tar, which unpacks the bundle, is not installed")
    }
    let partial = "\(target).partial-\(getpid())"
    try filed { () throws(FileError) in try makeFolder(partial) }
    let child = ChildProgram.start(
        tar, ["--no-same-owner", "-xzf", bundle.path, "-C", partial], environment: environmentList())
    guard let child else { throw .fault("\(tar) cannot be started: \(startMessage(errno))") }
    let end = child.wait()
    guard end.isSuccess else {
        throw .input(
            "\(bundle.path): cannot be unpacked: tar \(end.description); is the file complete, and is there space? (the "
                + "unpacked part is in \(partial))")
    }
    guard access(partial + "/ranksweep-worker", X_OK) == 0 else {
        throw .input(
            "\(bundle.path): there is no ranksweep-worker in it; 'make bundle' makes the worker's bundle")
    }
    if rename(partial, target) != 0 {
        let code = errno
        removeTree(partial)
        // Another launch may have been faster.
        guard access(target + "/ranksweep-worker", X_OK) == 0 else {
            throw .init(FileError(path: target, doing: "rename a folder to", code: code))
        }
    }
    return target
}

/// Copies a data file that is missing or differs.
private func share(_ file: SweepFile, in data: String) throws(CommandFailure) {
    let plain = "\(data)/\(file.path)"
    // The path at which trials find it.
    let found = access(plain + ".gz", F_OK) == 0 || access(plain, F_OK) != 0 ? plain + ".gz" : plain
    let check = DataCheck(of: found, against: file.digest, limit: max(DataCheck.limit, file.size))
    if check == .right { return }
    guard let local = file.local else {
        guard check == .missing else {
            throw .input("\(found) is not the published file: remove it, then run 'ranksweep data fetch all'")
        }
        throw .input(
            "the sweep needs \(file.path), which is neither here nor in \(data): run 'ranksweep data fetch all'"
        )
    }
    let target = "\(data)/\(file.sentPath)"
    guard check == .missing || found == target else {
        throw .input("\(found) differs from this machine's \(local): remove one of them")
    }
    // The digest is that of the uncompressed bytes.
    let isCompressed = file.sentPath != file.path
    let digest = try filed { () throws(FileError) in
        if let slash = target.lastIndex(of: "/") { try makeFolder(String(target[..<slash])) }
        return try copyFile(local, to: target, digest: isCompressed ? nil : file.digest, among: .several)
    }
    if isCompressed ? DataCheck(of: target, against: file.digest) == .right : digest == file.digest { return }
    if isCompressed { unlink(target) }
    throw .input("\(local) changed while it was being copied to \(data)")
}
