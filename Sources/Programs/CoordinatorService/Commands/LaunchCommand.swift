import Cluster
import Console
import Glibc
import Launch
import Sweep
import Text
import Transport

let launchCommand = Command(
    "launch", "starts workers on many hosts by ssh or Slurm, and runs a sweep",
    operands: ["CLUSTER", "SWEEP|DIR"],
    options: [outOption] + overrideOptions + [
        OptionSpec(flag: "--follow-hosts", "read the cluster file again whenever it changes (SIGHUP: once)"),
        OptionSpec(
            "--bundle", "FILE", "the worker's bundle to send (default: the one that 'make bundle' made)"),
        OptionSpec("--workers", "N", "also start N workers on this machine (default: 0)"),
        OptionSpec(
            "--slots", "N",
            "trials at a time for the workers on this machine (default: one per core that they may use)"),
        dataOption,
        OptionSpec(
            "--retry", "WHICH",
            "with a run directory: failed, quarantined or both, as in 'ranksweep resume'"),
    ] + trialOptions + LogSettings.options + [finishOption],
    details: """
        A host needs Linux, an ssh server that lets you in without a password prompt, and nothing of ours:
        launch sends it the worker, the data sets that the sweep needs, and keys of its own. Hosts that fail
        are retried at growing intervals while the others work. Ctrl-C leaves no process anywhere; to
        continue, give the same command with the run directory in place of the sweep. docs/launch.md
        describes the cluster file and what to do when a host fails.
        """,
    examples: [
        "ranksweep launch cluster/lab.yaml sweeps/gaussian-vib.yaml",
        "ranksweep launch cluster/lab.yaml runs/gaussian-vib --retry quarantined",
    ],
    run: runLaunch)

private func runLaunch(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let launch = try ClusterLaunch(arguments)
    let path = arguments.operands[1]
    return try finishing(arguments) { log throws(CommandFailure) in
        if access(path + "/sweep.json", F_OK) == 0 { return try resume(path, arguments, launch, log) }
        if arguments.has("--retry") {
            throw .input("--retry continues a run: give its directory in place of \(path)")
        }
        return try begin(sweep: path, arguments, launch, log)
    }
}

/// A parsed `ranksweep launch` command line that holds the cluster's lock.
struct ClusterLaunch {
    let cluster: ClusterFile
    /// The cluster file, as the user named it.
    let file: String
    let keys: ClusterKeys
    private let listen: Endpoint
    private let ssh: String
    private let bundle: WorkerBundle
    private let follows: Bool
    /// The data files that the sweep needs.
    private var files: [SweepFile] = []
    private var jobs: BatchPlan?

    init(_ arguments: Arguments) throws(CommandFailure) {
        file = arguments.operands[0]
        cluster = try readCluster(file)
        let text = cluster.listen
        listen = try orFail(CommandFailure.init(_:)) { () throws(TransportError) in
            try Endpoint(parsing: text, anyPort: true).resolved()
        }
        try ClusterLaunch.checkReach(of: listen, cluster, file)
        follows = arguments.has("--follow-hosts")
        if case .hosts = cluster.engine {
            guard let ssh = findProgram("ssh") else {
                throw .input(
                    "the program ssh is not installed (Debian: apt install openssh-client)")
            }
            self.ssh = ssh
        } else {
            ssh = ""
        }
        let folder = folderOf(file)
        let named = cluster.bundle.map { path in
            path.hasPrefix("/") || path.hasPrefix("~") ? absolutePath(path) : "\(folder)/\(path)"
        }
        bundle = try WorkerBundle.find(arguments["--bundle"].map(absolutePath) ?? named)
        keys = try ClusterKeys(cluster, in: folder)
    }

    /// Rejects a listening name that resolves to loopback where remote workers must connect. The reader of
    /// the cluster file checks addresses. A name can be checked only here: a machine's own name often
    /// resolves to loopback.
    private static func checkReach(
        of listen: Endpoint, _ cluster: ClusterFile, _ file: String
    ) throws(CommandFailure) {
        guard listen.isLoopback, listen.address != listen.host else { return }
        var blocked = cluster.address == nil
        if case .hosts(let hosts) = cluster.engine { blocked = hosts.contains { !$0.tunnel } }
        guard blocked else { return }
        throw .input(
            "\(file): listen: '\(listen.host)' is \(listen.address) on this machine, which only programs on it can reach: "
                + "listen at \(ClusterFile.defaultListen) or at an address of the network")
    }

    /// Applies the cluster file's settings, which decide where the coordinator listens.
    func adjust(_ options: inout RunOptions) {
        options.workers = 0
        options.listen = listen
        options.keys = keys.path
        options.cluster = absolutePath(file)
        options.kernel = cluster.kernel
    }

    /// Checks everything that hosts will be sent, before the run starts.
    ///
    /// - Parameter local: returns the path here of a file that the sweep names.
    func prepared(
        for spec: SweepSpec, _ options: RunOptions, _ log: RunLog, _ local: (FileCopy) -> String
    ) throws(CommandFailure) -> ClusterLaunch {
        var launch = self
        launch.files = try sweepFiles(spec, data: options.data)
        launch.files += spec.fileCopies.map { copy in
            SweepFile(
                path: copy.path, digest: copy.part.digest, local: local(copy), size: copy.part.bytes)
        }
        // Fail early where files can't be made.
        switch cluster.engine {
        case .hosts(let hosts):
            let welcome = hosts.filter { keys.objection(to: $0.host) == nil }
            for host in welcome { _ = try keys.files(of: host.host) }
            if welcome.isEmpty, options.workers == 0, let first = hosts.first {
                throw .input(
                    "\(file): no host may run a worker; \(first.host): \(keys.objection(to: first.host) ?? "")"
                )
            }
        case .batch(let settings):
            var jobs = try batchPlan(settings, bundle: bundle, files: launch.files, cluster: file, log: log)
            jobs.kernel = cluster.kernel
            launch.jobs = jobs
        }
        return launch
    }

    /// - Parameters:
    ///   - endpoint: the address where the coordinator listens, with its actual port.
    ///   - run: the run directory.
    func source(
        _ options: RunOptions, endpoint: String, run: String, _ log: RunLog
    ) throws(CommandFailure) -> any WorkerSource {
        let port = endpoint.lastIndex(of: ":").map { String(endpoint[endpoint.index(after: $0)...]) } ?? ""
        let own = listen.isEverywhere || listen.isLoopback ? hostName() : listen.host
        let connect = "tcp://\(cluster.address ?? own):\(port)"
        var arguments: [String] = []
        if let seconds = options.checkpointSeconds { arguments += ["--checkpoint-every", String(seconds)] }
        if let bytes = options.memoryLimit { arguments += ["--memory-limit", String(bytes)] }
        switch cluster.engine {
        case .batch:
            guard var jobs else { throw .fault("the launch was not prepared") }
            jobs.workerArguments = arguments
            return try batchSource(jobs, keys: keys, connect: connect, run: run, log: log)
        case .hosts(let hosts):
            log.add(
                "\(cluster.name): \(countText(hosts.count, "host")), which reach this machine at \(connect)"
                    + " (listening at \(endpoint))")
            let plan = SshHosts.Plan(
                ssh: ssh, fileFolder: folderOf(file), bundle: bundle, files: files.map { $0.kept(in: run) },
                connect: connect,
                tunnelTarget: (listen.isEverywhere ? "127.0.0.1" : listen.address) + ":" + port,
                kernel: cluster.kernel, workerArguments: arguments)
            return SshHosts(
                plan, keys: keys, list: HostList(file, hosts, follows: follows, reading: readCluster))
        }
    }
}
