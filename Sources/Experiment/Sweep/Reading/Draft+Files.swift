import Model
import Text

extension Draft {
    /// Looks at the files that the sweep names, each once. Whether they fit together is checked with the points of
    /// the grid.
    mutating func lookAtFiles(_ look: FileLook) {
        guard fixed["model"]?.value.string == "onnx" else { return }
        let datasets = values("dataset")
        func paths(_ option: String) -> [String] {
            (values("dataset." + option) + datasets.compactMap { $0[option] }).compactMap(\.string)
        }
        var layouts: [PointLayout] = []
        for path in paths("inputs") {
            let facts = facts(of: path, .points, look)
            guard case .points(let shape) = facts.content else { continue }
            for isLast in [false, true] where !isLast || paths("layout").contains("nhwc") && shape.count == 4
            {
                layouts.append(
                    PointLayout(sizes: Array(shape.dropFirst()), channelsAreLast: isLast))
            }
        }
        for path in paths("labels") { _ = facts(of: path, .labels, look) }
        for path in values("file").compactMap(\.string) {
            _ = facts(of: path, .network(layouts), look)
        }
    }

    private mutating func facts(of path: String, _ role: FileRole, _ look: FileLook) -> FileFacts {
        if let known = files.facts[path] { return known }
        let facts = look(path, role)
        files.facts[path] = facts
        return facts
    }

    private func values(_ path: String) -> [JSONValue] {
        if let axis = axes.first(where: { $0.axis.path == path })?.axis {
            return (0..<axis.count).map { axis.values[$0] }
        }
        return fixed[path].map { [$0.value] } ?? []
    }
}
