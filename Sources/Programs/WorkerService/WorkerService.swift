// WorkerService: the command `ranksweep-worker`. A worker is one poll loop between its coordinator and its
// slots. A slot is a child process of the same program that trains and measures, with one BLAS thread.
// Imports Experiments and LinearAlgebra (slots only), Transport, Scheduling, Wire, Records, Sweep, Files,
// Text, Console, Glibc and CPosix. Leaves out the session's decisions: those are Scheduling's.

import Console
import Experiments
import Glibc
import LinearAlgebra
import Sweep
import Text
import Transport
import Wire

/// Runs the command. Never returns.
///
/// - Parameter body: replaces training by a function that returns a trial's record, so that everything else
///   can be timed. The shipped worker passes none.
public func runWorkerCommand(
    _ words: [String], insteadOfTraining body: ((TrialSettings) -> JSONValue)? = nil
) -> Never {
    beginProgram()
    if words.first == completionWord {
        printOut(workerCommand.completion(of: Array(words.dropFirst())).text)
        endProgram(.done)
    }
    do throws(UsageError) {
        let arguments = try Arguments(words, for: workerCommand)
        if arguments.wantsHelp {
            printOut(workerCommand.help)
            endProgram(.done)
        }
        if arguments.has("--version") {
            restartWithFasterKernel(than: BLAS.kernelName)
            printOut(workerVersion)
            endProgram(.done)
        }
        if arguments.has("--man") {
            printOut(workerCommand.manPage(version: "ranksweep \(programVersion)", related: ["ranksweep"]))
            endProgram(.done)
        }
        let options = try WorkerOptions(arguments)
        if options.isSlot || options.measureRequest != nil { restartWithFasterKernel(than: BLAS.kernelName) }
        if let text = options.measureRequest { endProgram(runMeasure(text, options)) }
        endProgram(options.isSlot ? runSlot(options, body) : Worker.run(options))
    } catch {
        printError("error: \(error.message)\nTry 'ranksweep-worker --help'.")
        endProgram(.wrongUse)
    }
}

private var workerVersion: String {
    """
    ranksweep-worker \(programVersion), commit \(programCommit)
    OpenBLAS kernel \(BLAS.kernelName), ZeroMQ \(transportVersion)
    """
}

let workerCommand = CommandSpec(
    "ranksweep-worker", "trains and measures the trials that a coordinator gives it",
    options: [
        OptionSpec(
            "--connect", "tcp://HOST:PORT", "where the coordinator listens ('ranksweep run' prints it)"),
        OptionSpec(
            "--keys", "DIR",
            "this worker's keys, made by 'ranksweep keys add' on the coordinator's machine"),
        OptionSpec(
            "--slots", "N",
            "trials at a time, each in a process with one thread (default: one per core that it may use)"),
        OptionSpec(
            "--data", "DIR",
            "the folder with mnist/ and fashion-mnist/ (default: $RANKSWEEP_DATA, else ~/.cache/ranksweep)"),
        OptionSpec(
            "--blas-kernel", "NAME",
            "auto: the CPU's own (default); env: the value of OPENBLAS_CORETYPE; or one of OpenBLAS's names, such "
                + "as Haswell"),
        OptionSpec(
            "--checkpoint-every", "SECONDS",
            "save a trial's state in DIR/checkpoints at this interval, to continue from it when the trial is retried "
                + "(default: 60; 0: never)"),
        OptionSpec(
            "--until", "UNIXTIME",
            "when the worker must be gone, in seconds since 1970; slurm: the end of its Slurm job. It takes no trial "
                + "that can't end (or save its state) by then, and leaves before it"),
        OptionSpec(
            "--shutdown-margin", "SECONDS",
            "with --until: how long before it the worker leaves (default: 30)"),
        OptionSpec(
            "--memory-limit", "SIZE",
            "end a trial that uses more memory of its own, as failed, such as 2GiB (default: none)"),
        OptionSpec(
            "--coordinator-timeout", "SECONDS",
            "how long to wait for a coordinator that is absent or silent (default: 900)"),
        OptionSpec(flag: "--version", "print the versions of the program and its libraries"),
        OptionSpec(
            flag: "--exit-on-stdin-eof",
            "stop when standard input ends: a worker started by ssh ends with its connection"),
    ] + LogSettings.options + [
        OptionSpec("--keys-descriptor", "N", "read keys from this descriptor", isHidden: true),
        OptionSpec("--run", "DIR", "look for a sweep's files in this run directory first", isHidden: true),
        OptionSpec("--parent", "PROCESS", "end with this process", isHidden: true),
        OptionSpec("--memory-share", "BYTES", "the memory that a slot's trial may take", isHidden: true),
        OptionSpec(flag: "--man", "print the manual page", isHidden: true),
        OptionSpec(flag: "--slot", "be a slot, over descriptor 3", isHidden: true),
        OptionSpec("--measure", "JSON", "measure a network, print its measures", isHidden: true),
    ],
    details: """
        The worker connects to the coordinator. If there is none (yet, or any more), it waits for 15 minutes
        (--coordinator-timeout); it keeps finished trials until the coordinator acknowledges them. Start as
        many workers on as many hosts as you like, before or while the sweep runs. A worker whose key is not
        on the coordinator's list (yet) says so, and waits, too.

        exit codes: 0 the sweep is done or its time is up, 2 wrong use or refused by the coordinator, 3
        interrupted, 4 internal
        """,
    examples: [
        "ranksweep-worker --connect tcp://10.0.0.5:5555 --keys ~/ranksweep-keys",
        "ranksweep-worker --connect tcp://127.0.0.1:5555 --slots 4 --data ~/datasets",
        "ranksweep-worker --connect tcp://head:5555 --keys /shared/keys --until slurm",
    ])

