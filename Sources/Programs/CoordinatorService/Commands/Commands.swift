import Console

/// A command: its word, its options and help, and the function that performs it.
struct Command: Sendable {
    typealias Body = @Sendable (Arguments) throws(CommandFailure) -> ExitCode

    let word: String
    let spec: CommandSpec
    let run: Body

    init(
        _ word: String, _ summary: String, operands: [String] = [], options: [OptionSpec] = [],
        details: String = "", examples: [String] = [], run: @escaping Body
    ) {
        self.word = word
        spec = CommandSpec(
            "ranksweep \(word)", summary, operands: operands, options: options, details: details,
            examples: examples)
        self.run = run
    }
}

/// All commands, in the order that the help shows. Each is declared in a file of its own.
let commands = [
    planCommand,
    runCommand,
    resumeCommand,
    launchCommand,
    statusCommand,
    logsCommand,
    pauseCommand,
    unpauseCommand,
    drainCommand,
    cancelCommand,
    extendCommand,
    shardCommand,
    mergeCommand,
    checkCommand,
    figuresCommand,
    claimsCommand,
    compareCommand,
    measureCommand,
    dataCommand,
    keysCommand,
    initCommand,
    schemaCommand,
    completionsCommand,
    manCommand,
]

var overview: String {
    let width = helpWidth()
    let rows = commands.map { (head: $0.word, text: $0.spec.summary) }
    return """
        \(paragraphs("ranksweep - \(programSummary)", width: width))

        usage: ranksweep COMMAND …

        \(table(rows, width: width).joined(separator: "\n"))

        \(paragraphs(overviewDetails, width: width))

        example: ranksweep run demo
        """
}

let programSummary = "sweeps of small trainings over many hosts, and their figures"

let overviewDetails = """
    'ranksweep COMMAND --help' explains a command; 'ranksweep --version' prints the versions.

    \(exitCodes)
    """

let exitCodes = """
    exit codes: 0 done, 1 some trials failed or were quarantined, 2 wrong use or wrong input (nothing was
    started), 3 interrupted and resumable, 4 internal, or a fault of the system, such as a full disk
    """
