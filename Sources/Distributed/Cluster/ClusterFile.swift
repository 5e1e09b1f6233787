import Sweep

/// Content of a cluster file (docs/launch.md has every key).
public struct ClusterFile: Equatable, Sendable {
    /// The way in which workers are started.
    public enum Engine: Equatable, Sendable {
        /// Hosts that are reached by ssh, in the order of the file; at least one.
        case hosts([HostSettings])
        case slurm(SlurmSettings)
    }

    /// Name of the cluster.
    public var name: String
    /// Endpoint at which the coordinator listens, `tcp://HOST:PORT`; the port may be `*`.
    public var listen: String
    /// Name or address by which hosts reach this machine; nil: its own name.
    public var address: String?
    /// Folder of keys as written, relative to the file's folder; nil: the default place.
    public var keys: String?
    /// Bundle of the worker as written, relative to the file's folder; nil: the default place.
    public var bundle: String?
    /// BLAS kernel of all hosts that name none.
    public var kernel: String?
    /// Where the workers run.
    public var engine: Engine

    /// Endpoint of a file that gives none: any free port at every address of this machine.
    public static let defaultListen = "tcp://0.0.0.0:*"

    /// Reads a cluster file.
    ///
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
    /// Host as ssh is given it: a name of the ssh configuration, a host's name or an address. Unique in a
    /// file.
    public var host: String
    /// Number of trials at a time; nil: one for each core.
    public var slots: Int?
    /// Folder on the host, begins with `/` or `~/`. It holds the bundle, the keys and, unless `data` is set,
    /// the data.
    public var folder = HostSettings.defaultFolder
    /// Folder on the host with mnist/ and fashion-mnist/; nil: `data` in `folder`, which ranksweep fills.
    public var data: String?
    /// Whether the coordinator is reached through the ssh connection.
    public var tunnel = false
    /// More options of ssh. They come before those of ranksweep, so that they win.
    public var ssh: [String] = []
    /// File with a private key as written, relative to the cluster file's folder.
    public var identity: String?
    /// User name for ssh; nil: that of ssh's configuration.
    public var user: String?
    /// Port of the ssh server; nil: that of ssh's configuration.
    public var port: Int?
    /// BLAS kernel of the host's slots; nil: that of the file, or OpenBLAS's choice.
    public var kernel: String?

    /// Folder of a host that gives none.
    public static let defaultFolder = "~/.cache/ranksweep-worker"

    /// Creates the default settings of a host.
    public init(host: String) { self.host = host }

    /// Folder on the host that holds the data sets.
    public var dataFolder: String { data ?? folder + "/data" }
}

/// Settings of workers that Slurm starts.
public struct SlurmSettings: Equatable, Sendable {
    /// Partition for the jobs; nil: Slurm's default.
    public var partition: String?
    /// Nodes on which jobs may run, in Slurm's notation: `n[1-3],big2`.
    public var nodes: String?
    /// Time limit of a job, in Slurm's notation (`01:00:00`); nil: the partition's.
    public var time: String?
    /// Account to which the jobs are charged; nil: Slurm's default.
    public var account: String?
    /// Trials at a time of each job.
    public var slots = 1
    /// Least number of jobs at a time.
    public var minJobs = 1
    /// Largest number of jobs at a time.
    public var maxJobs = 1
    /// Shared by all nodes and this machine, begins with `/` or `~/`.
    public var folder: String
    /// More lines of the job's script: "--mem=4G".
    public var sbatchArguments: [String] = []

    /// Creates the default settings.
    public init(folder: String) { self.folder = folder }

    /// `time` in seconds; nil if there is none.
    public var timeSeconds: Int? { time.flatMap { slurmSeconds($0) } }
}

/// Seconds of a time in Slurm's notation: MINUTES, MM:SS, HH:MM:SS, D-HH, D-HH:MM or D-HH:MM:SS; nil if it is
/// none of these.
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
