import Console
import Files
import Glibc
import Journal
import Launch
import Records
import Scheduling
import Sweep
import Text
import Transport
import Wire

/// The coordinator's socket with the rules that decide which workers may join: the keys of a folder, reread
/// regularly, or keys of this run alone. Also counts the refusals.
struct WorkerAdmission {
    let socket: CoordinatorSocket
    /// The keys for workers started here; nil where no keys are needed.
    let local: WorkerKeys?
    private let folder: CoordinatorKeyFolder?
    private var list: AllowList
    private var nextLook: Int64 = 0
    private var problems: [KeyError] = []
    /// Refusals by earlier coordinators.
    private var earlier = RefusalCounts()
    private var saved = RefusalCounts()
    private var reportedKeys = 0
    private var reported: Set<String> = []
    private var strangers = StrangerWatch()

    static let refusalsSetting = "refusals"
    /// The time within which a revoked worker is cut off and an added one admitted.
    static let lookMilliseconds: Int64 = 1000

    /// - Parameter spec: the sweep, which limits the size of a worker's messages.
    init(_ options: RunOptions, for spec: SweepSpec, _ log: RunLog) throws(CommandFailure) {
        let limits = QueueLimits(
            frame: WireLimit.workerFrame(record: spec.maxRecordBytes),
            answer: spec.canonicalJSON.canonicalBytes.count + 4096)
        try checkLimits(options, log)
        // Checks restored options too: a name may resolve to another address by now.
        let endpoint = try orFail(CommandFailure.init(_:)) { () throws(UsageError) in
            try (options.listen ?? Endpoint(loopbackPort: nil)).checked(options)
        }
        folder = try options.keys.map { path throws(CommandFailure) in
            try keyed { () throws(KeyError) in try CoordinatorKeyFolder(reading: path) }
        }
        list =
            try folder.map { folder throws(CommandFailure) in
                try keyed { () throws(KeyError) in try folder.allowList().list }
            } ?? AllowList()
        guard folder != nil || options.listen == nil else {
            local = nil
            socket = try orFail(CommandFailure.init(_:)) { () throws(TransportError) in
                try WorkerAdmission.listen(
                    at: endpoint, or: options.lastPort, keys: nil, limits: limits,
                    log)
            }
            return
        }
        // Workers started here have their own keys, which no file holds. Without --listen they are the only
        // workers, and other users of this machine can't join.
        let (list, folder) = (list, folder)
        (local, socket) = try orFail(CommandFailure.init(_:)) { () throws(TransportError) in
            let pair: KeyPair
            if let folder { pair = folder.pair } else { pair = try KeyPair.fresh() }
            let own = try KeyPair.fresh()
            return (
                WorkerKeys(pair: own, coordinator: pair.publicKey),
                try WorkerAdmission.listen(
                    at: endpoint, or: options.lastPort,
                    keys: CoordinatorKeys(pair: pair, list: list, own: own.publicKey), limits: limits,
                    log)
            )
        }
    }

    /// Listens at the run's previous port where any port is allowed, since its workers look for it there.
    private static func listen(
        at endpoint: Endpoint, or last: UInt16?, keys: CoordinatorKeys?, limits: QueueLimits, _ log: RunLog
    ) throws(TransportError) -> CoordinatorSocket {
        guard endpoint.port == nil, let last else {
            return try CoordinatorSocket(listeningAt: endpoint, keys: keys, limits: limits)
        }
        if let socket = try? CoordinatorSocket(
            listeningAt: endpoint.at(port: last), keys: keys, limits: limits)
        {
            return socket
        }
        let socket = try CoordinatorSocket(listeningAt: endpoint, keys: keys, limits: limits)
        log.add(
            "warning: another program now uses port \(last), where this run's workers look for it: listening at "
                + socket.endpoint)
        return socket
    }

    mutating func restore(_ json: String?) {
        earlier = RefusalCounts(json: json)
        saved = earlier
    }

    /// Rereads the list and saves the counts, once a second.
    ///
    /// - Returns: lines to print, and workers that are no longer admitted.
    mutating func watch(at now: Int64, _ journal: RunJournal) -> (lines: [String], barred: [WorkerID]) {
        strangers.look(socket.refusals.strangers, at: Instant(milliseconds: now))
        var barred = socket.takeBarred()
        guard now >= nextLook else { return ([], barred) }
        nextLook = now + WorkerAdmission.lookMilliseconds
        socket.endEndlessMessages()
        var lines: [String] = []
        barred += readList(&lines)
        save(journal)
        tellRefusals(&lines)
        return (lines, barred)
    }

    private mutating func readList(_ lines: inout [String]) -> [WorkerID] {
        guard let folder else { return [] }
        var (read, found): (AllowList, [KeyError]) = (list, [])
        // A list that can't be read changes nothing: a failing disk is no reason to cut off every worker.
        do throws(KeyError) { (read, found) = try folder.allowList() } catch { found = [error] }
        for problem in found where !problems.contains(problem) { lines.append("warning: \(problem.message)") }
        problems = found
        guard read != list else { return [] }
        let (before, after) = (Set(list.workers.values), Set(read.workers.values))
        let changes =
            after.subtracting(before).sorted().map { "\($0) may join" }
            + before.subtracting(after).sorted().map { "\($0) may no longer join" }
        lines.append("keys: " + (changes.isEmpty ? "changed" : changes.joined(separator: ", ")))
        list = read
        return socket.replace(read)
    }

    /// Refusals since this coordinator began.
    private var newRefusals: RefusalCounts {
        var counts = socket.refusals
        counts.strangers = max(0, counts.strangers - strangers.excused)
        return counts
    }

