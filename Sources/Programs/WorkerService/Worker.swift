import Console
import CPosix
import Files
import Glibc
import Scheduling
import Sweep
import Text
import Transport
import Wire

/// A worker: the loop around `WorkerSession` that polls, handles events and performs their effects.
struct Worker {
    private let options: WorkerOptions
    private let endpoint: Endpoint
    private var link: CoordinatorLink
    private let signals: SignalDescriptor
    private let outbox: Outbox
    private let checkpoints: CheckpointFolder
    /// Identifiers of finished trials that are not acknowledged; their checkpoints are deleted after that.
    private var finished: [UInt64: TrialID] = [:]
    private var session: WorkerSession
    private var slots: [SlotProcess?]
    private var kernel = ""
    private var ending: SessionEnd?
    private let log: RunLog
    private var nextMemoryLook: Int64 = 0
    /// Whether standard input is watched for its end.
    private var watchesInput: Bool

    static func run(_ options: WorkerOptions) -> ExitCode {
        guard diesWithParent(options.parent, signal: SIGTERM), let endpoint = options.endpoint else {
            return .interrupted
        }
        do throws(UsageError) {
            var worker = try Worker(options, endpoint)
            return worker.run()
        } catch {
            printError("error: \(error.message)")
            return .wrongUse
        }
    }

    private init(_ options: WorkerOptions, _ endpoint: Endpoint) throws(UsageError) {
        var options = options
        options.memoryShare = availableMemoryBytes().map { $0 / UInt64(options.slots) }
        self.options = options
        log = RunLog(options.log)
        self.endpoint = endpoint
        try Worker.checkDescriptors(options.slots)
        try Worker.checkMemoryLimit(options)
        signals = SignalDescriptor()
        watchesInput = options.stopsWithInput
        outbox = Outbox(roots: options.workRoots, process: getpid())
        outbox.removeOrphans()
        checkpoints = CheckpointFolder(roots: options.workRoots)
        checkpoints.removeStale(now: Int(unixMilliseconds() / 1000))
        link = try CoordinatorLink(endpoint, options.keys, as: freshIdentity())
        let until = try options.end?.instant()
        var settings = SessionSettings()
        settings.giveUpMilliseconds = Int64(options.patienceSeconds) * 1000
        session = WorkerSession(
            hello: WorkerMessage.Hello(
                program: programVersion, host: hostName(), process: UInt32(getpid()),
                slots: UInt32(options.slots), cpu: cpuName(), kernel: "", held: [],
                checkpointMilliseconds: UInt32(options.checkpointSeconds) * 1000, commit: programCommit),
            settings: settings, until: until, at: now())
        slots = Array(repeating: nil, count: options.slots)
    }

    private mutating func run() -> ExitCode {
        warnOfEnvironment()
        warnOfMemory()
        log.add("looking for a coordinator at \(endpoint.text), for up to \(patienceText)")
        for slot in slots.indices { startSlot(slot) }
        while ending == nil {
            let running = slots.indices.filter { slots[$0] != nil }
            let descriptors =
                [signals.descriptor] + running.compactMap { slots[$0]?.descriptor }
                + running.compactMap { slots[$0]?.errors } + (watchesInput ? [STDIN_FILENO] : [])
            var deadline = min(session.nextDeadline.milliseconds, link.deadline ?? .max)
            if options.memoryLimit != nil { deadline = min(deadline, nextMemoryLook) }
            let wait = min(60_000, max(0, deadline - monotonicMilliseconds()))
            let ready = waitForInput(link.socket, descriptors: descriptors, milliseconds: Int(wait))
            if ready.descriptors[0] { readSignals() }
            for (index, slot) in running.enumerated() {
                if ready.descriptors[1 + running.count + index] { readErrors(of: slot) }
                if ready.descriptors[1 + index] { readSlot(slot) }
            }
            if watchesInput, ready.descriptors[1 + 2 * running.count] { readInput() }
            watchMemory()
            tendLink()
            if ready.socket { readMessages() }
            if now() >= session.nextDeadline { handle(.tick) }
        }
        for slot in slots.indices { _ = slots[slot]?.end() }
        outbox.remove()
        return finish(ending ?? .stopped)
    }

