import Console
import Sweep
import Text
import Transport

/// How a run gets its workers. Kept in the journal, so that `resume` needs none of it again.
struct RunOptions: Equatable {
    /// Workers started here.
    var workers = 1
    /// Of all of them together.
    var slots: Int
    /// Whether somebody said how many: else each start takes as many as it may use processors.
    private var hasSlots = false
    var listen: Endpoint?
    /// Where the run's coordinator before this one listened.
    var lastPort: UInt16?
    /// Whoever reaches the address may be let in.
    var isInsecure = false
    /// The folder with the cluster's keys; nil: workers from elsewhere need none.
    var keys: String?
    var data: String
    var kernel: String?
    /// nil: as the workers do by themselves; 0: never.
    var checkpointSeconds: Int?
    /// Of a slot, bytes.
    var memoryLimit: UInt64?
    /// nil: from the estimate of what trials cost.
    var trialLimit: TrialLimit = .automatic
    /// The cluster file that the run was launched with, a whole path.
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

    /// Applies a command line to what a run had before (or to the defaults).
    mutating func apply(_ arguments: Arguments) throws(CommandFailure) {
        do throws(UsageError) {
            if arguments.has("--keys"), arguments.has("--insecure") {
                throw UsageError("--keys and --insecure say opposite things: give one of them")
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
                    "--keys is for workers from elsewhere: add --listen tcp://HOST:PORT (without it only "
                        + "workers started here are let in)")
            }
            if let count = try arguments.integer("--workers", in: 0...1024) { workers = count }
            if let count = try arguments.integer("--slots", in: 1...4096) {
                slots = count
                hasSlots = true
            }
            if workers == 0, listen == nil {
                throw UsageError("--workers 0 leaves nobody to work: add --listen tcp://HOST:PORT")
            }
            if workers > slots {
                guard !arguments.has("--slots") else {
                    throw UsageError("--workers \(workers) need a slot each: --slots \(workers) at least")
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

    /// When workers give a trial up, in seconds; 0: never. By itself long enough for a machine twenty times
    /// slower than the estimate's: it is for trials that hang.
    func trialLimitSeconds(dearestTrial seconds: Double) -> UInt32 {
        switch trialLimit {
        case .automatic: UInt32(min(1e7, max(600, 20 * seconds).rounded(.up)))
        case .none: 0
        case .seconds(let seconds): UInt32(seconds)
        }
    }

    /// With the port that "any" became: a resumed run listens where its workers look for it.
    func listening(at endpoint: String) -> RunOptions {
        var options = self
        if listen != nil { options.lastPort = (try? Endpoint(parsing: endpoint))?.port }
        return options
    }

    /// What to type to go on with the run.
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

    /// Takes over what a journal kept; what it lacks stays.
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
    /// The endpoint with its name looked up.
    ///
    /// - Throws: where others can reach it and nothing would keep them out: a name is only what it stands for.
    func checked(_ options: RunOptions) throws(UsageError) -> Endpoint {
        let endpoint: Endpoint
        do throws(TransportError) { endpoint = try resolved() } catch {
            throw UsageError("--listen \(text): \(error.message)")
        }
        guard !endpoint.isLoopback, options.keys == nil, !options.isInsecure else { return endpoint }
        let meaning = endpoint.address == host ? "" : " (\(endpoint.address))"
        throw UsageError(
            "--listen \(text)\(meaning): other machines can reach this address, and nothing would stop them from reading "
                + "the sweep and sending false records; make keys ('ranksweep keys new DIR') and add --keys DIR, or "
                + "listen at 127.0.0.1 and tunnel with ssh, or add --insecure on a network you trust")
    }

}