    /// Refusals by all coordinators of the run.
    var refusals: RefusalCounts { earlier + newRefusals }

    /// Saves the counts. A journal that can't be written is reported elsewhere.
    mutating func save(_ journal: RunJournal) {
        let counts = refusals
        guard counts != saved else { return }
        guard (try? journal.setSetting(WorkerAdmission.refusalsSetting, counts.json.canonicalText)) != nil
        else {
            return
        }
        saved = counts
    }

    /// Reports each kind of refusal once; `status` has the counts.
    private mutating func tellRefusals(_ lines: inout [String]) {
        for refused in socket.refusedKeys.dropFirst(reportedKeys) {
            let why = list.revoked.contains(refused.key) ? "which was revoked" : "which is not on the list"
            lines.append(
                "warning: refused a connection from \(refused.address) with key \(refused.key.text), \(why)")
        }
        reportedKeys = socket.refusedKeys.count
        let counts = newRefusals
        if counts.strangers > 0, reported.insert("strangers").inserted {
            lines.append(
                "warning: connections to this port failed the key check or broke off while joining; 'status' counts "
                    + "them")
        }
        if counts.malformedMessages > 0, reported.insert("malformed").inserted {
            lines.append(
                "warning: a malformed message was dropped; 'status' counts any more of them")
        }
    }
}

/// Separates connections by strangers from those that broke off because of this process: while it was stopped
/// it answered nothing, so workers gave up in the middle of joining.
struct StrangerWatch: Equatable {
    private var time = LoopTime()
    private var due: Instant?
    private var excusedUntil: Instant?
    private var seen = 0
    /// Number of the counted connections that are excused.
    private(set) var excused = 0

    /// The longest time between two looks by a run's loop.
    static let lookMilliseconds: Int64 = 1000
    /// How long after a gap broken connections are still excused: messages waited in queues, and workers try
    /// again.
    static let graceMilliseconds: Int64 = 10_000

    /// - Parameter count: the number of such connections so far.
    mutating func look(_ count: Int, at now: Instant) {
        if time.read(now, due: due).gap > 0 { excusedUntil = now + StrangerWatch.graceMilliseconds }
        due = time.time(at: now) + StrangerWatch.lookMilliseconds
        if let excusedUntil, now <= excusedUntil { excused += max(0, count - seen) }
        seen = count
    }
}

extension RefusalCounts {
    private static var fields: [(name: String, path: WritableKeyPath<RefusalCounts, Int>)] {
        [
            ("unknown_key_connections", \.unknownKeys), ("revoked_key_connections", \.revokedKeys),
            ("stranger_connections", \.strangers), ("revoked_key_messages", \.revokedMessages),
            ("malformed_messages", \.malformedMessages),
        ]
    }

    var json: JSONValue {
        .object(
            Dictionary(uniqueKeysWithValues: Self.fields.map { ($0.name, JSONValue(self[keyPath: $0.path])) })
        )
    }

    /// Restores what a journal kept; a missing count is zero.
    init(json text: String?) {
        self.init()
        guard let text, let json = try? JSONValue(parsing: text.utf8) else { return }
        for (name, path) in Self.fields {
            if let count = json[name]?.number.flatMap({ Int(exactly: $0) }) {
                self[keyPath: path] = max(0, count)
            }
        }
    }

    /// "3 connections with an unknown key, 12 malformed messages"; nil where there is nothing to report.
    var words: String? {
        var parts: [String] = []
        if unknownKeys > 0 { parts.append("\(countText(unknownKeys, "connection")) with an unknown key") }
        if revokedKeys > 0 { parts.append("\(countText(revokedKeys, "connection")) with a revoked key") }
        if strangers > 0 { parts.append("\(countText(strangers, "connection")) not from a worker") }
        if revokedMessages > 0 { parts.append("\(countText(revokedMessages, "message")) with a revoked key") }
        if malformedMessages > 0 { parts.append(countText(malformedMessages, "malformed message")) }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}

/// Checks limits under which a run would wait without end, or end without a message.
private func checkLimits(_ options: RunOptions, _ log: RunLog) throws(CommandFailure) {
    try checkMemoryLimits(startsWorkers: options.workers > 0)
    if let seconds = ProcessLimit.processorTime.hardValue, seconds < 60,
        let advice = ProcessLimit.processorTime.advice
    {
        log.add(
            "warning: at \(seconds) s of processor time the system kills this program, or a trial's, without a message: "
                + advice)
    }
    try checkDescriptors(options)
}

/// Checks memory limits. A program that can't allocate memory for its libraries or threads ends before it can
/// say so.
///
/// - Parameter startsWorkers: whether workers are started on this machine.
func checkMemoryLimits(startsWorkers: Bool) throws(CommandFailure) {
    let needed: UInt64 = startsWorkers ? 168 << 20 : 64 << 20
    for limit in [ProcessLimit.addressSpace, .data] {
        guard let value = limit.value, value < needed, let advice = limit.advice else { continue }
        throw .input(
            "\(startsWorkers ? "a run with workers here" : "a coordinator") needs at least \(sizeText(needed)) of memory: "
                + advice)
    }
}

/// Checks the limit on open files. With too few descriptors, a run would wait for workers that it can't start
/// or hear.
private func checkDescriptors(_ options: RunOptions) throws(CommandFailure) {
    let (available, needed) = (allowManyConnections(), 48 + 3 * options.workers)
    guard available < needed, let advice = ProcessLimit.openFiles.advice else { return }
    throw .input(
        "a run of \(countText(options.workers, "worker")) here needs at least \(needed) open files: \(advice)"
    )
}
