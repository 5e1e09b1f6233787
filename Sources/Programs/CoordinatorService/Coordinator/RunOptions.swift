import Console
import Sweep
import Text
import Transport

/// Options that decide how a run gets its workers. Kept in the journal, so that `resume` doesn't need them
/// again.
struct RunOptions: Equatable {
    /// Workers started on this machine.
    var workers = 1
    /// Slots of all these workers together.
    var slots: Int
    /// Whether the user set the number of slots. Otherwise each start uses the number of available
    /// processors.
    private var hasSlots = false
    var listen: Endpoint?
    /// The port of the run's previous coordinator.
    var lastPort: UInt16?
    /// Whether workers without keys may join from any machine that reaches the address.
    var isInsecure = false
    /// The folder with the cluster's keys. nil: remote workers need none.
    var keys: String?
    var data: String
    var kernel: String?
    /// nil: the workers' default; 0: never.
    var checkpointSeconds: Int?
    /// Bytes per slot.
    var memoryLimit: UInt64?
    /// By default, from the estimated cost of trials.
    var trialLimit: TrialLimit = .automatic
    /// Absolute path of the cluster file that the run was launched with.
    var cluster: String?

    enum TrialLimit: Equatable {
        case automatic
        case none
        case seconds(Int)
    }

    init(slots: Int, data: String) {
        self.slots = slots
        self.data = data
    }

    /// Applies a command line to the run's earlier options (or to the defaults).
    mutating func apply(_ arguments: Arguments) throws(CommandFailure) {
        do throws(UsageError) {
            if arguments.has("--keys"), arguments.has("--insecure") {
                throw UsageError("--keys and --insecure contradict each other: give one of them")
            }
            if let folder = arguments["--keys"] { keys = absolutePath(folder) }
            if arguments.has("--keys") { isInsecure = false }
            if arguments.has("--insecure") { (keys, isInsecure) = (nil, true) }
            if let text = arguments["--listen"] {
                let endpoint: Endpoint
                do throws(TransportError) { endpoint = try Endpoint(parsing: text, anyPort: true) } catch {
                    throw UsageError("--listen: \(error.message)")
                }
                isInsecure = arguments.has("--insecure")
                listen = try endpoint.checked(self)
                workers = 0
            }
            if arguments.has("--keys"), listen == nil {
                throw UsageError(
                    "--keys is for workers started elsewhere: add --listen tcp://HOST:PORT (without it, only "
                        + "workers started here can connect)")
            }
            if let count = try arguments.integer("--workers", in: 0...1024) { workers = count }
            if let count = try arguments.integer("--slots", in: 1...4096) {
                slots = count
                hasSlots = true
            }
            if workers == 0, listen == nil {
                throw UsageError(
                    "--workers 0 starts no workers: add --listen tcp://HOST:PORT so that others can connect")
            }
            if workers > slots {
                guard !arguments.has("--slots") else {
                    throw UsageError(
                        "--workers \(workers) need a slot each: give at least --slots \(workers)")
                }
                slots = workers
            }
            if let folder = arguments["--data"] { data = absolutePath(folder) }
            if let name = arguments["--blas-kernel"] {
                if let fault = kernelFault(name) { throw UsageError("--blas-kernel: \(fault)") }
                kernel = name
            }
            if let seconds = try arguments.integer("--checkpoint-every", in: 0...86_400) {
                checkpointSeconds = seconds
            }
            if arguments["--memory-limit"] == "none" {
                memoryLimit = nil
            } else if let size = try arguments.size("--memory-limit", atLeast: leastTrialMemory) {
                memoryLimit = size
            }
            if let text = arguments["--trial-limit"] { try setTrialLimit(text) }
        } catch { throw CommandFailure(error) }
    }

    private mutating func setTrialLimit(_ text: String) throws(UsageError) {
        switch text {
        case "auto": trialLimit = .automatic
        case "none": trialLimit = .none
        default:
            guard let seconds = Int(text), (1...10_000_000).contains(seconds) else {
                throw UsageError(
                    "--trial-limit must be auto, none or a whole number of seconds, not '\(text)'")
            }
            trialLimit = .seconds(seconds)
        }
    }

