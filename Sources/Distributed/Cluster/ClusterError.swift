import Sweep

/// Faults of a cluster file: up to ten independent ones, each with its location.
///
/// `message` has a line for each, `FILE:LINE:COLUMN: path: what`.
public struct ClusterError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One fault.
    public struct Fault: Equatable, Sendable {
        /// Line and column of the fault.
        public var location: SweepError.Location
        /// Path of the key or value; empty if the fault concerns more than one.
        public var path: String
        /// The kind of fault.
        public var problem: Problem

        init(_ location: SweepError.Location, _ path: String, _ problem: Problem) {
            self.location = location
            self.path = path
            self.problem = problem
        }

        init(_ fault: SweepError.Fault) {
            self.init(fault.location, fault.path, .text(fault.problem))
        }
    }

    /// A kind of fault.
    public enum Problem: Equatable, Sendable {
        /// A fault that any file of this kind may have.
        case text(SweepError.Problem)
        case noEngine([String])
        case twoEngines(String, String)
        /// The batch engine's key.
        case notWith(String)
        case noHosts
        case badHostName(String)
        case hostTwice(first: SweepError.Location)
        case badListen(String)
        case badAddress(String)
        case badFolder(String)
        case badOption(String)
        case badUser(String)
        case minOverMax(min: Int, max: Int)
        /// The coordinator listens where this host can't reach it.
        case needsTunnel(listen: String)
        /// The coordinator listens where no job can reach it.
        case needsNetwork(listen: String)
        /// A fault in the words of the part that knows the value: a batch engine, or the list of kernels.
        case worded(String)
    }

    /// Name of the file.
    public let file: String
    /// The faults; at least one.
    public let faults: [Fault]

    /// The faults, a line for each.
    public var message: String {
        faults.map { fault in
            let path = fault.path.isEmpty ? "" : shortened(fault.path, to: 100) + ": "
            let location: String =
                if case .file(let line, let column) = fault.location { "\(file):\(line):\(column)" } else {
                    file
                }
            return "\(location): \(path)\(fault.problem.words)"
        }.joined(separator: "\n")
    }

    /// The same as `message`.
    public var description: String { message }
}

extension ClusterError.Problem {
    var words: String {
        switch self {
        case .text(.fileTooLarge(let bytes, let limit)):
            "the file has \(bytes) bytes; a cluster file has at most \(limit)"
        case .text(.unsupported(let what)): "\(what) is not part of a cluster file: write the value out"
        case .text(.severalDocuments): "a second document: a cluster file has one"
        case .text(let problem): problem.words
        case .noEngine(let keys):
            "missing: \(keys.joined(separator: " or ")) is required: where do the workers run?"
        case .twoEngines(let one, let other): "a cluster has \(one) or \(other), not both"
        case .notWith(let engine): "is about hosts; with \(engine) there are none"
        case .noHosts: "no host is listed"
        case .badHostName(let name):
            "'\(name)' is not a host: expected an ssh name without spaces that doesn't begin with '-' (a user goes under "
                + "'user', a port under 'port')"
        case .hostTwice(.file(let line, let column)): "listed twice, first at \(line):\(column)"
        case .hostTwice: "listed twice"
        case .badListen(let text):
            "'\(text)' is no address to listen at: tcp://HOST:PORT, where PORT may be *, for example "
                + ClusterFile.defaultListen
        case .badAddress(let text):
            "'\(text)' is no name or address of this machine (without tcp:// and port)"
        case .badFolder(let text): "'\(text)': a folder on the hosts begins with / or ~/"
        case .badOption(let text):
            "'\(text)' cannot be given to ssh or \(batchEngines.map { $0.name }.joined(separator: " or ")): it is empty "
                + "or has control characters"
        case .badUser(let text): "'\(text)' is no user's name: it has no spaces, and does not begin with '-'"
        case .minOverMax(let min, let max): "min_jobs is \(min), and max_jobs \(max)"
        case .needsTunnel(let listen):
            "the coordinator listens at \(listen), which only programs on its own machine reach: give this host "
                + "'tunnel: true', or listen at \(ClusterFile.defaultListen)"
        case .needsNetwork(let listen):
            "\(listen) is for programs on this machine, and jobs run on others: listen at "
                + "\(ClusterFile.defaultListen), or give the 'address' at which jobs find it"
        case .worded(let words): words
        }
    }
}
