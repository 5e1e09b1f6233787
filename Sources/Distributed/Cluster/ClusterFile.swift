// Cluster: cluster files, and what to do next with each host of one, as pure values.
// Imports Sweep (its YAML layer and its words for what is wrong with a text) and Text.
// Leaves out clocks, files, processes and ssh: CoordinatorService performs what is decided here.

import Sweep

/// A cluster file, read (docs/launch.md has every key).
public struct ClusterFile: Equatable, Sendable {
    public enum Engine: Equatable, Sendable {
        /// Reached by ssh, in the order of the file; at least one.
        case hosts([HostSettings])
        case slurm(SlurmSettings)
    }

    public var name: String
    /// Where the coordinator listens, `tcp://HOST:PORT`, the port possibly `*`.
    public var listen: String
    /// How hosts reach this machine; nil: by its name.
    public var address: String?
    /// As written: relative to the file's folder. nil: the default place.
    public var keys: String?
    /// As written, likewise.
    public var bundle: String?
    /// Of all hosts that name none.
    public var kernel: String?
    public var engine: Engine

    public static let defaultListen = "tcp://0.0.0.0:*"

    /// - Parameters:
    ///   - text: the file's bytes.
    ///   - file: its name, for messages.
    /// - Throws: `ClusterError` with up to ten faults.
    public init(parsing text: [UInt8], file: String) throws(ClusterError) {
        let root: YAMLNode
        do throws(SweepError.Fault) { root = try YAMLReader.read(text) } catch {
            throw ClusterError(file: file, faults: [ClusterError.Fault(error)])
        }
        var reader = ClusterReader()
        guard let cluster = reader.read(root) else {
            throw ClusterError(file: file, faults: reader.sortedFaults)
        }
        self = cluster
    }

    init(name: String, engine: Engine) {
        self.name = name
        self.engine = engine
        listen = ClusterFile.defaultListen
    }
}

/// A host that is reached by ssh.
public struct HostSettings: Equatable, Sendable {
    /// What ssh is given: a name of the ssh configuration, a host's name or address. Unique in a file.
    public var host: String
    /// Trials at a time; nil: one a core.
    public var slots: Int?
    /// There, begins with `/` or `~/`: bundle, keys and, unless elsewhere, data.
    public var folder = HostSettings.defaultFolder
    /// There, the folder with mnist/ and fashion-mnist/; nil: `data` in `folder`, which is ours.
    public var data: String?
    /// The coordinator is reached through the ssh connection.
    public var tunnel = false
    /// More options of ssh, before ours, so that these win.
    public var ssh: [String] = []
    /// A file with a private key, as written: relative to the cluster file's folder.
    public var identity: String?
    public var user: String?
    public var port: Int?
    public var kernel: String?

    public static let defaultFolder = "~/.cache/ranksweep-worker"

    public init(host: String) { self.host = host }

    public var dataFolder: String { data ?? folder + "/data" }
}

/// A batch engine that starts workers.
public struct SlurmSettings: Equatable, Sendable {
    public var partition: String?
    /// Where jobs may run, as Slurm writes it: `n[1-3],big2`.
    public var nodes: String?
    /// The time limit of a job, as Slurm writes it (`01:00:00`); nil: the partition's.
    public var time: String?
    public var account: String?
    /// Trials at a time of a job.
    public var slots = 1
    /// Jobs at a time.
    public var minJobs = 1
    public var maxJobs = 1
    /// Shared by all nodes and this machine, begins with `/` or `~/`.
    public var folder: String
    /// More lines of the job's script: "--mem=4G".
    public var sbatchArguments: [String] = []

    public init(folder: String) { self.folder = folder }

    /// `time` in seconds; nil where there is none.
    public var timeSeconds: Int? { time.flatMap { slurmSeconds($0) } }
}

/// Seconds of a time as Slurm writes it: MINUTES, MM:SS, HH:MM:SS, D-HH, D-HH:MM or D-HH:MM:SS; nil where it
/// is none.
func slurmSeconds(_ text: String) -> Int? {
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let rest = parts.last else { return nil }
    var numbers: [Int] = []
    for part in rest.split(separator: ":", omittingEmptySubsequences: false) {
        guard (1...6).contains(part.utf8.count), let number = Int(part), number >= 0, !part.hasPrefix("+")
        else {
            return nil
        }
        numbers.append(number)
    }
    let weights: [Int]
    switch (parts.count, numbers.count) {
    case (1, 1): weights = [60]
    case (1, 2): weights = [60, 1]
    case (1, 3), (2, 3): weights = [3600, 60, 1]
    case (2, 1): weights = [3600]
    case (2, 2): weights = [3600, 60]
    default: return nil
    }
    var days = 0
    if parts.count == 2 {
        guard let number = Int(parts[0]), (0...10_000).contains(number) else { return nil }
        days = number
    }
    let seconds = days * 86_400 + zip(numbers, weights).reduce(0) { $0 + $1.0 * $1.1 }
    return seconds > 0 ? seconds : nil
}
