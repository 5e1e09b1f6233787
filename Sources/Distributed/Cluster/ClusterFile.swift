import Sweep

/// Content of a cluster file (docs/launch.md has every key).
public struct ClusterFile: Sendable {
    /// The way in which workers are started.
    public enum Engine: Sendable {
        /// Hosts that are reached by ssh, in the order of the file; at least one.
        case hosts([HostSettings])
        case batch(BatchSettings)
    }

    /// Name of the cluster.
    public var name: String
    /// Endpoint at which the coordinator listens, `tcp://HOST:PORT`; the port may be `*`.
    public var listen: String
    /// Name or address by which hosts reach this machine; nil: its own name.
    public var address: String?
    /// Folder of keys as written, relative to the file's folder; nil: the default one.
    public var keys: String?
    /// Bundle of the worker as written, relative to the file's folder; nil: the default one.
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
        try self.init(parsing: text, file: file, engines: batchEngines)
    }

    init(parsing text: [UInt8], file: String, engines: [any BatchEngine.Type]) throws(ClusterError) {
        let root: YAMLNode
        do throws(SweepError.Fault) { root = try YAMLReader.read(text) } catch {
            throw ClusterError(file: file, faults: [ClusterError.Fault(error)])
        }
        var reader = ClusterReader(engines)
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

/// Settings of workers that a batch engine starts.
public struct BatchSettings: Sendable {
    /// The engine with its own settings.
    package var engine: any BatchEngine
    /// Trials at a time of each job.
    public var slots = 1
    /// Least number of jobs at a time.
    public var minJobs = 1
    /// Largest number of jobs at a time.
    public var maxJobs = 1
    /// Shared by all nodes and this machine, begins with `/` or `~/`.
    public var folder: String

    package init(_ engine: any BatchEngine, folder: String) {
        self.engine = engine
        self.folder = folder
    }

    /// The engine's name in messages.
    package var name: String { type(of: engine).name }
    /// The engine's key in cluster files.
    package var key: String { type(of: engine).key }
    package var submitProgram: String { type(of: engine).programs.submit }
}
