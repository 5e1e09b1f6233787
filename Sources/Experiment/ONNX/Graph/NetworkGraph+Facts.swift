import Model

extension NetworkGraph {
    /// The layers as sweeps know them.
    public var facts: GraphFacts {
        // Memory of derivatives that is used again may be an eighth too large.
        let peaks = ValueLiveness(plan, of: [plan.last]).peaks.map { $0 + $0 / 8 }
        var sum = 0
        let known = layers.map { layer in
            sum += layer.cost
            return GraphFacts.Layer(
                name: layer.name, units: layer.units, value: layer.value, cost: sum,
                peak: peaks[layer.value],
                isMeasured: layer.isMeasured || layer.value == plan.last)
        }
        func layer(_ value: Int) -> GraphFacts.Layer {
            known.first { $0.value == value }
                ?? GraphFacts.Layer(
                    name: name(of: value), units: plan.values[value].size.count, value: value,
                    cost: known.last { $0.value < value }?.cost ?? 0, peak: peaks[value], isMeasured: false)
        }
        return GraphFacts(
            input: Array(inputShape.dropFirst()), layers: known, features: head.map { layer($0.features) },
            output: layer(plan.last),
            matrices: plan.weights.map {
                GraphFacts.Matrix(name: $0.name, rows: $0.region.rows, columns: $0.region.columns)
            }, parameters: plan.parameterCount, values: plan.values.reduce(0) { $0 + $1.size.count })
    }
}

extension ONNXModel {
    /// The sizes of a point that the file states, nil for those left open; nil where it states none.
    public var pointSizes: [Int?]? {
        graph.inputs.first?.shape.map { shape in
            shape.dropFirst().map { if case .size(let size) = $0 { size } else { nil } }
        }
    }

    /// The paths of the files beside the model that hold its numbers, sorted, each with the model's folder.
    public var externalPaths: [String] {
        var paths: Set<String> = []
        func add(_ tensor: ONNXTensor) {
            if case .raw(let path?, _) = tensor.storage { paths.insert(path) }
        }
        for tensor in graph.initializers.values { add(tensor) }
        for node in graph.nodes {
            for attribute in node.attributes.values {
                if case .tensor(let tensor) = attribute { add(tensor) }
            }
        }
        return paths.sorted()
    }
}
