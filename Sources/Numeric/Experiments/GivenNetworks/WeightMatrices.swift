import Learning
import LinearAlgebra
import Measures
import Sweep
import Text

/// Norms and ranks of the matrices in a .safetensors file, whatever else it holds. They need neither points
/// nor an order of layers.
struct WeightMatrices {
    private let file: WeightsFile
    private let tensors: [WeightsFile.Tensor]
    private let names: [String]

    /// Takes the matrices that are named; or else those of the network that the file describes, in its order;
    /// or else all matrices, and kernels of convolutions as [channels, numbers under the window], sorted by
    /// name.
    init(_ file: WeightsFile, layers: [String]?) throws(DataError) {
        self.file = file
        var order = layers
        if order == nil, let description = try file.description() { order = description.layerNames }
        if let order {
            let found = order.map { name in
                file.tensors.first { $0.name == name + ".weight" } ?? file.tensors.first { $0.name == name }
            }
            if let missing = zip(order, found).first(where: { $0.1 == nil })?.0 {
                let known = file.tensors.filter(WeightMatrices.isMatrix).map { WeightMatrices.layer($0.name) }
                throw file.fault(.noSuchLayer(missing, layers: known.sorted(by: precedesNaturally)))
            }
            (tensors, names) = (found.compactMap { $0 }, order)
        } else {
            tensors = file.tensors.filter(WeightMatrices.isMatrix).sorted {
                precedesNaturally($0.name, $1.name)
            }
            names = tensors.map { WeightMatrices.layer($0.name) }
        }
        guard !tensors.isEmpty else { throw file.fault(.noMatrices) }
    }

    private static func isMatrix(_ tensor: WeightsFile.Tensor) -> Bool {
        [2, 4].contains(tensor.shape.count) && !tensor.shape.contains(0)
            && WeightsFile.readTypes.contains(tensor.type)
    }

    /// The layer's name: "fc1" for "fc1.weight", and any other name as it is.
    private static func layer(_ name: String) -> String {
        name.hasSuffix(".weight") ? String(name.dropLast(".weight".count)) : name
    }

    /// The results asked for, by key, and the matrices' names.
    func results(_ asked: [MeasureRequest.Measure]) throws(DataError) -> [String: JSONValue] {
        var norms: [WeightNorms] = []
        for tensor in tensors {
            guard tensor.shape.count >= 2, !tensor.shape.contains(0) else {
                throw file.fault(.tensor(tensor.name, .dimensions(tensor.shape, expected: 2)))
            }
            let columns = tensor.shape.dropFirst().reduce(1, *)
            // LAPACK counts in 32 bits.
            guard tensor.shape[0] <= Int(Int32.max) / columns else {
                throw file.fault(.tensor(tensor.name, .tooLong(tensor.shape[0] * columns)))
            }
            let weight = Matrix<Double>(rows: tensor.shape[0], columns: columns)
            weight.assign(try file.doubles(tensor))
            let layer = DenseLayer(weight: weight, bias: Matrix(rows: 1, columns: 0))
            do throws(FactorisationError) { norms.append(try WeightNorms([layer])) } catch {
                throw DataError(file: file.path, problem: .notFinite(network: file.path))
            }
        }
        var metrics: Metrics = [:]
        func add(_ measure: MeasureRequest.Measure, _ metric: Metric, _ numbers: [Double]) {
            if asked.contains(measure) { metrics[metric] = JSONValue(numbers) }
        }
        add(.spectralNorm, .spectralNorm, norms.flatMap(\.spectral))
        add(.frobeniusNorm, .frobeniusNorm, norms.flatMap(\.frobenius))
        add(.stableRank, .stableRank, norms.flatMap(\.stableRank))
        add(.numericalRank, .numericalRank, norms.flatMap(\.numericalRank).map(Double.init))
        guard metrics.values.allSatisfy(\.isFinite) else {
            throw DataError(file: file.path, problem: .notFinite(network: file.path))
        }
        return metrics.byKey.merging(["layers": .array(names.map(JSONValue.string))]) { _, new in new }
    }
}
