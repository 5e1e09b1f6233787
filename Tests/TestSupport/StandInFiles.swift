import Model
import Sweep
import Text

/// Stands for any file that a sweep names: eight images of 3 × 224 × 224 with ten classes, and networks of three layers
/// that take what they are given. For tests of sweeps whose files don't ship.
public func standInFile(_ path: String, _ role: FileRole) -> FileFacts {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let file = ContentFile(
        ContentFile.Part(path: name, digest: Digest(of: path).hexadecimal(), bytes: path.utf8.count))
    func layer(_ name: String, _ units: Int, _ value: Int) -> GraphFacts.Layer {
        GraphFacts.Layer(
            name: name, units: units, value: value, cost: 1000 * value, peak: 4096, isMeasured: true)
    }
    switch role {
    case .points: return FileFacts(file, .points(shape: [8, 3, 224, 224]))
    case .labels: return FileFacts(file, .labels(count: 8, classes: 10))
    case .targets: return FileFacts(file, .targets(count: 8, columns: 1))
    case .table: return FileFacts(file, .table(TableFacts(rows: 8, columns: [])))
    case .network(let layouts):
        let graphs = Set(layouts.map { $0.shape(for: nil) }).sorted { "\($0)" < "\($1)" }.map {
            GraphFacts(
                input: $0, layers: [layer("conv", 4096, 1), layer("relu", 4096, 2), layer("head", 10, 3)],
                features: layer("relu", 4096, 2), output: layer("head", 10, 3),
                matrices: [GraphFacts.Matrix(name: "head", rows: 10, columns: 4096)], parameters: 40970,
                values: 8202)
        }
        return FileFacts(file, .network(NetworkFacts(declared: nil, graphs: graphs)))
    }
}
