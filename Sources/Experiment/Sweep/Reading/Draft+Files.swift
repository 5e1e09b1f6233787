import Model
import Text

extension Draft {
    /// Looks at the files that the sweep names, each once. Whether they fit together is checked with the points of
    /// the grid.
    mutating func lookAtFiles(_ look: FileLook) {
        let (axes, fixed) = (axes.map(\.axis), fixed.mapValues(\.value))
        let named = NamedFiles { Axis.values(of: $0, axes, fixed) }
        var seen: Set<String> = []
        func take(_ files: NamedFiles.Paths, _ role: FileRole) {
            for (_, path) in files where seen.insert(path).inserted {
                let found = look(path, role)
                // A run goes on with its own copy of a file that is gone, or has changed.
                if let known = self.files.facts[path], known.file != found.file { continue }
                self.files.facts[path] = found
            }
        }
        take(named.points, .points)
        take(named.tables, .table)
        take(named.labels, .labels)
        take(named.targets, .targets)
        take(named.networks, .network(named.layouts(files)))
    }

    /// Checks that the files that trials read can be used.
    func checkFiles(of grid: Grid, _ faults: inout Faults) {
        for (setting, path) in NamedFiles(grid.values).all {
            guard case .unusable(let why) = grid.files[path: path].content,
                let (location, shown) = given(setting)
            else { continue }
            faults.add(location, shown, .conflict(.data("\(path): \(why)"), point: ""))
        }
    }
}
