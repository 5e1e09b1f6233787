import Files
import Glibc
import Learning
import LinearAlgebra
import Model
import ONNX
import Sweep
import Text

/// A folder with an array of each layer in NAME.npy, where `_` stands for each `/` of the name.
private struct LayerFolder {
    let path: String

    /// Makes the folder. Throws where two layers' files would have the same name.
    ///
    /// - Parameter other: the name of another file in the folder.
    init(_ path: String, of layers: [NetworkGraph.Layer], beside other: String? = nil) throws(DataError) {
        self.path = path
        let names = layers.map(LayerFolder.name)
        for (index, name) in names.enumerated() {
            let first = names[..<index].firstIndex(of: name)
            guard first != nil || name == other else { continue }
            throw DataError(
                file: path,
                problem: .graph(
                    (first.map { "layers '\(layers[$0].name)' and '\(layers[index].name)' would both be" }
                        ?? "layer '\(layers[index].name)' and the inputs' numbers would both be")
                        + " written to \(name): choose \(first == nil ? "others" : "one") with --layers"))
        }
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
            throw DataError(file: path, problem: .graph("cannot be made: \(systemMessage(errno))"))
        }
    }

    /// Whether this is the folder at another path, too.
    func isFolder(at other: String) -> Bool {
        var (mine, others) = (stat(), stat())
        return stat(path, &mine) == 0 && stat(other, &others) == 0 && mine.st_dev == others.st_dev
            && mine.st_ino == others.st_ino
    }

    /// Begins a layer's array, with these dimensions before and after those of the layer's values.
    func begin(_ layer: NetworkGraph.Layer, _ first: Int, _ last: [Int] = []) throws(FileError) -> WholeFile {
        let sizes = layer.shape.first == 1 ? layer.shape.dropFirst() : layer.shape[...]
        return try ArrayFile.begin(path + "/" + LayerFolder.name(layer), shape: [first] + sizes + last)
    }

    private static func name(_ layer: NetworkGraph.Layer) -> String {
        layer.name.replacing("/", with: "_") + ".npy"
    }
}

private func writing<Result>(_ step: () throws(FileError) -> Result) throws(DataError) -> Result {
    do throws(FileError) { return try step() } catch {
        throw DataError(file: error.path, problem: .graph("cannot be written: \(error.cause)"))
    }
}

extension GivenGraph {
    /// Writes the values of each layer at the points to NAME.npy, (points, the values' shape…).
    func save(at points: Matrix<Float>, to path: String) throws(DataError) {
        let folder = try LayerFolder(path, of: layers)
        let kept = NetworkShape(graph: graph.plan, layers: layers.map(\.value)).networkLayers
        for (layer, output) in zip(layers, model.outputs(of: kept, at: points)) {
            try writing { () throws(FileError) in
                let file = try folder.begin(layer, points.rows)
                for row in 0..<points.rows {
                    try file.write(littleEndian(output.activation.rows(row..<row + 1).values))
                }
                try file.commit()
            }
        }
    }
}

/// Files of the Jacobians that local ranks are counted from, written as they are computed: NAME.npy, (points,
/// the shape of the layer's values…, inputs), and columns.npy, the inputs that they are taken in.
final class JacobianFiles {
    private let layers: [NetworkGraph.Layer]
    private let files: [WholeFile]
    /// The first failure; nothing is written after it.
    private var failure: FileError?

    /// Begins the files.
    ///
    /// - Parameters:
    ///   - columns: the inputs that they are taken in.
    ///   - outputs: the folder of the layers' values, which must be another one.
    ///   - free: the bytes that the disk has room for; nil: the system says it.
    init(
        _ layers: [NetworkGraph.Layer], columns: [Int], points: Int, in path: String,
        besides outputs: String? = nil, free: Int? = nil
    ) throws(DataError) {
        self.layers = layers
        let folder = try LayerFolder(path, of: layers, beside: "columns.npy")
        func fault(_ words: String) -> DataError { DataError(file: path, problem: .graph(words)) }
        if let outputs, folder.isFolder(at: outputs) {
            throw fault(
                "is given for Jacobians and outputs, whose files have the same names: choose two folders")
        }
        let needed = 4 * Double(points) * Double(columns.count) * Double(layers.reduce(0) { $0 + $1.units })
        if let free = free ?? freeBytes(at: path), needed > Double(free) {
            throw fault(
                "needs \(sizeText(decimal: needed)) for the Jacobians of \(countText(layers.count, "layer")) in "
                    + "\(countText(columns.count, "input")) at \(countText(points, "point")), and "
                    + "\(sizeText(decimal: Double(free))) are free on this disk: save fewer --layers, or fewer inputs "
                    + "(--patch, --columns)")
        }
        files = try writing { () throws(FileError) in
            let file = try ArrayFile.begin(path + "/columns.npy", .i8, shape: [columns.count])
            try file.write(
                columns.flatMap { column in
                    withUnsafeBytes(of: Int64(column).littleEndian) { Array($0) }
                })
            var files = [file]
            for layer in layers { files.append(try folder.begin(layer, points, [columns.count])) }
            return files
        }
    }

    /// Writes a value's Jacobian at the next point.
    func write(_ jacobian: NetworkTangents<Float>.Jacobian) {
        let (transposed, positions) = (jacobian.transposed, jacobian.units.positions)
        for (layer, file) in zip(layers, files.dropFirst())
        where layer.value == jacobian.value && failure == nil {
            do throws(FileError) {
                let units = positions.count
                for start in stride(from: 0, to: units, by: 64) {
                    let part = start..<min(start + 64, units)
                    var block = [Float](repeating: 0, count: part.count * transposed.rows)
                    for row in 0..<transposed.rows {
                        for unit in part where positions[unit] >= 0 {
                            block[(unit - start) * transposed.rows + row] =
                                transposed[row, Int(positions[unit])]
                        }
                    }
                    try file.write(littleEndian(block))
                }
                try file.flush()
            } catch { failure = error }
        }
    }

    /// Makes the files durable, and gives them their names.
    func commit() throws(DataError) {
        try writing { () throws(FileError) in
            if let failure { throw failure }
            for file in files { try file.commit() }
        }
    }
}
