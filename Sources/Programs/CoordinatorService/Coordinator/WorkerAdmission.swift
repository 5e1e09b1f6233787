import Console
import Files
import Glibc
import Journal
import Scheduling
import Sweep
import Text
import Transport
import Wire

/// The coordinator's socket with what decides who gets in: the keys of a folder, read again and again, or
/// those of this run alone; and the book of who was turned away.
struct WorkerAdmission {
    let socket: CoordinatorSocket
    /// What workers started here need; nil where nobody needs any.
    let local: WorkerKeys?
    private let folder: CoordinatorKeyFolder?
    private var list: AllowList
    private var nextLook: Int64 = 0
    private var problems: [KeyError] = []
    /// By coordinators before this one.
    private var earlier = RefusalCounts()
    private var saved = RefusalCounts()
    private var toldKeys = 0
    private var told: Set<String> = []
    private var strangers = StrangerWatch()

    static let refusalsSetting = "refusals"
    /// A worker that was revoked is heard no longer than this, one that was added waits no longer.
    static let lookMilliseconds: Int64 = 1000

    /// - Parameter spec: what is run bounds what a worker may send.
    init(_ options: RunOptions, for spec: SweepSpec) throws(CommandFailure) {
        let limits = QueueLimits(
            frame: WireLimit.workerFrame(record: spec.maxRecordBytes),
            answer: spec.canonicalJSON.canonicalBytes.count + 4096)
        try checkLimits(options)
        // Also of options that the run had before: what a name stands for may be another address by now.
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
                try WorkerAdmission.listen(at: endpoint, or: options.lastPort, keys: nil, limits: limits)
            }
            return
        }
        // Workers started here have keys of their own, which no file holds. Without --listen they are the
        // only ones: nor do other users of this machine get in.
        let (list, folder) = (list, folder)
        (local, socket) = try orFail(CommandFailure.init(_:)) { () throws(TransportError) in
            let pair: KeyPair
            if let folder { pair = folder.pair } else { pair = try KeyPair.fresh() }
            let own = try KeyPair.fresh()
            return (
                WorkerKeys(pair: own, coordinator: pair.publicKey),
                try WorkerAdmission.listen(
                    at: endpoint, or: options.lastPort,
                    keys: CoordinatorKeys(pair: pair, list: list, own: own.publicKey), limits: limits)
            )
        }
    }

    /// At any port, the one that the run had before goes first: its workers look for it there.
    private static func listen(
        at endpoint: Endpoint, or last: UInt16?, keys: CoordinatorKeys?, limits: QueueLimits
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
        printError(
            "warning: port \(last), at which workers of this run look for it, is another program's now: listening at "
                + socket.endpoint)
        return socket
    }

    mutating func restore(_ json: String?) {
        earlier = RefusalCounts(json: json)
        saved = earlier
    }

    /// Looks after the list and the book, once a second.
    ///
    /// - Returns: lines to tell, and workers that are not welcome any more.
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
        // What cannot be read at all changes nothing: a failing disk is no reason to send everybody away.
        do throws(KeyError) { (read, found) = try folder.allowList() } catch { found = [error] }
        for problem in found where !problems.contains(problem) { lines.append("warning: \(problem.message)") }
        problems = found
        guard read != list else { return [] }
        let (before, after) = (Set(list.workers.values), Set(read.workers.values))
        let changes =
            after.subtracting(before).sorted().map { "\($0) may join" }
            + before.subtracting(after).sorted().map { "\($0) may not any more" }
        lines.append("keys: " + (changes.isEmpty ? "changed" : changes.joined(separator: ", ")))
        list = read
        return socket.replace(read)
    }

    /// Since this coordinator began.
    private var newRefusals: RefusalCounts {
        var counts = socket.refusals
        counts.strangers = max(0, counts.strangers - strangers.excused)
        return counts
    }

    private var refusals: RefusalCounts { earlier + newRefusals }

    /// Keeps the book; a journal that cannot be written says so elsewhere.
    mutating func save(_ journal: RunJournal) {
        let counts = refusals
        guard counts != saved else { return }
        guard (try? journal.setSetting(WorkerAdmission.refusalsSetting, counts.json.canonicalText)) != nil
        else {
            return
        }
        saved = counts
    }

    /// Each kind of refusal is told once; `status` has the counts.
    private mutating func tellRefusals(_ lines: inout [String]) {
        for refused in socket.refusedKeys.dropFirst(toldKeys) {
            let why = list.revoked.contains(refused.key) ? "which was revoked" : "which is not on the list"
            lines.append(
                "warning: refused a connection from \(refused.address) with key \(refused.key.text), \(why)")
        }
        toldKeys = socket.refusedKeys.count
        let counts = newRefusals
        if counts.strangers > 0, told.insert("strangers").inserted {
            lines.append(
                "warning: something connects to this port that is no worker with the right keys, or broke off "
                    + "while it joined; it is counted in status, not shown")
        }
        if counts.malformedMessages > 0, told.insert("malformed").inserted {
            lines.append(
                "warning: a message that no worker of ours sends was dropped; more are counted in status")
        }
    }
}

