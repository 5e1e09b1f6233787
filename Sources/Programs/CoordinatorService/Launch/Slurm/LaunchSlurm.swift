import Cluster
import Console
import Files
import Glibc
import Text
import Transport

/// Prepares everything that jobs need, before any part of the run exists: finds Slurm's programs, asks sbatch
/// whether it accepts such a job, and puts the worker and the data sets in the folder that all nodes see.
///
/// - Parameter cluster: the cluster file, for messages.
func slurmJobs(
    _ settings: SlurmSettings, bundle: WorkerBundle, files: [SweepFile], cluster: String
) throws(CommandFailure) -> SlurmJobSettings {
    let programs = try SlurmPrograms()
    let folder = absolutePath(settings.folder)
    let script = "\(folder)/try-\(getpid()).sh"
    var jobs = SlurmJobSettings(folder: folder, worker: "")
    jobs.partition = settings.partition
    jobs.account = settings.account
    jobs.time = settings.time
    jobs.slots = settings.slots
    jobs.minimum = settings.minJobs
    jobs.maximum = settings.maxJobs
    jobs.lines = settings.sbatchArguments
    jobs.data = folder + "/data"
    // A one-minute job has less than a minute for work.
    if let seconds = settings.timeSeconds { jobs.quickMilliseconds = min(60_000, Int64(seconds) * 1000 / 6) }
    do throws(FileError) {
        try makeFolder(folder)
        try writeFile(Array("#!/bin/sh\n\(jobs.scriptLines)exit 0\n".utf8), to: script)
    } catch {
        throw .input(
            "\(CommandFailure(error).message)\n\(cluster): slurm.folder must be a folder that you may write to, and "
                + "that all nodes see at this path")
    }
    defer { unlink(script) }
    if let nodes = settings.nodes { jobs.lines += try nodeOption(nodes, cluster).map { [$0] } ?? [] }
    try filed { () throws(FileError) in
        try writeFile(Array("#!/bin/sh\n\(jobs.scriptLines)exit 0\n".utf8), to: script)
    }
    try programs.tryOut(jobs.place + [script], partition: jobs.partition, cluster)
    for file in files { try share(file, in: folder + "/data") }
    jobs.worker = try unpack(bundle, in: folder) + "/ranksweep-worker"
    return jobs
}

/// A source of workers that are Slurm jobs.
///
/// - Parameters:
///   - connect: tcp://ADDRESS:PORT of the coordinator.
///   - run: the run directory.
func slurmSource(
    _ jobs: SlurmJobSettings, keys: ClusterKeys, connect: String, run: String
) throws(CommandFailure) -> any WorkerSource {
    let path = keys.path
    let coordinator = try keyed { () throws(KeyError) in try CoordinatorKeyFolder(reading: path) }
    let source = try SlurmJobs(jobs, connect: connect, keys: coordinator, run: run)
    printError("up to \(countText(jobs.maximum, "Slurm job")), which reach this machine at \(connect)")
    return source
}

/// sbatch's option for the nodes on which jobs may run. A job has one node, and `--nodelist` with several
/// would request all of them, so the other nodes are excluded instead.
///
/// - Returns: the option; nil where jobs may run on all nodes.
private func nodeOption(_ text: String, _ cluster: String) throws(CommandFailure) -> String? {
    let single = "--nodelist=\(text)"
    let isOne = !text.contains { "[,".contains($0) }
    guard let scontrol = findProgram("scontrol"), let sinfo = findProgram("sinfo") else {
        if isOne { return single }
        throw .input(
            "\(cluster): slurm.nodes: several nodes need Slurm's programs sinfo and scontrol")
    }
    func lines(_ program: String, _ arguments: [String]) throws(CommandFailure) -> [String] {
        var command = SlurmCommand.start(program, arguments, at: monotonicMilliseconds())
        guard let answer = command?.wait(milliseconds: SlurmPrograms.patienceMilliseconds), answer.isSuccess
        else {
            throw .input(
                "\(cluster): slurm.nodes: \(program) does not list the nodes: try again once Slurm "
                    + "answers")
        }
        return answer.output.split(separator: "\n").map { String($0.filter { $0 != " " }) }
    }
    let known = Set(try lines(sinfo, ["--noheader", "--Node", "--all", "--format=%N"]))
    let wanted = Set(try lines(scontrol, ["show", "hostnames", text]))
    for name in wanted.sorted() where !known.contains(name) {
        let near = nearestSpelling(to: name, among: known.sorted()).map { "; did you mean '\($0)'?" } ?? ""
        throw .input("\(cluster): slurm.nodes: Slurm has no node '\(printable(name))'\(near)")
    }
    if isOne { return single }
    let others = known.subtracting(wanted).sorted().joined(separator: ",")
    guard !others.isEmpty else { return nil }
    let short = try lines(scontrol, ["show", "hostlist", others]).first ?? others
    return "--exclude=\(short)"
}

/// Unpacks the bundle once, whole or not at all.
///
/// - Returns: its folder.
private func unpack(_ bundle: WorkerBundle, in folder: String) throws(CommandFailure) -> String {
    let place = "\(folder)/bundle-\(bundle.id)"
    if access(place + "/ranksweep-worker", X_OK) == 0 { return place }
    guard let tar = findProgram("tar") else {
        throw .input("the program tar, which unpacks the bundle, is not installed")
    }
    let partial = "\(place).partial-\(getpid())"
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
    if rename(partial, place) != 0 {
        let code = errno
        removeTree(partial)
        // Another launch may have been faster.
        guard access(place + "/ranksweep-worker", X_OK) == 0 else {
            throw .init(FileError(path: place, doing: "rename a folder to", code: code))
        }
    }
    return place
}

/// Copies a data file that is missing or differs.
private func share(_ file: SweepFile, in data: String) throws(CommandFailure) {
    let plain = "\(data)/\(file.path)"
    // The path at which trials find it.
    let found = access(plain + ".gz", F_OK) == 0 || access(plain, F_OK) != 0 ? plain + ".gz" : plain
    let check = DataCheck(of: found, against: file.digest)
    if check == .right { return }
    guard let local = file.local else {
        guard check == .missing else {
            throw .input("\(found) is not the published file: remove it, then run 'ranksweep data fetch all'")
        }
        throw .input(
            "the sweep needs \(file.path), which is neither here nor in \(data): run 'ranksweep data fetch all'"
        )
    }
    let place = "\(data)/\(file.sentPath)"
    guard check == .missing || found == place else {
        throw .input("\(found) differs from this machine's \(local): remove one of them")
    }
    let source = try filed { () throws(FileError) in try openStream(local) }
    defer { fclose(source) }
    var bytes = [UInt8](repeating: 0, count: file.size)
    guard fread(&bytes, 1, bytes.count, source) == bytes.count else {
        throw .input("\(local) changed while it was being copied to \(data)")
    }
    if let slash = place.lastIndex(of: "/") {
        try filed { () throws(FileError) in try makeFolder(String(place[..<slash])) }
    }
    try filed { () throws(FileError) in try writeFile(bytes, to: place, among: .several) }
}
