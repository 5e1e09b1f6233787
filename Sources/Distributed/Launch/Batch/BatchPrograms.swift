import Cluster
import Console
import Transport

/// A batch engine's programs, found on this machine.
struct BatchPrograms {
    private let engine: any BatchEngine
    private let submit: String
    private let list: String
    private let cancel: String

    /// The longest wait for an answer before a run begins.
    static let patienceMilliseconds: Int64 = 10_000

    enum Call: Equatable {
        case list
        case submit(Int)
        case cancel([String])
    }

    init(_ engine: any BatchEngine) throws(CommandFailure) {
        let kind = type(of: engine)
        func find(_ name: String) throws(CommandFailure) -> String {
            guard let path = findProgram(name) else {
                throw .input(
                    "the program \(name) is not installed: launch \(kind.name) jobs from a machine that has \(kind.name)"
                )
            }
            return path
        }
        self.engine = engine
        let names = kind.programs
        (submit, list, cancel) = (try find(names.submit), try find(names.list), try find(names.cancel))
    }

    func words(_ call: Call, _ job: BatchJob) -> (program: String, arguments: [String]) {
        switch call {
        case .list: (list, engine.listing(name: job.name))
        case .submit(let count): (submit, engine.submission(of: job, count: count))
        case .cancel(let ids): (cancel, engine.cancellation(of: ids))
        }
    }

    func start(_ program: String, _ arguments: [String], at now: Int64) -> BatchCommand? {
        BatchCommand.start(program, arguments, passing: type(of: engine).environment, at: now)
    }

    private func answer(_ program: String, _ arguments: [String]) -> BatchCommand.Answer? {
        var command = start(program, arguments, at: monotonicMilliseconds())
        return command?.wait(milliseconds: BatchPrograms.patienceMilliseconds)
    }

    /// Asks one of the engine's programs, and waits for its answer.
    func ask(_ name: String, _ arguments: [String]) -> BatchAnswer {
        guard let program = findProgram(name) else { return .noProgram }
        guard let answer = answer(program, arguments), answer.isSuccess else { return .failure }
        return .output(answer.output)
    }

    /// Asks whether the engine would accept such a job, without submitting one. A permanent refusal is an
    /// error; one that may pass (no node is up, the engine is busy) is a warning.
    func tryOut(
        _ plan: BatchPlan, script: String, _ cluster: String, _ log: RunLog
    ) throws(CommandFailure) {
        let settings = plan.settings
        let arguments = settings.engine.trial(script: script, slots: settings.slots)
        guard let answer = answer(submit, arguments), !answer.isSuccess else { return }
        let seconds = BatchPrograms.patienceMilliseconds / 1000
        guard answer.end != nil else { return warn("no answer for \(seconds) s", log) }
        let refusal = settings.engine.refusal(answer.errors)
        if refusal.isFinal, !refusal.dependsOnNodes || settings.engine.areNodesUp(asking: ask) {
            throw .input(
                "\(cluster): \(settings.key): \(settings.submitProgram) rejected the job: \(printable(refusal.text))"
            )
        }
        warn(answer.trouble, log)
    }

    private func warn(_ words: String, _ log: RunLog) {
        let kind = type(of: engine)
        log.add(
            "warning: \(kind.name): \(kind.programs.submit) would not accept a job now: \(words); continuing, since that may "
                + "pass")
    }
}
