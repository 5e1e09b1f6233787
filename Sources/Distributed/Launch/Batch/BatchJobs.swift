import Cluster
import Console
import Files
import Glibc
import Text
import Transport

/// A run's workers that a batch engine starts: performs what `BatchFleet` decides. One call of the engine's
/// programs runs at a time; the loop never waits for it, except in `stop`.
package struct BatchJobs: WorkerSource {
    private typealias Task = BatchPrograms.Call

    private let plan: BatchPlan
    private let connect: String
    private let job: BatchJob
    private let folder: BatchFolder
    private let keys: CoordinatorKeyFolder?
    private let programs: BatchPrograms
    private var fleet: BatchFleet
    private var running: (task: Task, command: BatchCommand)?
    /// Tasks to perform before anything else. A failed cancellation is tried again after the next listing.
    private var tasks: [Task] = []
    private var nextList: Int64 = .min
    private var done = 0
    /// Milliseconds per trial and slot when workers were last connected. The end of the last one doesn't make
    /// the rest worth more jobs.
    private var perTrial: Double?
    private var lastTrouble = ""
    /// Whether the jobs' key is revoked; then no job is submitted.
    private var isRevoked = false
    /// Why no job is left and the engine will accept none.
    private var surrender: String?
    private let listMilliseconds: Int64

    static let listMilliseconds: Int64 = 5000

    /// - Parameters:
    ///   - connect: the coordinator's address, as the nodes see it.
    ///   - keys: the coordinator's keys.
    ///   - run: the run directory.
    init(
        _ plan: BatchPlan, connect: String, keys: CoordinatorKeyFolder?, run: String,
        listMilliseconds: Int64 = BatchJobs.listMilliseconds
    ) throws(CommandFailure) {
        programs = try BatchPrograms(plan.settings.engine)
        self.plan = plan
        self.connect = connect
        self.keys = keys
        self.listMilliseconds = listMilliseconds
        folder = BatchFolder(plan, run: absolutePath(run))
        job = folder.job(plan, connect: connect, hasKeys: keys != nil)
        var rules = BatchFleetSettings()
        rules.minimum = plan.settings.minJobs
        rules.maximum = plan.settings.maxJobs
        rules.slots = plan.settings.slots
        rules.quickMilliseconds = plan.quickMilliseconds
        fleet = BatchFleet(rules)
        try folder.prepare(plan, connect: connect, keys: keys)
    }

    private var engine: any BatchEngine { plan.settings.engine }
    private var name: String { plan.settings.name }

    package var readable: [Int32] { running?.command.readable ?? [] }
    package var nextDeadline: Int64? { running?.command.nextDeadline ?? nextList }

    package mutating func noteSuccess() { done += 1 }

    package mutating func poll(at now: Int64, _ demand: WorkerDemand) throws(CommandFailure) -> WorkerNews {
        var lines: [String] = []
        if demand.gap > 0 {
            tell(.stoodStill(milliseconds: demand.gap), now, &lines)
            running?.command.postpone(by: demand.gap)
        }
        if let rate = demand.rate, rate > 0, demand.slots > 0 {
            perTrial = 1000 * Double(demand.slots) / rate
        }
        try watchKey(&lines)
        let left = isRevoked ? 0 : Int(min(demand.trialsLeft.rounded(.up), 1e9))
        tell(
            .demand(BatchDemand(trialsLeft: left, millisecondsPerTrial: perTrial, trialsDone: done)), now,
            &lines)
        if demand.isEnding { tell(.end, now, &lines) }
        if let (task, answer) = pollCommand(now) { hear(answer, to: task, now, &lines) }
        startNext(now, &lines)
        // Other workers may still be working.
        if let surrender, demand.workers == 0, !demand.isEnding {
            throw CommandFailure(
                code: .interrupted,
                message: (lines + [
                    "\(name): \(plan.settings.submitProgram) rejected the job for good: \(surrender)"
                ])
                .joined(separator: "\n")
                    + "\nevery record is kept; fix \(plan.settings.key) in the cluster file, then launch again with the "
                    + "run directory in place of the sweep")
        }
        return WorkerNews(lines: lines)
    }

    /// Reacts to a revoked key, since jobs with it would be refused one after the other.
    private mutating func watchKey(_ lines: inout [String]) throws(CommandFailure) {
        guard let keys, keys.isRevoked(folder.name) != isRevoked else { return }
        isRevoked.toggle()
        if isRevoked {
            if !fleet.ids.isEmpty { tasks.append(.cancel(fleet.ids)) }
            folder.removeKeys()
            lines.append(
                "\(name): the key of this run's jobs is revoked: they are cancelled, and no more are submitted; to undo "
                    + "that: \(quotedCommand("ranksweep keys unrevoke \(shellPath(keys.path)) \(folder.name)"))"
            )
        } else {
            try folder.prepare(plan, connect: connect, keys: keys)
            lines.append("\(name): this run's jobs are allowed a key again, and get a new one")
        }
    }

    private mutating func pollCommand(_ now: Int64) -> (Task, BatchCommand.Answer)? {
        guard let task = running?.task, let answer = running?.command.poll(at: now) else { return nil }
        running = nil
        return (task, answer)
    }

    private mutating func startNext(_ now: Int64, _ lines: inout [String]) {
        guard running == nil else { return }
        if !tasks.isEmpty {
            start(tasks.removeFirst(), now, &lines)
        } else if now >= nextList {
            nextList = now + listMilliseconds
            start(.list, now, &lines)
        }
    }

    private mutating func start(_ task: Task, _ now: Int64, _ lines: inout [String]) {
        let (program, arguments) = programs.words(task, job)
        if let command = programs.start(program, arguments, at: now) {
            running = (task, command)
        } else {
            let why = "\(program) cannot be started: \(startMessage(errno))"
            hear(BatchCommand.Answer(end: .exited(1), output: "", errors: why), to: task, now, &lines)
        }
    }

    // MARK: - Answers

    private mutating func hear(
        _ answer: BatchCommand.Answer, to task: Task, _ now: Int64, _ lines: inout [String]
    ) {
        switch task {
        case .list:
            nextList = now + listMilliseconds
            guard answer.isSuccess, let list = engine.listed(answer.output) else {
                return note(
                    "\(type(of: engine).programs.list) failed: \(answer.isSuccess ? "its answer cannot be read" : answer.trouble)",
                    &lines)
            }
            lastTrouble = ""
            // Jobs of a coordinator that listened elsewhere would never find this one.
            let strangers = list.filter { $0.comment != connect && $0.listing.phase != .over }
            if !strangers.isEmpty { tasks.append(.cancel(strangers.map(\.listing.id))) }
            tell(.listed(list.filter { $0.comment == connect }.map(\.listing)), now, &lines)
        case .submit(let count):
            guard answer.isSuccess, let ids = engine.submitted(answer.output, count: count) else {
                let refusal = engine.refusal(answer.errors)
                let isFinal = answer.end != nil && !answer.isSuccess && refusal.isFinal
                tell(
                    .submissionFailed(
                        why: isFinal ? printable(refusal.text) : answer.trouble, isFinal: isFinal), now,
                    &lines)
                break
            }
            tell(.submitted(ids), now, &lines)
        case .cancel(let ids):
            // A job that has ended by now is no problem.
            guard !answer.isSuccess, !engine.meansEnded(answer.errors) else { return }
            note("\(type(of: engine).programs.cancel) failed: \(answer.trouble)", &lines)
            tasks.append(.cancel(ids))
        }
        // The next decision needs a listing that includes this submission.
        if case .submit = task { nextList = now + listMilliseconds }
    }

    /// Reports a problem once, until another one occurs.
    private mutating func note(_ trouble: String, _ lines: inout [String]) {
        guard trouble != lastTrouble else { return }
        lastTrouble = trouble
        lines.append("warning: \(name): \(trouble); trying again")
    }

    private mutating func tell(_ event: BatchEvent, _ now: Int64, _ lines: inout [String]) {
        for effect in fleet.handle(event, at: now) {
            switch effect {
            case .submit(let count): tasks.append(.submit(count))
            case .cancel(let ids): tasks.append(.cancel(ids))
            case .giveUp(let why): surrender = why
            case .note(let note): lines += batchMessages(note, type(of: engine), folder)
            }
        }
    }

    // MARK: - The end

    /// Cancels all jobs of the run, not only those that this coordinator submitted.
    @discardableResult
    package mutating func stop(ask: Bool) -> [String] {
        if case .submit? = running?.task {
            // Its jobs are found by their name.
            _ = running?.command.wait(milliseconds: 10_000)
        } else {
            _ = running?.command.poll(at: .max)
        }
        running = nil
        let deadline = monotonicMilliseconds() + 15_000
        var asked: Set<String> = []
        // A finished job may have a process for a moment; a job on a dead node stays in the list for long.
        let patience = deadline - 10_000
        repeat {
            guard let listing = answer(to: .list), listing.isSuccess,
                let list = engine.listed(listing.output)
            else {
                usleep(300_000)
                continue
            }
            let left = list.filter { $0.listing.phase != .over }.map(\.listing.id)
            if list.isEmpty || left.isEmpty && monotonicMilliseconds() >= patience {
                removeKeys()
                return []
            }
            let new = left.filter { !asked.contains($0) }
            if !new.isEmpty, answer(to: .cancel(new))?.isSuccess ?? false { asked.formUnion(new) }
            usleep(300_000)
        } while monotonicMilliseconds() < deadline
        return [
            "warning: \(name) has not confirmed the end of the run's jobs: when it answers again, "
                + engine.cancelCommand(name: folder.name)
        ]
    }

    private func removeKeys() {
        guard let keys else { return }
        folder.removeKeys()
        _ = try? keyed { () throws(KeyError) in try keys.retire(folder.name) }
    }

    private func answer(to task: Task) -> BatchCommand.Answer? {
        let (program, arguments) = programs.words(task, job)
        var command = programs.start(program, arguments, at: monotonicMilliseconds())
        return command?.wait(milliseconds: 5000)
    }
}
