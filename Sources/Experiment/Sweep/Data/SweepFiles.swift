import Model
import Text

/// A file that trials read. Files with equal contents are equal, whatever their names.
public struct ContentFile: Hashable, Sendable {
    /// The file's name without its folder.
    public let name: String
    /// The file itself, then those beside it that hold a network's numbers, by their paths from its folder.
    public let parts: [Part]
    /// 64 hexadecimal digits: the SHA-256 of the file; of several parts, that of their names and digests.
    public let digest: String

    /// The most bytes of a part's path.
    public static let maxPathBytes = 100

    /// One file on disk.
    public struct Part: Hashable, Sendable {
        /// The path from the folder of the file.
        public let path: String
        /// SHA-256 in hexadecimal.
        public let digest: String
        /// Size in bytes.
        public let bytes: Int

        /// A file on disk.
        public init(path: String, digest: String, bytes: Int) {
            (self.path, self.digest, self.bytes) = (path, digest, bytes)
        }
    }

    /// A file with its parts, of which the first is the file itself.
    public init(_ first: Part, beside others: [Part] = []) {
        name = first.path
        parts = [first] + others
        // The model's own bytes name the files beside it.
        let texts = [first.digest] + others.flatMap { [$0.path, $0.digest] }
        digest = others.isEmpty ? first.digest : Digest(of: texts.joined(separator: "\n")).hexadecimal()
    }

    /// The folder of the parts, in a run directory and in a data folder: "files/DIGEST".
    public var folder: String { "files/" + digest }

    /// Whether the contents are equal.
    public static func == (left: ContentFile, right: ContentFile) -> Bool { left.digest == right.digest }

    /// Hashes the content's digest.
    public func hash(into hasher: inout Hasher) { hasher.combine(digest) }
}

/// The facts that sweeps know of a file that they name.
public struct FileFacts: Equatable, Sendable {
    /// The file's content.
    public var file: ContentFile
    /// The meaning of the content.
    public var content: Content

    /// The meaning of a file's content.
    public enum Content: Equatable, Sendable {
        /// Points; the shape's first size is their number.
        case points(shape: [Int])
        /// Classes of points: 0 up to the number of classes. `found` says how often each occurs; it is empty where
        /// nothing is trained.
        case labels(count: Int, classes: Int, found: [FoundClass] = [])
        /// Numbers that points have in place of classes, so many each.
        case targets(count: Int, columns: Int)
        /// A table with points and what is learned of them.
        case table(TableFacts)
        /// A network, for each shape of points.
        case network(NetworkFacts)
        /// Why it can't be used, in words that follow its name.
        case unusable(String)
    }

    /// The facts of a file.
    public init(_ file: ContentFile, _ content: Content) { (self.file, self.content) = (file, content) }

    /// A file that can't be used, and why.
    public init(unusable why: String) {
        self.init(ContentFile(ContentFile.Part(path: "", digest: "", bytes: 0)), .unusable(why))
    }
}

/// How often a class occurs.
public struct FoundClass: Hashable, Sendable {
    /// Number of points of the class.
    public let count: Int
    /// The row, or a table's line, of the first of them.
    public let first: Int

    /// So many points, and where the first of them is.
    public init(count: Int, first: Int) { (self.count, self.first) = (count, first) }
}

/// The facts that sweeps know of a table.
public struct TableFacts: Equatable, Sendable {
    /// Number of lines below the header.
    public let rows: Int
    /// The columns, in order.
    public var columns: [Column]

    /// A column of a table.
    public struct Column: Equatable, Sendable {
        /// Its name.
        public let name: String
        /// The line of the first empty cell.
        public let emptyLine: Int?
        /// The first cell that holds no number, with its line.
        public let text: Cell?
        /// The different values in order, words or whole numbers, if a class can be made of each.
        public var values: [Value]?

        /// A cell.
        public struct Cell: Equatable, Sendable {
            /// Its text, shortened.
            public let text: String
            /// Its line, counted from 1.
            public let line: Int

            /// A cell's text and its line.
            public init(text: String, line: Int) { (self.text, self.line) = (text, line) }
        }

        /// A value and how often it occurs.
        public struct Value: Equatable, Sendable {
            /// The text.
            public let text: String
            /// How often it occurs.
            public let found: FoundClass

            /// A value that occurs.
            public init(text: String, found: FoundClass) { (self.text, self.found) = (text, found) }
        }

        /// A column.
        public init(name: String, emptyLine: Int?, text: Cell?, values: [Value]?) {
            (self.name, self.emptyLine, self.text, self.values) = (name, emptyLine, text, values)
        }
    }

    /// A table.
    public init(rows: Int, columns: [Column]) { (self.rows, self.columns) = (rows, columns) }
}

/// The facts that sweeps know of a network's file.
public struct NetworkFacts: Equatable, Sendable {
    /// The sizes of a point that the file states, nil for those left open; nil where it states none.
    public var declared: [Int?]?
    /// The layers for each shape of points.
    public var graphs: [GraphFacts]
    /// Why the network can't be measured at points of a shape.
    public var refusals: [[Int]: String]