    private mutating func tendLink() {
        let news = link.tend(at: monotonicMilliseconds())
        for line in news.lines { log.add(line, .warning) }
        if news.isConnected { handle(.connected) }
    }

    private func warnOfEnvironment() {
        guard options.kernel == .automatic, let pinned = environmentValue("OPENBLAS_CORETYPE") else { return }
        log.add(
            "warning: OPENBLAS_CORETYPE=\(pinned) is ignored: slots use the CPU's own kernel (--blas-kernel env respects it)"
        )
    }

    /// Checks the limit on descriptors: a slot has two, and starting one takes two more for a moment. ZeroMQ
    /// aborts a process that has none left.
    private static func checkDescriptors(_ slots: Int) throws(UsageError) {
        let (available, needed) = (allowManyConnections(), 2 * slots + 32)
        guard available < needed, let advice = ProcessLimit.openFiles.advice else { return }
        throw UsageError(
            "a worker of \(countText(slots, "slot")) needs at least \(needed) open files: \(advice)"
                + (slots > 1 ? "; or use fewer --slots" : ""))
    }

    /// Checks that /proc is readable: only /proc tells how much memory a slot uses.
    private static func checkMemoryLimit(_ options: WorkerOptions) throws(UsageError) {
        guard options.memoryLimit != nil, access("/proc/self/statm", R_OK) != 0 else { return }
        throw UsageError("--memory-limit needs /proc, which is missing: mount it, or omit the option")
    }

    /// Warns if slots may run out of memory. A slot that has just started uses some 60 MB, most of it
    /// BLAS buffers.
    private func warnOfMemory() {
        guard let share = options.memoryShare, share < 150 << 20 else { return }
        let available = sizeText(share * UInt64(options.slots))
        log.add(
            "warning: \(countText(options.slots, "slot")) share \(available) of memory; the system kills "
                + "slots when none is left: free some, or use fewer --slots")
    }

    private mutating func readErrors(of slot: Int) {
        // Under --quiet, too: a crash says here what it is.
        for line in slots[slot]?.readErrors() ?? [] { log.add(line, .warning) }
    }

    /// Ends slots that exceed the memory limit. A limit set by the system would not do: BLAS waits forever
    /// for memory that is refused.
    private mutating func watchMemory() {
        guard let limit = options.memoryLimit, monotonicMilliseconds() >= nextMemoryLook else { return }
        nextMemoryLook = monotonicMilliseconds() + 250
        for slot in slots.indices where (slots[slot]?.ownMemoryBytes ?? 0) > limit {
            end(slot, cause: "used more than \(sizeText(limit)) of memory, the limit (--memory-limit)")
        }
    }

    /// Ends a slot's process, whose trial then counts as failed.
    private mutating func end(_ slot: Int, cause: String) {
        _ = slots[slot]?.end()
        noteEnd(of: slot, cause: cause)
    }

    /// Advice for a crash: if the system refuses memory, the process ends with a signal that does not say so.
    private var memoryAdvice: String {
        let advice = [ProcessLimit.addressSpace, .data].compactMap(\.advice)
        return advice.isEmpty ? "" : "; memory may have run out: " + advice.joined(separator: "; ")
    }

    private mutating func noteEnd(of slot: Int, cause: String) {
        readErrors(of: slot)
        let (peak, log) = (slots[slot]?.peakMemoryBytes ?? 0, slots[slot]?.log.text ?? "")
        slots[slot]?.close()
        slots[slot] = nil
        handle(
            .slotDied(
                slot, cause: cause, unixMilliseconds: unixMilliseconds(), peakMemoryBytes: peak, log: log))
    }

    private var patienceText: String {
        let seconds = options.patienceSeconds
        return seconds % 60 == 0 ? countText(seconds / 60, "minute") : "\(seconds) s"
    }

