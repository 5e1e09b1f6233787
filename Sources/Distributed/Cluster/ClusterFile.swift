// Cluster: cluster files, and what to do next with each host of one, as pure values.
// Imports Sweep (its YAML layer and its words for what is wrong with a text) and Text.
// Leaves out clocks, files, processes and ssh: CoordinatorService performs what is decided here.

import Sweep

/// A cluster file, read (docs/launch.md has every key).
public struct ClusterFile: Sendable {
    public enum Engine: Sendable {
        /// Reached by ssh, in the order of the file; at least one.
        case hosts([HostSettings])
        case batch(BatchSettings)
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

/// Jobs of a batch engine, which are workers.
public struct BatchSettings: Sendable {
    /// The engine with its own settings.
    package var engine: any BatchEngine
    /// Trials at a time of a job.
    public var slots = 1
    /// Jobs at a time.
    public var minJobs = 1
    public var maxJobs = 1
    /// Shared by all nodes and this machine, begins with `/` or `~/`.
    public var folder: String

    package init(_ engine: any BatchEngine, folder: String) {
        self.engine = engine
        self.folder = folder
    }

    /// What messages call the engine.
    package var name: String { type(of: engine).name }
    /// The engine's key in cluster files.
    package var key: String { type(of: engine).key }
    package var submitProgram: String { type(of: engine).programs.submit }
}
