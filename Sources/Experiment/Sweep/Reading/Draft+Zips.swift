import Text

/// Axes that advance together, and what drawn axes get their numbers from.
extension Draft {
    /// Groups of axes in normal form: axes within a group, and the groups, in the order of the axes, because the file's
    /// order has no meaning.
    func ordered(_ isIncluded: (Zip) -> Bool) -> [[String]] {
        func location(_ path: String?) -> Int { axes.firstIndex { $0.axis.path == path } ?? axes.count }
        return zips.filter(isIncluded).map { zip in zip.paths.sorted { location($0) < location($1) } }
            .sorted { location($0.first) < location($1.first) }
    }

    /// Draws the numbers of drawn axes again, now that the axes that they advance with are known.
    mutating func settleDraws() {
        let sequences = ordered { $0.key == "sobol" }
        for index in axes.indices {
            let path = axes[index].axis.path
            guard case .drawn(let draws) = axes[index].axis.values else { continue }
            var source =
                zips.contains { $0.paths.contains(path) }
                ? DrawnValues.Source.independent : DrawnValues.Source.distinct
            if let dimension = sequences.lazy.compactMap({ $0.firstIndex(of: path) }).first,
                dimension < SobolSequence.dimensions
            {
                source = .sobol(dimension)
            }
            axes[index].axis = Axis(path: path, values: .drawn(draws.drawn(source)))
        }
    }

    /// Checks that drawn numbers are enough, and don't make two points alike.
    func checkDraws(_ faults: inout Faults) {
        for axis in axes {
            guard case .drawn(let draws) = axis.axis.values, draws.numbers.count < draws.rule.count else {
                continue
            }
            faults.add(
                axis.location, axis.shown, .tooFewToDraw(draws.numbers.count, count: draws.rule.count))
        }
        for zip in zips {
            let group = axes.map(\.axis).filter { zip.paths.contains($0.path) }
            let numbers = group.compactMap { axis -> [Double]? in
                if case .drawn(let draws) = axis.values { draws.numbers } else { nil }
            }
            if zip.key == "sobol" { checkSobol(zip, &faults) }
            // The values of other axes all differ.
            guard numbers.count == group.count, let count = numbers.map(\.count).min() else { continue }
            if let (first, second) = firstRepeat(in: (0..<count).map { point in numbers.map { $0[point] } }) {
                faults.add(zip.location, zip.key, .repeatedPoint(first + 1, second + 1))
            }
        }
    }

    private func checkSobol(_ zip: Zip, _ faults: inout Faults) {
        for path in zip.paths {
            guard let axis = axes.first(where: { $0.axis.path == path })?.axis else { continue }
            if case .drawn = axis.values { continue }
            faults.add(zip.location, "sobol.\(path)", .notDrawn)
        }
        if zip.paths.count > SobolSequence.dimensions {
            faults.add(
                zip.location, "sobol", .tooManySobol(zip.paths.count, limit: SobolSequence.dimensions))
        }
    }

    func checkZips(_ faults: inout Faults) {
        var seen: Set<String> = []
        for zip in zips {
            var zipped: [SweepError.ZippedAxis] = []
            for path in zip.paths {
                guard let axis = axes.first(where: { $0.axis.path == path })?.axis else {
                    if !faults.addAlias(zip.location, "\(zip.key).\(path)", path, isKnown: Setting.isName) {
                        let suggestion = nearestSpelling(to: path, among: axes.map(\.axis.path))
                        faults.add(
                            zip.location, "\(zip.key).\(path)",
                            .notAnAxis(suggestion: suggestion, isSetting: Setting[path: path] != nil))
                    }
                    continue
                }
                if !seen.insert(path).inserted {
                    faults.add(zip.location, "\(zip.key).\(path)", .zippedTwice)
                }
                zipped.append(SweepError.ZippedAxis(path: path, count: axis.count))
            }
            // A single fault lists all axes, because only the user knows which of them is wrong.
            if zipped.contains(where: { $0.count != zipped[0].count }) {
                faults.add(zip.location, zip.key, .zipUnequal(zipped))
            }
        }
    }
}