/// The options of the command line, validated.
struct WorkerOptions {
    var endpoint: Endpoint?
    var keys: KeySource
    var slots: Int
    var data: DataDirectory
    var kernel: BLASKernel
    var log: LogSettings
    var stopsWithInput: Bool
    var parent: pid_t?
    var isSlot: Bool
    /// The request of `ranksweep measure`, as JSON.
    var measureRequest: String?
    /// Seconds between checkpoints; 0 means none.
    var checkpointSeconds: Int
    /// The memory limit of one slot, in bytes.
    var memoryLimit: UInt64?
    /// The memory that a trial of one slot may take, in bytes; nil where unknown.
    var memoryShare: UInt64?
    var end: WorkerEnd?
    var patienceSeconds: Int
    /// The data folder as given, passed on to slots.
    var dataFolder: String
    /// The run directory as given, passed on to slots.
    var runFolder: String?
    /// The folders for a worker's own files, most preferred first: the data folder, then the cache.
    var workRoots: [String] { [dataFolder, cacheRoot()].compactMap { $0 } }

    init(_ arguments: Arguments) throws(UsageError) {
        isSlot = arguments.has("--slot")
        measureRequest = arguments["--measure"]
        checkpointSeconds = try arguments.integer("--checkpoint-every", in: 0...86_400) ?? 60
        end = try WorkerEnd(arguments)
        memoryLimit = try arguments.size("--memory-limit", atLeast: leastTrialMemory)
        patienceSeconds = try arguments.integer("--coordinator-timeout", in: 10...86_400) ?? 900
        memoryShare = try arguments.integer("--memory-share", in: 0...Int.max).map { UInt64($0) }
        log = try LogSettings(arguments)
        stopsWithInput = arguments.has("--exit-on-stdin-eof")
        parent = try arguments.integer("--parent", in: 1...Int(Int32.max)).map { pid_t($0) }
        slots = try arguments.integer("--slots", in: 1...1024) ?? min(1024, coreCount())
        switch arguments["--blas-kernel"] ?? "auto" {
        case "auto": kernel = .automatic
        case "env": kernel = .environment
        case let name:
            if let fault = kernelFault(name) { throw UsageError("--blas-kernel: \(fault)") }
            kernel = .named(name)
        }
        keys =
            if let number = try arguments.integer("--keys-descriptor", in: 3...1024) {
                .descriptor(Int32(number))
            } else {
                arguments["--keys"].map { .folder($0) } ?? .none
            }
        dataFolder = dataDirectory(arguments["--data"])
        runFolder = arguments["--run"]
        data = DataDirectory(data: dataFolder, cache: cacheDirectory(), run: runFolder)
        if let text = arguments["--connect"] {
            do throws(TransportError) { endpoint = try Endpoint(parsing: text).resolved() } catch {
                throw UsageError("--connect: \(error.message)")
            }
            guard endpoint?.host != "*" else {
                throw UsageError(
                    "--connect: '\(text)' is not the address of a machine: where does the coordinator listen?"
                )
            }
        } else if !isSlot, measureRequest == nil {
            throw UsageError("--connect tcp://HOST:PORT is missing: where does the coordinator listen?")
        }
    }
}

private func cacheDirectory() -> String? {
    cacheRoot().map { $0 + "/decoded" }
}

/// The folder for files that may be deleted at any time; nil if there is no home.
func cacheRoot() -> String? {
    if let folder = environmentValue("XDG_CACHE_HOME") { return folder + "/ranksweep" }
    return homeDirectory().map { $0 + "/.cache/ranksweep" }
}
