/// A batch engine: its own settings, and how its programs are spoken to.
///
/// A conformer is a value that turns settings into command lines and a program's answers into values. It
/// starts nothing: `BatchJobs` runs the programs, and `BatchFleet` decides how many jobs there should be.
/// docs/extending.md shows how to add one.
package protocol BatchEngine: Sendable {
    /// The engine's name in messages: "Slurm".
    static var name: String { get }
    /// Its key in cluster files: "slurm".
    static var key: String { get }
    /// The settings below `key` that other engines don't have, in the order of the documentation.
    static var settings: [BatchSetting] { get }
    /// The programs that submit, list and cancel jobs.
    static var programs: (submit: String, list: String, cancel: String) { get }
    /// Variables that reach its programs, and so the jobs, beside PATH, HOME and the like. One that ends with
    /// `_` stands for all that begin so.
    static var environment: [String] { get }

    init()

    // MARK: - Settings

    /// Takes the value of one of `settings`, or one entry of a list.
    ///
    /// - Returns: what is wrong, as words that follow the quoted value; nil where it is right.
    mutating func set(_ key: String, to text: String) -> String?
    /// A job's time limit; nil where the file sets none.
    var timeSeconds: Int? { get }
    /// Resolves what only the engine's programs can tell, before a run begins.
    mutating func prepare(asking ask: BatchQuestion) throws(BatchProblem)

    // MARK: - Command lines

    /// The lines of a script from which the engine reads options.
    var directives: String { get }
    /// The script of each job. It should become `job.command` (exec), so that signals reach the worker, with
    /// `--until` and the job's end where that is known.
    func script(of job: BatchJob) -> String
    /// The submit program's arguments for this many jobs.
    func submission(of job: BatchJob, count: Int) -> [String]
    /// The submit program's arguments that ask whether such a job would be accepted, and submit none.
    func trial(script: String, slots: Int) -> [String]
    /// The list program's arguments for all jobs of this user with a name.
    func listing(name: String) -> [String]
    /// The cancel program's arguments.
    func cancellation(of ids: [String]) -> [String]
    /// The command with which a person cancels all jobs with a name.
    func cancelCommand(name: String) -> String

    // MARK: - Answers

    /// The identifiers of submitted jobs; nil where the submit program said something else.
    func submitted(_ output: String, count: Int) -> [String]?
    /// Listed jobs with the comments given at submission; nil where the list program said something else.
    func listed(_ output: String) -> [(listing: BatchListing, comment: String)]?
    /// Classifies the submit program's errors: whether they rule the job out for good.
    func refusal(_ errors: String) -> BatchRefusal
    /// Whether the cancel program's errors only say that a job has ended.
    func meansEnded(_ errors: String) -> Bool
    /// Whether no node that a job may use is down: then what no node can take is refused for good.
    func areNodesUp(asking ask: BatchQuestion) -> Bool
}

/// All engines that a cluster file may name.
package let batchEngines: [any BatchEngine.Type] = [Slurm.self]

/// One of an engine's own settings in cluster files.
package struct BatchSetting: Sendable {
    package var key: String
    /// The value is a list of texts, not one text.
    package var isList: Bool

    package init(_ key: String, isList: Bool = false) {
        self.key = key
        self.isList = isList
    }
}

/// Runs one of the engine's programs and waits for its answer.
package typealias BatchQuestion = (_ program: String, _ arguments: [String]) -> BatchAnswer

package enum BatchAnswer: Equatable, Sendable {
    /// There is no such program here.
    case noProgram
    /// It failed, or didn't answer in time.
    case failure
    case output(String)
}

/// Why a setting can't be used here.
package struct BatchProblem: Error, Equatable {
    /// One of the engine's settings.
    package var key: String
    package var message: String

    package init(_ key: String, _ message: String) {
        self.key = key
        self.message = message
    }
}

/// Properties that all jobs of a run share.
package struct BatchJob: Equatable, Sendable {
    /// The name by which the run's jobs are found.
    package var name: String
    /// The coordinator's address, by which its jobs are told from those of an earlier one.
    package var comment: String
    package var slots: Int
    /// The script's path, and the folder of the jobs' output: a file ID.log for each.
    package var script: String
    package var logs: String
    /// The worker's command line.
    package var command: [String]

    package init(
        name: String, comment: String, slots: Int, script: String, logs: String, command: [String]
    ) {
        self.name = name
        self.comment = comment
        self.slots = slots
        self.script = script
        self.logs = logs
        self.command = command
    }
}

/// A job as the engine lists it.
public struct BatchListing: Equatable, Sendable {
    /// State of a job.
    public enum Phase: Equatable, Sendable {
        /// Waits to start, possibly after it was requeued.
        case pending
        /// Pending, and won't start by itself.
        case held
        case running
        /// Is over, or being cleaned up.
        case over
    }

    /// The engine's identifier of the job.
    public var id: String
    /// State of the job.
    public var phase: Phase
    /// The engine's reason why the job waits; empty if it is an ordinary one.
    public var reason: String

    /// Creates a listing from its parts.
    public init(id: String, phase: Phase, reason: String = "") {
        self.id = id
        self.phase = phase
        self.reason = reason
    }
}

/// Refusal of a job by the submit program.
package struct BatchRefusal: Equatable, Sendable {
    /// The first line that says what is wrong.
    package let text: String
    /// Whether no such job will ever be accepted, whatever becomes free or comes up.
    package let isFinal: Bool
    /// Whether that holds only if every node is up: some engines count only those that are.
    package let dependsOnNodes: Bool

    package init(_ text: String, isFinal: Bool, dependsOnNodes: Bool = false) {
        self.text = text
        self.isFinal = isFinal
        self.dependsOnNodes = dependsOnNodes
    }
}
