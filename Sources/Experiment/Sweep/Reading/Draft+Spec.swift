import Text

extension Draft {
    /// Reads a text and returns the result of `make`.
    ///
    /// - Parameter file: the text's name in messages.
    static func read<Made>(
        _ text: [UInt8], file: String, _ make: (inout Draft, inout Faults) -> Made?
    ) throws(SweepError) -> Made {
        var faults = Faults()
        do {
            var draft = Draft(try YAMLReader.read(text), &faults)
            draft.implyArray()
            if let made = make(&draft, &faults) { return made }
        } catch {
            throw SweepError(file: file, faults: [error])
        }
        throw SweepError(file: file, faults: faults.list)
    }

    /// The grid, or nil with faults. Points aren't checked.
    mutating func grid(_ faults: inout Faults) -> (grid: Grid, conditions: [Condition])? {
        settleDraws()
        settleNetwork(&faults)
        checkTwice(&faults)
        checkExclusive(&faults)
        checkRequired(&faults)
        checkUses(&faults)
        checkZips(&faults)
        checkDraws(&faults)
        let conditions = parsedConditions(&faults)
        guard faults.isEmpty, let grid = grid(conditions, &faults) else { return nil }
        return (grid, conditions)
    }

    /// The checked sweep, or nil with faults.
    mutating func spec(_ faults: inout Faults) -> SweepSpec? {
        guard let name, let (whole, conditions) = grid(&faults) else { return nil }
        checkFiles(of: whole, &faults)
        guard faults.isEmpty else { return nil }
        let largest = checkPoints(of: whole, &faults)
        let reader = FigureReader(
            axes: whole.axes, fixed: whole.fixed, zips: zips.map(\.paths), words: words, largest: largest)
        let figures = self.figures.map { reader.figures($0, &faults) } ?? []
        let claims = self.claims.map { ClaimReader(figures: reader, fileAxes: fileAxes).claims($0, &faults) }
        guard faults.isEmpty else { return nil }
        let grid = whole.pruned
        let spec = SweepSpec(
            name: name, grid: grid, zip: ordered { _ in true }, sobol: ordered { $0.key == "sobol" },
            conditions: conditions, figures: figures, claims: claims ?? [], style: style)
        // The canonical text must be readable again. It can be longer than the file, because numbers may need
        // more digits.
        let size = spec.canonicalJSON.canonicalText.utf8.count
        guard size <= YAMLReader.byteLimit else {
            let limit = YAMLReader.byteLimit
            faults.add(
                .wholeFile, "",
                grid.files == SweepFiles()
                    ? .fileTooLarge(bytes: size, limit: limit) : .networksTooLarge(bytes: size, limit: limit))
            return nil
        }
        return spec
    }

    /// The location and the name with which a setting is given.
    func given(_ path: String) -> (location: SweepError.Location, shown: String)? {
        if let axis = axes.first(where: { $0.axis.path == path }) { return (axis.location, axis.shown) }
        if let given = fixed[path] { return (given.location, given.shown) }
        return layerEntries[path].map { ($0.location, $0.word.isEmpty ? path : "\(path) (\($0.word))") }
    }

    private func isGiven(_ path: String) -> Bool { given(path) != nil }

    private func checkTwice(_ faults: inout Faults) {
        for axis in axes {
            let path = axis.axis.path
            if let other = fixed[path] {
                addTwice((axis.location, axis.shown), (other.location, other.shown), &faults)
            }
            guard path == "dataset", case .list(let values) = axis.axis.values else { continue }
            for option in Set(values.flatMap { $0.object?.keys.sorted() ?? [] }).sorted()
            where option != "name" {
                guard let other = given("dataset." + option) else { continue }
                addTwice((axis.location, "\(axis.shown).\(option)"), other, &faults)
            }
        }
    }

    /// Adds a fault at the later of two locations, whatever order the file's sections have.
    private func addTwice(
        _ one: (location: SweepError.Location, shown: String),
        _ other: (location: SweepError.Location, shown: String),
        _ faults: inout Faults
    ) {
        let (first, second) = one.location.precedes(other.location) ? (one, other) : (other, one)
        faults.add(second.location, second.shown, .givenTwice(first: first.location))
    }

    private func checkExclusive(_ faults: inout Faults) {
        for (one, other) in Setting.exclusive {
            guard let first = one.first(where: isGiven), let second = other.first(where: isGiven),
                let (location, shown) = given(second)
            else { continue }
            faults.add(location, shown, .excludes(first))
        }
    }