    /// The facts of a network.
    public init(declared: [Int?]?, graphs: [GraphFacts] = [], refusals: [[Int]: String] = [:]) {
        self.declared = declared
        self.graphs = graphs
        self.refusals = refusals
    }
}

/// The use that a sweep makes of a file.
public enum FileRole: Equatable, Sendable {
    case points
    case labels
    /// Numbers to learn in place of labels.
    case targets
    /// Points with what is learned of them, as comma-separated values.
    case table
    /// A network for points in these layouts.
    case network([PointLayout])
}

/// Looks at a file that a sweep names by this path. Sweeps themselves read no file.
public typealias FileLook = (_ path: String, _ role: FileRole) -> FileFacts

/// The files of a sweep, by their paths in the sweep file.
public struct SweepFiles: Equatable, Sendable {
    /// The facts of each file, by its path.
    package var facts: [String: FileFacts] = [:]

    /// No files.
    public init() {}

    /// The facts of the file at a path.
    package subscript(path path: String) -> FileFacts {
        facts[path] ?? FileFacts(unusable: "nothing is known of this file here")
    }

    /// The files' contents by path, in the paths' order.
    public var named: [(path: String, file: ContentFile)] {
        facts.sorted { $0.key < $1.key }.map { (path: $0.key, file: $0.value.file) }
    }

    /// Keeps the files that trials read and, of networks, the layers that they measure.
    ///
    /// - Parameters:
    ///   - named: the files that trials read.
    ///   - patterns: the values that `layers` has; empty: the default.
    ///   - hasNorms: whether any trial has norms of weight matrices.
    func pruned(_ named: NamedFiles, patterns: [[String]], hasNorms: Bool) -> SweepFiles {
        let (paths, layouts) = (Set(named.all.map(\.path)), named.layouts(self))
        var pruned = SweepFiles()
        pruned.facts = facts.filter { paths.contains($0.key) }.mapValues { facts in
            switch facts.content {
            case .labels(let count, let classes, _) where !named.networks.isEmpty:
                return FileFacts(facts.file, .labels(count: count, classes: classes))
            case .table(var table):
                for index in table.columns.indices where !named.learned.contains(table.columns[index].name) {
                    table.columns[index].values = nil
                }
                return FileFacts(facts.file, .table(table))
            default: break
            }
            guard case .network(var network) = facts.content else { return facts }
            let shapes = Set(layouts.map { $0.shape(for: network.declared) })
            network.refusals = [:]
            network.graphs = network.graphs.filter { shapes.contains($0.input) }.map { graph in
                let asked = patterns.isEmpty ? [nil] : patterns.map(Optional.some)
                let kept = Set(asked.flatMap { (try? graph.chosen($0)) ?? [] })
                var graph = graph
                graph.layers = graph.layers.indices.filter(kept.contains).map { graph.layers[$0] }
                if !hasNorms { graph.matrices = [] }
                return graph
            }
            return FileFacts(facts.file, .network(network))
        }
        return pruned
    }
}

/// The files that settings name.
struct NamedFiles {
    /// Paths, each with the setting that has it.
    typealias Paths = [(setting: String, path: String)]

    let points: Paths
    let labels: Paths
    let targets: Paths
    let tables: Paths
    let networks: Paths
    /// The columns of tables that are learned.
    fileprivate let learned: Set<String>
    /// The words of the points' layouts.
    private let layouts: Set<String>

    /// All of them.
    var all: Paths { points + tables + labels + targets + networks }

    /// Whether files and what is taken of them depend on a setting.
    static func depend(on setting: String) -> Bool {
        ["file", "layers", "dataset"].contains(setting)
            || ArrayData.fileOptions.contains { "dataset." + $0 == setting }
    }

    /// - Parameter values: the values of the setting with a path.
    init(_ values: (String) -> [JSONValue]) {
        let datasets = values("dataset")
        func paths(_ setting: String, _ values: [JSONValue]) -> Paths {
            values.compactMap(\.string).map { (setting, $0) }
        }
        func paths(_ option: String) -> Paths {
            paths("dataset." + option, values("dataset." + option))
                + paths("dataset", datasets.compactMap { $0[option] })
        }
        let inputs = paths("inputs") + paths("test_inputs")
        (points, tables) = (
            inputs.filter { !ArrayData.isTable($0.path) }, inputs.filter { ArrayData.isTable($0.path) }
        )
        labels = paths("labels") + paths("test_labels")
        targets = paths("targets") + paths("test_targets")
        networks = paths("file", values("file"))
        learned = Set(paths("target").map(\.path))
        let given = values("dataset.layout")
        layouts = Set(
            given.isEmpty
                ? datasets.map { $0["layout"]?.string ?? "nchw" } : given.compactMap(\.string))
    }

    /// The layouts of the points, with the facts of their files.
    func layouts(_ files: SweepFiles) -> [PointLayout] {
        points.flatMap { point -> [PointLayout] in
            guard case .points(let shape) = files[path: point.path].content else { return [] }
            return [false, true].filter {
                $0 ? layouts.contains("nhwc") && shape.count == 4 : layouts.contains("nchw")
            }
            .map { PointLayout(sizes: Array(shape.dropFirst()), channelsAreLast: $0) }
        }
    }
}
