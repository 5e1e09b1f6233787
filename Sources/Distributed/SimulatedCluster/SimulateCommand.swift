import Console
import Glibc
import Text

/// The command line of `ranksweep-simulate`.
public let simulateCommand = CommandSpec(
    "ranksweep-simulate", "runs simulated clusters, and looks for what a sweep must never do",
    options: [
        OptionSpec("--seed", "N", "one cluster; where it goes wrong, every event is printed"),
        OptionSpec("--seeds", "A..B", "clusters A to B (default: 0..999)"),
        OptionSpec("--minutes", "M", "begin no other cluster after so long"),
        OptionSpec(
            "--mutant", "NAME",
            "plant a bug, which the simulation must find: "
                + Mutant.allCases.map(\.rawValue).joined(separator: ", ")),
        OptionSpec(
            "--scale", "TRIALS,WORKERS",
            "no faults and no messages: time the dispatcher alone, with workers of 4 slots, and print its memory"
        ),
    ],
    details: """
        Each seed draws a cluster, its sweep and its faults, and always gives the same events, in
        virtual time. The first violation stops it, and is printed with its seed and all that the seed drew.

        exit codes: 0 no violation, 1 a violation, 2 wrong use
        """,
    examples: [
        "ranksweep-simulate --seeds 0..9999",
        "ranksweep-simulate --seed 1234",
        "ranksweep-simulate --mutant no-fence",
        "ranksweep-simulate --scale 1000000,1000",
    ])

/// Runs the command. Never returns.
public func runSimulateCommand(_ words: [String]) -> Never {
    beginProgram()
    do throws(UsageError) {
        let arguments = try Arguments(words, for: simulateCommand)
        if arguments.wantsHelp {
            printOut(simulateCommand.help)
            endProgram(.done)
        }
        if let text = arguments["--scale"] {
            printOut(try ScaleRun(parsing: text).run())
            endProgram(.done)
        }
        endProgram(try simulate(SimulateOptions(arguments)) ? .done : .incomplete)
    } catch {
        printError("error: \(error.message)\nTry 'ranksweep-simulate --help'.")
        endProgram(.wrongUse)
    }
}

struct SimulateOptions: Equatable {
    var seeds: ClosedRange<UInt64> = 0...999
    /// Whether a single seed was named, whose events are printed.
    var isLogged = false
    var milliseconds: Int64?
    var mutant: Mutant?

    init(_ arguments: Arguments) throws(UsageError) {
        if let seed = try arguments.integer("--seed", in: 0...Int.max) {
            guard !arguments.has("--seeds") else { throw UsageError("--seed and --seeds: one of the two") }
            seeds = UInt64(seed)...UInt64(seed)
            isLogged = true
        }
        if let text = arguments["--seeds"] {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[1].isEmpty, let first = UInt64(parts[0]),
                let last = UInt64(parts[2]),
                first <= last
            else { throw UsageError("--seeds must be two whole numbers like 0..999, not '\(text)'") }
            seeds = first...last
        }
        milliseconds = try arguments.integer("--minutes", in: 1...100_000).map { Int64($0) * 60_000 }
        guard let name = arguments["--mutant"] else { return }
        guard let mutant = Mutant(rawValue: name) else {
            let near = nearestSpelling(to: name, among: Mutant.allCases.map(\.rawValue))
            throw UsageError("no mutant '\(name)'" + (near.map { "; did you mean '\($0)'?" } ?? ""))
        }
        self.mutant = mutant
    }
}

/// Runs the clusters. Returns whether nothing went wrong.
private func simulate(_ options: SimulateOptions) -> Bool {
    let start = monotonicMilliseconds()
    var nextLineAt = start + 10_000
    var count = 0
    var events = 0
    for seed in options.seeds {
        let now = monotonicMilliseconds()
        if let limit = options.milliseconds, now >= start + limit { break }
        if now >= nextLineAt {
            nextLineAt = now + 10_000
            printError("\(count) clusters, \(events) events, \((now - start) / 1000) s: no violation")
        }
        var simulation = Simulation(seed: seed, mutant: options.mutant, isLogged: options.isLogged)
        let problem = simulation.run()
        count += 1
        events += simulation.events
        if options.isLogged, problem == nil { printOut("seed \(seed) drew\n\(simulation.options)") }
        guard let problem else { continue }
        let mutant = options.mutant.map { " --mutant \($0.rawValue)" } ?? ""
        printOut(
            """
            \(simulation.log.joined(separator: "\n"))
            VIOLATION at \(simulation.milliseconds) ms of seed \(seed): \(problem)
            \(simulation.options)
            after \(count) clusters; again: ranksweep-simulate --seed \(seed)\(mutant)
            """)
        return false
    }
    let seconds = Double(monotonicMilliseconds() - start) / 1000
    printOut("\(count) clusters, \(events) events, \(Int(seconds.rounded())) s: no violation")
    return true
}
