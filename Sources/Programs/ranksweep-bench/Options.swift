import Experiments
import Glibc
import Model
import Sweep

/// Why nothing was measured.
enum BenchError: Error {
    case noWorkload
    case unknownWorkload(String)
    case unknownOption(String)
    case noValue(option: String)
    case badRepeat(String)
    case unknownActivation(String)
    case weightsNeedData
    case badCount(option: String, String)
    case data(DataError)
    case experiment(ExperimentError)
    case system(String, Int32)
    /// A program that was started failed; `log` is its output.
    case programFailed(log: String)
    case sweepNeedsData

    var isWrongUse: Bool {
        switch self {
        case .system, .programFailed: false
        default: true
        }
    }

    var message: String {
        let workloads = Workload.allCases.map(\.rawValue).joined(separator: ", ")
        return switch self {
        case .noWorkload:
            """
            which workload? one of: \(workloads)
            usage: ranksweep-bench WORKLOAD [--repeat R] [--data DIR] [--json]
            those that train also: [--steps N], steps a repeat in place of an epoch or 1000
            local-rank also: [--weights FILE.safetensors] [--activation NAME]
            sweep, dispatch and start also: [--trials N] [--slots N]; they work in a new folder here
            dispatch also: [--workers N], of as many slots each
            gaussian-vib also: [--batch N], trials of N values of beta at once; seconds are a trial's
            """
        case .unknownWorkload(let name): "no workload '\(name)'; one of: \(workloads)"
        case .unknownOption(let option):
            """
            no option '\(option)'; there are --repeat, --data, --json, --steps, --weights, --activation, --trials, \
            --slots, --workers and --batch
            """
        case .noValue(let option): "\(option) needs a value"
        case .badRepeat(let text): "--repeat needs a whole number from 1 to 1000, not '\(text)'"
        case .unknownActivation(let name):
            "no activation '\(name)'; one of: \(Activation.allCases.map(\.rawValue).joined(separator: ", "))"
        case .weightsNeedData: "--weights needs --data, the folder with the images to measure at"
        case .badCount(let option, let text): "\(option) needs a whole number from 1 on, not '\(text)'"
        case .data(let error): error.description
        case .experiment(let error): error.description
        case .system(let doing, let code): "cannot \(doing): \(String(cString: strerror(code)))"
        case .programFailed(let log): "a program that was started failed:\n\(log)"
        case .sweepNeedsData: "sweep trains on images: --data, the folder that holds mnist/"
        }
    }
}

/// The command line.
struct Options {
    var workload: Workload
    /// Number of times the workload is timed.
    var repeats = 5
    /// The folder that contains `mnist/`; nil means random bytes, which cost the same.
    var data: String?
    var json = false
    /// Steps per repeat of workloads that train, an epoch at most; nil means an epoch, or 1000 if the
    /// workload has none.
    var steps: Int?
    /// For local-rank: the file of the network measured; nil means an untrained network.
    var weights: String?
    var activation = Activation.relu
    /// Trials of sweep, dispatch and start; nil means each workload's own number.
    var trials: Int?
    var slots: Int?
    /// Workers of dispatch.
    var workers = 2
    /// For gaussian-vib: number of trials in a batch.
    var batch = 1

    init(_ arguments: [String]) throws(BenchError) {
        guard let name = arguments.first, !name.hasPrefix("--") else { throw .noWorkload }
        guard let workload = Workload(rawValue: name) else { throw .unknownWorkload(name) }
        self.workload = workload
        var rest = arguments.dropFirst()
        while let option = rest.popFirst() {
            switch option {
            case "--json": json = true
            case "--data":
                guard let folder = rest.popFirst() else { throw .noValue(option: option) }
                data = folder
            case "--weights":
                guard let file = rest.popFirst() else { throw .noValue(option: option) }
                weights = file
            case "--activation":
                guard let name = rest.popFirst() else { throw .noValue(option: option) }
                guard let named = Activation(rawValue: name) else {
                    throw .unknownActivation(name)
                }
                activation = named
            case "--steps": steps = try Self.count(option, &rest)
            case "--trials": trials = try Self.count(option, &rest)
            case "--slots": slots = try Self.count(option, &rest)
            case "--batch": batch = try Self.count(option, &rest)
            case "--workers": workers = try Self.count(option, &rest)
            case "--repeat":
                guard let text = rest.popFirst() else { throw .noValue(option: option) }
                guard let count = Int(text), (1...1000).contains(count) else { throw .badRepeat(text) }
                repeats = count
            default: throw .unknownOption(option)
            }
        }
    }

    private static func count(_ option: String, _ rest: inout ArraySlice<String>) throws(BenchError) -> Int {
        guard let text = rest.popFirst() else { throw .noValue(option: option) }
        guard let count = Int(text), (1...1_000_000).contains(count) else {
            throw .badCount(option: option, text)
        }
        return count
    }
}
