import Cluster
import Console
import Glibc
import Text
import Transport

/// The hosts of a cluster, reached by ssh: performs what `HostFleet` decides, and shows what workers write.
package struct SshHosts: WorkerSource {
    /// Settings that are the same for all hosts and for the whole run.
    package struct Plan {
        var ssh: String
        /// The base folder of relative paths in the cluster file.
        var fileFolder: String
        var bundle: WorkerBundle
        var files: [SweepFile]
        /// tcp://ADDRESS:PORT, for hosts that can reach it.
        var connect: String
        /// HOST:PORT on this machine, to which a tunnel leads.
        var tunnelTarget: String
        /// The kernel of all hosts that set none.
        var kernel: String?
        /// More arguments for every worker's command line.
        var workerArguments: [String]

        package init(
            ssh: String, fileFolder: String, bundle: WorkerBundle, files: [SweepFile], connect: String,
            tunnelTarget: String, kernel: String?, workerArguments: [String]
        ) {
            self.ssh = ssh
            self.fileFolder = fileFolder
            self.bundle = bundle
            self.files = files
            self.connect = connect
            self.tunnelTarget = tunnelTarget
            self.kernel = kernel
            self.workerArguments = workerArguments
        }
    }

    private let plan: Plan
    private var keys: ClusterKeys
    private var list: HostList
    private var fleet = HostFleet()
    private var processes: [SshProcess] = []
    private var windows: [String: LineWindow] = [:]
    private var remote: [String: WorkerProcess] = [:]
    /// The newest few workers of each host, by its name in the cluster file.
    private var started: [String: [WorkerProcess]] = [:]
    private var news = WorkerNews()
    /// Hosts whose connection was down when their worker was told to end.
    private var unheard: [String] = []
    private var isFinishing = false
    private var nextKeyLook: Int64 = 0
    private var isHungUp = false
    /// When workers were first running on hosts while none had joined; nil otherwise, and once the user was
    /// told.
    private var loneSince: Int64?
    private var hasReportedLone = false
    /// How long a running worker may take to join. Its process starts its slots first.
    private static let loneMilliseconds: Int64 = 20_000
    /// How often the keys are read again: a host that is revoked during a step is dropped after at most this
    /// long.
    private static let keyLookMilliseconds: Int64 = 2000
    private static let maxRemembered = 100

    package init(_ plan: Plan, keys: ClusterKeys, list: HostList) {
        self.plan = plan
        self.keys = keys
        self.list = list
        perform(.hosts(list.hosts), at: monotonicMilliseconds())
    }

    package var readable: [Int32] { processes.flatMap(\.readable) }
    package var writable: [Int32] { processes.compactMap(\.writable) }

    package var nextDeadline: Int64? {
        let now = monotonicMilliseconds()
        return ([fleet.nextDeadline, list.nextLook] + processes.map { $0.nextLook(at: now) })
            .compactMap { $0 }.min()
    }

    package mutating func poll(at now: Int64, _ demand: WorkerDemand) throws(CommandFailure) -> WorkerNews {
        if demand.isEnding, !isFinishing {
            isFinishing = true
            perform(.finish, at: now)
        }
        if demand.gap > 0 {
            perform(.stoodStill(milliseconds: demand.gap), at: now)
            for index in processes.indices { processes[index].postpone(by: demand.gap) }
        }
        if !isFinishing { readList(at: now) }
        leaveRevoked(at: now)
        tendProcesses(at: now)
        watchJoining(demand, at: now)
        if let deadline = fleet.nextDeadline, now >= deadline { perform(.tick, at: now) }
        for host in windows.keys.sorted() {
            if let line = windows[host]?.roll(at: now) { news.lines.append("\(host): \(line)") }
        }
        defer { news = WorkerNews() }
        return news
    }

    /// Warns about workers that run but don't join. Most often a firewall blocks them, and nothing else would
    /// report it.
    private mutating func watchJoining(_ demand: WorkerDemand, at now: Int64) {
        guard demand.workers == 0, fleet.runningCount > 0, !isFinishing else {
            loneSince = nil
            if demand.workers > 0 { hasReportedLone = false }
            return
        }
        let since = loneSince ?? now
        loneSince = since
        guard !hasReportedLone, now >= since + Self.loneMilliseconds else { return }
        hasReportedLone = true
        news.lines.append(
            "warning: workers on \(countText(fleet.runningCount, "host")) have not reached \(plan.connect): "
                + "see 'address' in the cluster file, the firewall, or tunnel: true")
    }

    package func hosts(at now: Int64) -> [JSONValue] {
        fleet.facts(at: now).map { fact in
            var members: [String: JSONValue] = [
                "host": .string(fact.host), "state": .string(fact.state.rawValue),
                "failures": JSONValue(fact.failures),
            ]
            if let retry = fact.retryMilliseconds { members["retry_seconds"] = .number(Double(retry) / 1000) }
            if let why = fact.why { members["why"] = .string(why) }
            if let process = processes.first(where: { $0.host == fact.host }),
                let total = sizeSent(by: process), total > 0
            {
                members["sent_fraction"] = .number(min(1, Double(process.sentBytes) / Double(total)))
            }
            return .object(members)
        }
    }

    package func absentHosts(at now: Int64, _ hasJoined: (WorkerProcess) -> Bool) -> [AbsentHost] {
        fleet.facts(at: now).compactMap { fact in
            guard !(started[fact.host] ?? []).contains(where: hasJoined) else { return nil }
            if let failure = fact.failure {
                let times = countText(fact.failures, "failure")
                return AbsentHost(host: fact.host, why: "\(times) in a row, the last: \(failure.words)")
            }
            return AbsentHost(
                host: fact.host,
                why: remote[fact.host] != nil
                    ? "its worker runs, but has not reached \(plan.connect)"
                    : started[fact.host] != nil
                        ? "its worker ended before it reached \(plan.connect)"
                        : "no worker was started there yet")
        }
    }

    /// Bytes that a step sends; nil for a step that sends no files.
    private func sizeSent(by process: SshProcess) -> Int? {
        switch process.step {
        case .bundle: plan.bundle.size
        case .data: dataSize(for: process.host)
        case .probe, .start: nil
        }
    }

    /// The files that a host needs.
    private func missingFiles(_ host: String) -> [SweepFile] {
        let missing = Set(fleet.missingFiles(of: host))
        // A report's characters are those that can be printed.
        return plan.files.filter { missing.contains(printable($0.path)) }
    }

    private func dataSize(for host: String) -> Int { missingFiles(host).reduce(0) { $0 + $1.size } }

    /// Requests that the cluster file be read again. Where the terminal is gone, SIGHUP ends the program as
    /// usual.
    package mutating func hangUp() -> Bool {
        guard !list.hasLostTerminal else { return false }
        isHungUp = true
        return true
    }

    private mutating func readList(at now: Int64) {
        guard isHungUp || list.isChanged(at: now) else { return }
        isHungUp = false
        do throws(CommandFailure) {
            let hosts = try list.readAgain()
            news.lines.append("\(list.file) was reread: \(countText(hosts.count, "host"))")
            perform(.hosts(hosts), at: now)
        } catch {
            for line in error.message.split(separator: "\n") { news.lines.append("warning: \(line)") }
            news.lines.append("warning: the hosts are unchanged")
        }
    }

    private mutating func leaveRevoked(at now: Int64) {
        guard now >= nextKeyLook else { return }
        nextKeyLook = now + Self.keyLookMilliseconds
        for index in processes.indices where keys.objection(to: processes[index].host) != nil {
            processes[index].end(at: now)
        }
    }

    // MARK: - Processes

    private mutating func tendProcesses(at now: Int64) {
        for index in processes.indices {
            let host = processes[index].host
            let said = processes[index].poll()
            for line in said.report { note(line, host, at: now) }
            show(said.errors, index, at: now)
            processes[index].killIfLate(at: now)
        }
        var index = 0
        while index < processes.count {
            guard let ended = processes[index].endIfEnded() else {
                index += 1
                continue
            }
            var process = processes.remove(at: index)
            let said = process.poll()
            for line in said.report { note(line, process.host, at: now) }
            process.closeAll()
            let worker = remote.removeValue(forKey: process.host)
            if let worker { news.note(worker, ended) }
            if worker != nil, process.wasKilled { unheard.append(process.host) }
            var code: Int32?
            if case .exited(let number) = ended { code = number }
            let end = StepEnd(
                code: code, report: process.report, errors: process.log.lines.map(LogEntry.message(of:)))
            perform(
                keys.objection(to: process.host).map { .barred(host: process.host, $0) }
                    ?? .ended(host: process.host, end), at: now)
        }
    }

    /// Handles a line such as "process 4711 node7".
    private mutating func note(_ line: String, _ host: String, at now: Int64) {
        let words = line.split(separator: " ")
        guard words.count == 3, words[0] == "process", let process = UInt32(words[1]) else { return }
        let worker = WorkerProcess(host: String(words[2]), process: process)
        remote[host] = worker
        started[host] = (started[host] ?? []).suffix(Self.maxRemembered) + [worker]
        perform(.started(host: host), at: now)
    }

    /// Shows what a running worker writes. What ssh writes before the worker runs is kept in case it fails.
    private mutating func show(_ lines: [String], _ index: Int, at now: Int64) {
        let host = processes[index].host
        guard remote[host] != nil, processes[index].endedAt == nil else { return }
        for line in lines where windows[host, default: LineWindow()].admits(at: now) {
            news.lines.append(LogEntry.message(of: line, from: host))
        }
    }

    // MARK: - Effects

    private mutating func perform(_ event: HostFleet.Event, at now: Int64) {
        var events = [event]
        while !events.isEmpty {
            for effect in fleet.handle(events.removeFirst(), at: now) {
                switch effect {
                case .begin(let step, let host):
                    if let why = keys.objection(to: host.host) {
                        events.append(.barred(host: host.host, why))
                        continue
                    }
                    do throws(CommandFailure) { try begin(step, host) } catch {
                        events.append(.impossible(host: host.host, error.message))
                    }
                case .end(let host):
                    for index in processes.indices where processes[index].host == host {
                        processes[index].end(at: now)
                    }
                case .tell(let note): tell(note)
                }
            }
        }
    }

    private mutating func begin(_ step: HostFleet.Step, _ host: HostSettings) throws(CommandFailure) {
        let label = ClusterKeys.label(host.host)
        let id = plan.bundle.id
        var parts: [Feed.Part] = []
        let script: String
        switch step {
        case .probe: script = SshScript.probe(host, bundle: id, files: plan.files)
        case .bundle:
            script = SshScript.bundle(host, bundle: id, digest: plan.bundle.digest)
            parts = [.file(plan.bundle.path, size: plan.bundle.size)]
        case .data:
            let files = missingFiles(host.host)
            if let file = files.first(where: { $0.local == nil }) {
                throw .input(
                    "\(file.path) is missing there and on this machine: use ranksweep data fetch, or --data DIR"
                )
            }
            script = SshScript.data(host, bundle: id, files: files)
            for file in files { parts += tarParts(file, from: file.local ?? "") }
            parts.append(.bytes([UInt8](repeating: 0, count: 1024)))
        case .start:
            let (secret, publicKey) = try keys.files(of: host.host)
            parts = [.bytes(secret), .bytes(publicKey)]
            script = SshScript.start(
                host, bundle: id, label: "\(keys.name)-\(label)", secretBytes: secret.count,
                publicBytes: publicKey.count, connect: host.tunnel ? nil : plan.connect,
                arguments: workerArguments(host))
        }
        let process = try SshProcess.start(
            plan.ssh, sshArguments(host, step, SshScript.command(of: script)), host: host.host, step: step,
            feed: Feed([.bytes(Array(script.utf8))] + parts), awaitsPort: step == .start && host.tunnel)
        guard let process else { throw .fault("no file descriptors are left here (ulimit -n)") }
        processes.append(process)
    }

    private func workerArguments(_ host: HostSettings) -> [String] {
        // A worker that hears nothing for this long has lost its connection, and a new worker would end it
        // first.
        var arguments = plan.workerArguments + ["--coordinator-timeout", "120"]
        if let slots = host.slots { arguments += ["--slots", String(slots)] }
        if let kernel = host.kernel ?? plan.kernel { arguments += ["--blas-kernel", kernel] }
        return arguments
    }

    /// ssh's arguments. The user's options come first, since ssh takes the first value of each option.
    private func sshArguments(
        _ host: HostSettings, _ step: HostFleet.Step, _ command: String
    ) -> [String] {
        var arguments = host.ssh
        if let identity = host.identity {
            let isWhole = identity.hasPrefix("/") || identity.hasPrefix("~")
            arguments += ["-i", isWhole ? identity : "\(plan.fileFolder)/\(identity)"]
        }
        if let port = host.port { arguments += ["-p", String(port)] }
        if let user = host.user { arguments += ["-l", user] }
        var options = [
            "BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=15", "ServerAliveCountMax=4",
            // A connection of its own that ends with it, and nothing that the user's configuration adds.
            "ControlMaster=no", "ControlPath=none", "RemoteCommand=none", "PermitLocalCommand=no",
            // ssh reports the tunnel's port at this level.
            "LogLevel=INFO",
        ]
        let isTunnel = step == .start && host.tunnel
        options.append(isTunnel ? "ExitOnForwardFailure=yes" : "ClearAllForwardings=yes")
        arguments += ["-T", "-x", "-a"] + options.flatMap { ["-o", $0] }
        if isTunnel { arguments += ["-R", "127.0.0.1:0:\(plan.tunnelTarget)"] }
        return arguments + ["--", host.host, command]
    }

    private mutating func tell(_ note: HostFleet.Note) {
        switch note {
        case .sending(let host, let step):
            let what =
                step == .bundle
                ? "the worker (\(sizeText(UInt64(plan.bundle.size))))"
                : "files (\(sizeText(UInt64(dataSize(for: host)))))"
            news.lines.append("\(host): sending \(what)")
        case .failed(let host, let failure, let times, let wait):
            let again = times == 1 ? "" : " (\(times) times in a row)"
            news.lines.append(
                "\(host): \(failure.words)\(again); retrying in "
                    + durationText(seconds: Double(wait) / 1000))
        case .barred(let host, let why): news.lines.append("\(host): \(why)")
        case .added(let host): news.lines.append("\(host) is new in the cluster file")
        case .removed(let host):
            news.lines.append("\(host) is no longer in the cluster file: its worker ends")
        case .changed(let host): news.lines.append("\(host) has new settings: its worker restarts")
        }
    }

    // MARK: - The end

    package mutating func stop(ask: Bool) -> [String] {
        isFinishing = true
        let start = monotonicMilliseconds()
        // Workers that heard of the end leave by themselves.
        if ask { perform(.stop, at: start) }
        while !processes.isEmpty {
            let now = monotonicMilliseconds()
            if !ask, now - start > 2000 { perform(.stop, at: now) }
            tendProcesses(at: now)
            if !processes.isEmpty { usleep(10_000) }
        }
        guard !unheard.isEmpty else { return [] }
        return [
            "warning: \(unheard.sorted().joined(separator: ", ")): the link is down; the worker there ends by itself "
                + "within two minutes"
        ]
    }
}