/// Tells connections of no worker from those that this process itself broke off: while it was stopped it answered
/// nobody, so that workers gave up in the middle of joining.
struct StrangerWatch: Equatable {
    private var time = LoopTime()
    private var due: Instant?
    private var excusedUntil: Instant?
    private var seen = 0
    /// Of all that were counted.
    private(set) var excused = 0

    /// The loop of a run looks at least so often.
    static let lookMilliseconds: Int64 = 1000
    /// After a gap so much is still its own: what waited in queues, and workers' next tries.
    static let graceMilliseconds: Int64 = 10_000

    /// - Parameter count: of such connections, so far.
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

    /// From what a journal kept; what it lacks is zero.
    init(json text: String?) {
        self.init()
        guard let text, let json = try? JSONValue(parsing: text.utf8) else { return }
        for (name, path) in Self.fields {
            if let count = json[name]?.number.flatMap({ Int(exactly: $0) }) {
                self[keyPath: path] = max(0, count)
            }
        }
    }

    /// "3 connections with an unknown key, 12 malformed messages"; nil where there is nothing to tell.
    var words: String? {
        var parts: [String] = []
        if unknownKeys > 0 { parts.append("\(countText(unknownKeys, "connection")) with an unknown key") }
        if revokedKeys > 0 { parts.append("\(countText(revokedKeys, "connection")) with a revoked key") }
        if strangers > 0 { parts.append("\(countText(strangers, "connection")) of no worker") }
        if revokedMessages > 0 { parts.append("\(countText(revokedMessages, "message")) with a revoked key") }
        if malformedMessages > 0 { parts.append(countText(malformedMessages, "malformed message")) }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}

/// Under some limits a run would wait for ever, or end without a word.
private func checkLimits(_ options: RunOptions) throws(CommandFailure) {
    try checkMemoryLimits(startsWorkers: options.workers > 0)
    if let seconds = ProcessLimit.processorTime.hardValue, seconds < 60,
        let advice = ProcessLimit.processorTime.advice
    {
        printError(
            "warning: at \(seconds) s of processor time the system kills this program, or a trial's, without a word: "
                + advice)
    }
    try checkDescriptors(options)
}

/// A program that finds no memory for its libraries or threads ends before it can say so.
///
/// - Parameter startsWorkers: whether programs that calculate are started here.
func checkMemoryLimits(startsWorkers: Bool) throws(CommandFailure) {
    let needed: UInt64 = startsWorkers ? 168 << 20 : 64 << 20
    for limit in [ProcessLimit.addressSpace, .data] {
        guard let value = limit.value, value < needed, let advice = limit.advice else { continue }
        throw .input(
            "\(startsWorkers ? "a run with workers here" : "a coordinator") needs \(sizeText(needed)) of memory at least: "
                + advice)
    }
}

/// Fewer descriptors than a run needs would leave it waiting for workers that it cannot start or hear.
private func checkDescriptors(_ options: RunOptions) throws(CommandFailure) {
    let (available, needed) = (allowManyConnections(), 48 + 3 * options.workers)
    guard available < needed, let advice = ProcessLimit.openFiles.advice else { return }
    throw .input(
        "a run of \(countText(options.workers, "worker")) here needs \(needed) open files at least: \(advice)"
    )
}

/// Performs what is done with key files.
func keyed<Result>(_ body: () throws(KeyError) -> Result) throws(CommandFailure) -> Result {
    try orFail({ (error: KeyError) in .input(error.message) }, body)
}