    /// The time after which workers give up a trial, in seconds; 0: never. The default is long enough for a
    /// machine twenty times slower than the estimate's; it is meant for trials that hang.
    func trialLimitSeconds(costliestTrial seconds: Double) -> UInt32 {
        switch trialLimit {
        case .automatic: UInt32(min(1e7, max(600, 20 * seconds).rounded(.up)))
        case .none: 0
        case .seconds(let seconds): UInt32(seconds)
        }
    }

    /// The options with the actual port in place of "any", so that a resumed run listens where its workers
    /// look for it.
    func listening(at endpoint: String) -> RunOptions {
        var options = self
        if listen != nil { options.lastPort = (try? Endpoint(parsing: endpoint))?.port }
        return options
    }

    /// The command that resumes the run.
    func resumeCommand(_ run: String) -> String {
        let run = shellPath(run)
        return cluster.map { "ranksweep launch \(shellPath($0)) \(run)" } ?? "ranksweep resume \(run)"
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "workers": JSONValue(workers), "data": .string(data),
        ]
        if hasSlots { members["slots"] = JSONValue(slots) }
        if let listen { members["listen"] = .string(listen.text) }
        if let lastPort { members["port"] = JSONValue(Int(lastPort)) }
        if isInsecure { members["insecure"] = .bool(true) }
        if let keys { members["keys"] = .string(keys) }
        if let cluster { members["cluster"] = .string(cluster) }
        if let kernel { members["blas_kernel"] = .string(kernel) }
        if let checkpointSeconds { members["checkpoint_every"] = JSONValue(checkpointSeconds) }
        if let memoryLimit { members["memory_limit"] = .number(Double(memoryLimit)) }
        switch trialLimit {
        case .automatic: break
        case .none: members["trial_limit"] = .string("none")
        case .seconds(let seconds): members["trial_limit"] = JSONValue(seconds)
        }
        return .object(members)
    }

    /// Restores options from a journal; those that it lacks are unchanged.
    mutating func restore(_ json: JSONValue) {
        if let count = json["workers"]?.number.flatMap({ Int(exactly: $0) }) { workers = count }
        if let count = json["slots"]?.number.flatMap({ Int(exactly: $0) }) {
            slots = max(1, count)
            hasSlots = true
        }
        if let text = json["listen"]?.string { listen = try? Endpoint(parsing: text, anyPort: true) }
        lastPort = json["port"]?.number.flatMap { UInt16(exactly: $0) }
        isInsecure = json["insecure"] == .bool(true)
        if let folder = json["data"]?.string { data = folder }
        keys = json["keys"]?.string ?? keys
        cluster = json["cluster"]?.string ?? cluster
        kernel = json["blas_kernel"]?.string ?? kernel
        checkpointSeconds =
            json["checkpoint_every"]?.number.flatMap { Int(exactly: $0) } ?? checkpointSeconds
        memoryLimit = json["memory_limit"]?.number.flatMap { UInt64(exactly: $0) } ?? memoryLimit
        if json["trial_limit"]?.string == "none" { trialLimit = .none }
        if let seconds = json["trial_limit"]?.number.flatMap({ Int(exactly: $0) }) {
            trialLimit = .seconds(seconds)
        }
    }
}

extension Endpoint {
    /// The endpoint with its name resolved.
    ///
    /// - Throws: where other machines can reach the address and neither keys nor `--insecure` is given. Only
    ///   the resolved address tells whether they can.
    func checked(_ options: RunOptions) throws(UsageError) -> Endpoint {
        let endpoint: Endpoint
        do throws(TransportError) { endpoint = try resolved() } catch {
            throw UsageError("--listen \(text): \(error.message)")
        }
        guard !endpoint.isLoopback, options.keys == nil, !options.isInsecure else { return endpoint }
        let meaning = endpoint.address == host ? "" : " (\(endpoint.address))"
        throw UsageError(
            "--listen \(text)\(meaning): other machines can reach this address, and could read the sweep and send false "
                + "records; make keys ('ranksweep keys new DIR') and add --keys DIR, or "
                + "listen at 127.0.0.1 and tunnel with ssh, or add --insecure on a network you trust")
    }
}