    private func checkRequired(_ faults: inout Faults) {
        if !isGiven("model") { faults.add(mapping(lacking: "model"), "", .missing(["model"])) }
        if !isGiven("dataset") {
            // Options without a name belong to the values of the axis 'dataset', but this sweep has no such
            // axis.
            let options = fixed.filter { $0.key.hasPrefix("dataset.") }.values.map(\.location)
            let first = options.dropFirst().reduce(options.first) { first, location in
                first.map { location.precedes($0) ? location : $0 }
            }
            faults.add(
                first ?? mapping(lacking: "dataset"), "",
                .missing([first == nil ? "dataset" : "dataset.name"]))
        }
        let models = words(of: "model") + words(of: Setting.Use.networkPath)
        for (model, path) in [
            ("vib", "beta"), ("onnx", "file"), ("onnx", "dataset.inputs"), ("layers", "network"),
        ]
        where models.contains(model) && !isGiven(path) {
            // Each value of an axis of data sets has its own.
            if path == "dataset.inputs", fixed["dataset"]?.value.string != "array" { continue }
            faults.add(mapping(lacking: path), "", .missing([path]))
        }
    }

    /// Checks that every given setting matters to some trial.
    private func checkUses(_ faults: inout Faults) {
        let paths = axes.map(\.axis.path) + fixed.keys.sorted()
        for path in paths {
            guard let setting = Setting[path: path], let (location, shown) = given(path) else { continue }
            for use in setting.uses {
                let words = words(of: use.path)
                guard !words.isEmpty, words.allSatisfy({ !use.words.contains($0) }) else { continue }
                if path == "layers", words == ["layers"] {
                    faults.add(location, shown, Draft.layersAreListed)
                    continue
                }
                // Other programs call a trained network's hidden layers 'layers'.
                if use == .onnx, faults.addAlias(location, shown, path, isKnown: Setting.isName) { continue }
                let needs = use.named(for: self.words(of: "model"))
                faults.add(location, shown, .unused(needs: needs, found: words))
            }
        }
    }

    /// The words that a setting takes anywhere in the grid, or the kinds of network; empty if it isn't given.
    func words(of path: String) -> [String] {
        if path == Setting.Use.networkPath {
            let models = words(of: "model")
            guard models == ["vib"] else { return models }
        }
        if let axis = axes.first(where: { $0.axis.path == path }), case .list(let values) = axis.axis.values {
            return values.compactMap { $0.string ?? $0["name"]?.string }
        }
        if let given = fixed[path] { return given.value.string.map { [$0] } ?? [] }
        switch path {
        case "training.optimizer": return ["adam"]
        case "training.schedule": return ["constant"]
        case "normalisation": return words(of: Setting.Use.networkPath) == ["resnet"] ? ["batch"] : ["none"]
        case Setting.Use.networkPath: return ["mlp"]
        default: return []
        }
    }

    private func parsedConditions(_ faults: inout Faults) -> [Condition] {
        let named = ConditionAxes(axes.map(\.axis), ofFile: fileAxes)
        var parsed: [Condition] = []
        for node in conditions {
            guard let scalar = node.text(path: "where", due: .text, &faults) else { continue }
            do {
                let condition = try ConditionParser.parse(scalar.text, axes: named)
                if let condition = condition.simplified(by: named) { parsed.append(condition) }
            } catch {
                var location = node.location
                if case .file(let line, _) = location, let column = scalar.textColumn {
                    location = .file(line: line, column: column + error.offset)
                }
                faults.add(location, "where", .condition(error.mistake))
            }
        }
        return parsed
    }

    private func grid(_ conditions: [Condition], _ faults: inout Faults) -> Grid? {
        do {
            return try Grid(
                axes: axes.map(\.axis), fixed: fixed.mapValues(\.value), zip: zips.map(\.paths),
                conditions: conditions, files: files)
        } catch {
            switch error {
            case .tooLarge(let count):
                let largest = axes.max { $0.axis.count < $1.axis.count }
                faults.add(largest?.location ?? .wholeFile, "axes", .gridTooLarge(count, limit: Grid.limit))
            case .empty: faults.add(self.conditions.first?.location ?? .wholeFile, "where", .gridEmpty)
            case .tooWide(let axes, let points):
                faults.add(
                    self.conditions.first?.location ?? .wholeFile, "where",
                    .whereTooWide(axes: axes, points: points, limit: Selection.limit))
            }
            return nil
        }
    }
}