    private mutating func startSlot(_ slot: Int) {
        slots[slot] = SlotProcess.start(options)
        if slots[slot] == nil {
            let why = startMessage(errno)
            handle(.slotDied(slot, cause: "cannot be started: \(why)", unixMilliseconds: unixMilliseconds()))
        }
    }

    /// Watches standard input for its end; what it carries is ignored.
    private mutating func readInput() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        guard readArrived(STDIN_FILENO, into: &bytes) == 0 else { return }
        watchesInput = false
        handle(.stop)
    }

    private mutating func readSignals() {
        while signals.next() != nil { handle(.stop) }
    }

    /// Reads a limited number of messages, so that slots and heartbeats get their turn.
    private mutating func readMessages() {
        for _ in 0..<100 {
            guard ending == nil, let bytes = link.socket.receive() else { return }
            do throws(WireError) {
                let message = try CoordinatorMessage(decoding: bytes)
                handle(.message(message))
                switch message {
                case .accepted(let trials), .revoke(_, let trials): deleteCheckpoints(of: trials)
                default: break
                }
            } catch .version(let theirs) {
                log.add(
                    "error: the coordinator speaks version \(theirs) of the protocol, this worker \(wireVersion): "
                        + "use the same version of ranksweep on both sides")
                ending = .refused(reason: "")
            } catch {
                log.add("warning: a message that cannot be read was dropped (\(error))")
            }
        }
    }

    /// Deletes the checkpoints of finished trials whose records the worker no longer holds. If such a record
    /// turns out to be false, the trial must not resume from the state of its attempt.
    private mutating func deleteCheckpoints(of trials: [UInt64]) {
        for trial in trials where !session.holdsRecord(of: trial) {
            if let id = finished.removeValue(forKey: trial) { checkpoints.delete(id) }
        }
    }

    private mutating func readSlot(_ slot: Int) {
        guard ending == nil, let reading = slots[slot]?.read() else { return }
        readErrors(of: slot)
        switch reading {
        case .replies(let replies):
            for reply in replies {
                if case .ready(let name, let commit) = reply {
                    // A worker that may not serve sends no hello, and so is given no trials that it
                    // would lose.
                    guard isRight(kernel: name), isOwn(commit: commit) else { return }
                    // A worker that is ending takes no new trial.
                    guard ending == nil else { return }
                    handle(.slotReady(slot, kernel: name))
                } else {
                    if case .done(let trial, let id, _, _, _, let seconds, _, _) = reply {
                        finished[trial] = id
                        if log.isVerbose {
                            let time = durationText(seconds: seconds)
                            log.add(
                                "debug: slot \(slot) ended trial \(trial) after \(time)", trial: Int(trial))
                        }
                    }
                    handle(
                        .slotReply(
                            slot, reply, unixMilliseconds: unixMilliseconds(),
                            log: slots[slot]?.log.text ?? ""))
                }
            }
        case .ended(let cause, let isCrash): noteEnd(of: slot, cause: cause + (isCrash ? memoryAdvice : ""))
        }
    }

    /// Refuses another kernel than the one asked for: it would change the records' last digits unnoticed.
    private mutating func isRight(kernel name: String) -> Bool {
        kernel = name
        let wanted =
            switch options.kernel {
            case .automatic: name
            case .environment: environmentValue("OPENBLAS_CORETYPE") ?? name
            case .named(let wanted): wanted
            }
        guard wanted.lowercased() != name.lowercased() else { return true }
        log.add("error: OpenBLAS has no kernel '\(wanted)' for this CPU; its own choice is \(name)")
        ending = .refused(reason: "")
        return false
    }

    /// Refuses a slot of another build: the program's file may have been replaced while this worker runs.
    private mutating func isOwn(commit: String) -> Bool {
        guard commit != programCommit else { return true }
        log.add(
            "error: this worker was built from commit \(programCommit), but its program's file is now from commit \(commit): "
                + "restart it")
        handle(.stop)
        return false
    }

    private mutating func handle(_ event: SessionEvent) {
        let effects = session.handle(event, at: now())
        if effects.contains(.exit(.stopped)) || effects.contains(.exit(.silent)) {
            leaveStates(milliseconds: 1500)
        }
        if effects.contains(.exit(.timeUp)) { leaveStates(milliseconds: 5000) }
        for effect in effects { perform(effect) }
    }

    /// Lets running trials save their state before the goodbye, after which others are given these trials.
    private func leaveStates(milliseconds: Int64) {
        guard options.checkpointSeconds > 0 else { return }
        let asked = session.runningSlots.compactMap { slots[$0] }
        for slot in asked { slot.askForState() }
        let deadline = monotonicMilliseconds() + milliseconds
        while asked.contains(where: { !$0.isOver }), monotonicMilliseconds() < deadline { usleep(5000) }
    }

    private mutating func perform(_ effect: SessionEffect) {
        switch effect {
        case .send(let message): link.socket.send(message.encoded)
        case .load(let sweep, let slot): slots[slot]?.send(.sweep(sweep))
        case .start(let trials, let slot):
            slots[slot]?.clearLog()
            slots[slot]?.send(.run(trials: trials))
            if log.isVerbose { log.add("debug: slot \(slot) starts \(trialList(trials))") }
        case .end(let slot, let cause): end(slot, cause: cause)
        case .restart(let slot):
            if var old = slots[slot] {
                _ = old.end()
                old.close()
            }
            startSlot(slot)
        case .sendChunk(let trial, let file, let offset, let count):
            if let bytes = outbox.read(trial: trial, Int(file), offset: offset, count: count) {
                let chunk = Chunk(trial: trial, file: file, offset: offset, bytes: bytes)
                link.socket.send(WorkerMessage.chunk(chunk).encoded)
            } else {
                let cause = "its weights cannot be read back from this worker's disk"
                handle(.filesLost(trial: trial, cause: cause, unixMilliseconds: unixMilliseconds()))
            }
        case .deleteFiles(let trial): outbox.delete(trial: trial)
        case .note(let note): say(note)
        case .exit(let end): ending = ending ?? end
        }
    }

    private func say(_ note: SessionNote) {
        switch note {
        case .joined:
            log.add(
                "connected to \(endpoint.text): \(countText(options.slots, "slot")), OpenBLAS kernel \(kernel)"
            )
        case .coordinatorSilent: log.add("\(endpoint.text) is silent; waiting for it")
        case .failed(let trial, let cause):
            log.add("trial \(trial) failed: \(cause)", trial: Int(exactly: trial))
        case .apart(let count, let cause):
            // The coordinator hears of this only if a trial also fails alone.
            log.add("warning: a slot with a batch of \(count) trials ended; each is retried alone: \(cause)")
        }
    }

    private func finish(_ end: SessionEnd) -> ExitCode {
        switch end {
        case .finished:
            log.add("the sweep is done")
            return .done
        case .refused(let reason):
            if !reason.isEmpty { log.add("error: the coordinator refused this worker: \(reason)") }
            return .wrongUse
        case .silent:
            if let trouble = link.trouble {
                log.add("error: giving up after \(patienceText): \(trouble)")
                return .wrongUse
            }
            log.add("error: no coordinator at \(endpoint.text) for \(patienceText); giving up")
            return .interrupted
        case .timeUp:
            log.add("its time is up; its unfinished trials go to other workers")
            return .done
        case .stopped:
            log.add("stopped; its unfinished trials go to other workers")
            return .interrupted
        case .slotsBroken(let cause):
            log.add("error: a slot cannot start: \(cause)")
            return .internal
        }
    }
}

/// An identity that is unique among all workers, past and future.
private func freshIdentity() -> WorkerID {
    var value: UInt64 = 0
    guard getrandom(&value, MemoryLayout<UInt64>.size, 0) == MemoryLayout<UInt64>.size else {
        // Without random numbers from the kernel, process and time distinguish the workers of a cluster
        // nearly as well.
        return WorkerID(UInt64(getpid()) << 44 ^ UInt64(bitPattern: unixMilliseconds()))
    }
    return WorkerID(value)
}

private func now() -> Instant { Instant(milliseconds: monotonicMilliseconds()) }
