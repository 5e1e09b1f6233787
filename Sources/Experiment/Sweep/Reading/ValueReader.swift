import Model
import Text

extension YAMLNode {
    /// The node as a value of `kind` in normal form (values with equal meanings are equal), or nil with a
    /// fault.
    func value(of kind: SettingType, path: String, _ faults: inout Faults) -> JSONValue? {
        switch kind {
        case .integer(let range):
            return integer(in: range, path: path, &faults).map { JSONValue($0) }
        case .number(let bounds):
            return number(in: bounds, path: path, &faults).map(JSONValue.number)
        case .numberOrOff(let bounds):
            // `off` may be in quotes, because sweep.json puts words in quotes and is read again.
            if scalar?.text == "off" { return .string("off") }
            return number(in: bounds, path: path, &faults).map(JSONValue.number)
        case .word(let words): return word(of: words, path: path, &faults).map(JSONValue.string)
        case .flag: return flag(path: path, &faults).map(JSONValue.bool)
        case .dataset: return dataset(path: path, &faults)
        case .integers(let range, let limit):
            guard let items = list(path: path, limit: limit, &faults) else { return nil }
            let numbers = items.compactMap { $0.integer(in: range, path: path, &faults) }
            return numbers.count == items.count ? JSONValue(numbers) : nil
        case .numbers(let bounds, let limit):
            return numbers(in: bounds, limit: limit, path: path, &faults)
        case .matrix(let limit): return matrix(limit: limit, path: path, &faults)
        case .times: return times(path: path, &faults)
        case .points:
            if scalar?.text == "all" { return .string("all") }
            return integer(in: SettingType.pointRange, path: path, &faults).map { JSONValue($0) }
        case .weights: return keptWeights(path: path, &faults)
        case .path: return filePath(path: path, &faults)
        case .patterns: return patterns(path: path, &faults)
        case .network:
            var reader = NetworkReader()
            return reader.network(self, &faults).map { WrittenNetwork(layers: $0).json }
        case .column(isList: false):
            return text(path: path, due: .text, &faults).map { .string($0.text) }
        case .column(isList: true):
            guard let items = list(path: path, limit: 10_000, &faults) else { return nil }
            let names = items.compactMap { $0.text(path: path, due: .text, &faults)?.text }
            return names.count == items.count ? .array(names.map(JSONValue.string)) : nil
        case .numberOr(let number, let other):
            guard let scalar, !scalar.quoted, case .success = decimalNumber(scalar) else {
                return value(of: other, path: path, &faults)
            }
            return value(of: number, path: path, &faults)
        }
    }

    // MARK: One scalar

    /// The scalar, or nil with a fault that says what was expected.
    package func text(path: String, due: SweepError.Due, _ faults: inout Faults) -> Scalar? {
        guard let scalar else {
            faults.add(location, path, .wrongType(due: due, found: shown))
            return nil
        }
        // The spellings of null in YAML.
        if !scalar.quoted, ["", "~", "null", "Null", "NULL"].contains(scalar.text) {
            faults.add(location, path, .missingValue(due: due))
            return nil
        }
        return scalar
    }

    func number(in bounds: Bounds, path: String, _ faults: inout Faults) -> Double? {
        guard let scalar = text(path: path, due: .number, &faults) else { return nil }
        switch decimalNumber(scalar) {
        case .failure(let mistake):
            faults.add(location, path, .number(mistake, found: shown))
            return nil
        case .success(let number):
            guard bounds.contains(number) else {
                faults.add(location, path, .outOfBounds(numberText(number), bounds: bounds.due))
                return nil
            }
            return number
        }
    }

    package func integer(in range: ClosedRange<Int>, path: String, _ faults: inout Faults) -> Int? {
        let any = Bounds(.none, .none)
        guard let number = number(in: any, path: path, &faults) else { return nil }
        guard number == number.rounded() else {
            faults.add(location, path, .notWhole(numberText(number)))
            return nil
        }
        guard Bounds(range).contains(number) else {
            faults.add(location, path, .outOfBounds(numberText(number), bounds: Bounds(range).text))
            return nil
        }
        return Int(number)
    }

    func word(of words: [String], path: String, _ faults: inout Faults) -> String? {
        guard !faults.isFull else { return nil }
        guard let scalar = text(path: path, due: .oneOf(words), &faults) else { return nil }
        guard words.contains(scalar.text) else {
            if faults.addAlias(location, path, scalar.text, isKnown: words.contains) { return nil }
            faults.add(
                location, path,
                .unknownWord(shown, due: words, suggestion: nearestSpelling(to: scalar.text, among: words)))
            return nil
        }
        return scalar.text
    }

    package func flag(path: String, _ faults: inout Faults) -> Bool? {
        guard let scalar = text(path: path, due: .flag, &faults) else { return nil }
        guard !scalar.quoted, scalar.text == "true" || scalar.text == "false" else {
            faults.add(location, path, .wrongType(due: .flag, found: found))
            return nil
        }
        return scalar.text == "true"
    }

    private func filePath(path: String, _ faults: inout Faults) -> JSONValue? {
        guard let scalar = text(path: path, due: .text, &faults) else { return nil }
        guard !scalar.text.isEmpty, !scalar.text.hasSuffix("/"),
            scalar.text.unicodeScalars.allSatisfy({ $0.value >= 32 && $0.value != 127 })
        else {
            faults.add(location, path, .wrongType(due: .file, found: found))
            return nil
        }
        return .string(scalar.text)
    }

    // MARK: Lists

    /// Reads names or patterns.
    private func patterns(path: String, _ faults: inout Faults) -> JSONValue? {
        var names: [String]
        if sequence == nil {
            guard let scalar = text(path: path, due: .text, &faults) else { return nil }
            names = scalar.text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        } else {
            guard let items = list(path: path, limit: 1000, &faults) else { return nil }
            names = items.compactMap { $0.text(path: path, due: .text, &faults)?.text }
            guard names.count == items.count else { return nil }
        }
        guard !names.isEmpty, !names.contains("") else {
            faults.add(location, path, .emptyList)
            return nil
        }
        // To name a layer twice means the same.
        names = names.enumerated().filter { !names[..<$0.offset].contains($0.element) }.map(\.element)
        return .array(names.map(JSONValue.string))
    }

    package func list(path: String, limit: Int, _ faults: inout Faults) -> [YAMLNode]? {
        guard let sequence else {
            faults.add(location, path, .wrongType(due: .list, found: found))
            return nil
        }
        guard sequence.count <= limit else {
            faults.add(location, path, .tooMany(sequence.count, limit: limit))
            return nil
        }
        return sequence
    }

    private func numbers(
        in bounds: Bounds, limit: Int, path: String, _ faults: inout Faults
    ) -> JSONValue? {
        guard let items = list(path: path, limit: limit, &faults) else { return nil }
        guard !items.isEmpty else {
            faults.add(location, path, .emptyList)
            return nil
        }
        let numbers = items.compactMap { $0.number(in: bounds, path: path, &faults) }
        guard numbers.count == items.count else { return nil }
        let mayRepeat = ["correlations", ".mean", ".std"].contains(where: path.hasSuffix)
        if !mayRepeat, let (first, second) = firstRepeat(in: numbers) {
            faults.add(
                items[second].location, path,
                .repeatedValue(numberText(numbers[second]), first: items[first].location))
            return nil
        }
        return JSONValue(numbers)
    }

    private func matrix(limit: Int, path: String, _ faults: inout Faults) -> JSONValue? {
        guard let rows = list(path: path, limit: limit, &faults) else { return nil }
        var matrix: [[Double]] = []
        for row in rows {
            guard let items = row.list(path: path, limit: limit, &faults) else { return nil }
            guard items.count == rows.count else {
                faults.add(row.location, path, .notSquare(rows: rows.count, columns: items.count))
                return nil
            }
            let numbers = items.compactMap { $0.number(in: Bounds(.none, .none), path: path, &faults) }
            guard numbers.count == items.count else { return nil }
            matrix.append(numbers)
        }
        guard rows.count >= 2 else {
            faults.add(location, path, .notSquare(rows: rows.count, columns: rows.count))
            return nil
        }
        for i in matrix.indices {
            for j in 0..<i where matrix[i][j] != matrix[j][i] {
                faults.add(
                    rows[i].sequence?[j].location ?? location, path, .notSymmetric(row: i + 1, column: j + 1))
                return nil
            }
        }
        guard isPositiveDefinite(matrix) else {
            faults.add(location, path, .notPositiveDefinite)
            return nil
        }
        return .array(matrix.map { JSONValue($0) })
    }

    // MARK: Mappings

    /// Reads `end`, `log`, `linear`, {linear: n}, {log: n}, {epochs: n} or [steps…]. `log` alone means {log: 20}.
    private func times(path: String, _ faults: inout Faults) -> JSONValue? {
        if let items = sequence { return steps(items, path: path, &faults) }
        if let entries = mapping {
            guard entries.count == 1, ["linear", "log", "epochs"].contains(entries[0].key) else {
                let due: SweepError.Due = .times
                faults.add(location, path, .wrongType(due: due, found: "another mapping"))
                return nil
            }
            let count = entries[0].value.integer(in: 1...100_000, path: path, &faults)
            return count.map { .object([entries[0].key: JSONValue($0)]) }
        }
        guard let scalar = text(path: path, due: .times, &faults) else { return nil }
        switch scalar.text {
        case "end": return .string("end")
        case "log", "linear": return .object([scalar.text: JSONValue(20)])
        default:
            faults.add(location, path, .wrongType(due: .times, found: found))
            return nil
        }
    }

    /// Reads a list of steps and sorts them in ascending order.
    private func steps(_ items: [YAMLNode], path: String, _ faults: inout Faults) -> JSONValue? {
        guard !items.isEmpty else {
            faults.add(location, path, .emptyList)
            return nil
        }
        var numbers: [Int] = []
        for item in items {
            guard let step = item.integer(in: 1...1_000_000_000, path: path, &faults) else { return nil }
            if let last = numbers.last, step <= last {
                faults.add(item.location, path, .notIncreasing(step, after: last))
                return nil
            }
            numbers.append(step)
        }
        return JSONValue(numbers)
    }

    /// Reads `none`, `final`, `best` or [steps…].
    private func keptWeights(path: String, _ faults: inout Faults) -> JSONValue? {
        if sequence != nil {
            guard let items = list(path: path, limit: 1000, &faults) else { return nil }
            return steps(items, path: path, &faults)
        }
        guard mapping == nil else {
            faults.add(location, path, .wrongType(due: .weights, found: found))
            return nil
        }
        return word(of: ["none", "final", "best"], path: path, &faults).map(JSONValue.string)
    }

    /// Reads a name, or {name: …, options}. A mapping with only a name becomes the name.
    private func dataset(path: String, _ faults: inout Faults) -> JSONValue? {
        guard mapping != nil else {
            return word(of: Dataset.names, path: path, &faults).map(JSONValue.string)
        }
        guard var members = datasetMembers(path: path, &faults) else { return nil }
        // An array needs no other name than its file.
        if members["name"] == nil, members["inputs"]?.string != nil { members["name"] = .string("array") }
        guard let name = members["name"]?.string else {
            faults.add(location, path, .missing(["name"]))
            return nil
        }
        for key in members.keys.sorted() where key != "name" {
            guard let use = Setting[path: "dataset." + key]?.uses.first, !use.words.contains(name) else {
                continue
            }
            let at = mapping?.first { $0.key == key }?.keyLocation ?? location
            faults.add(at, "\(path).\(key)", .unused(needs: use, found: [name]))
            return nil
        }
        return members.count == 1 ? .string(name) : .object(members)
    }

    /// The checked members of a data set's mapping, including `name` if given.
    func datasetMembers(path: String, _ faults: inout Faults) -> [String: JSONValue]? {
        let known = Setting.all.filter { $0.group == "dataset" }.map {
            String($0.path.dropFirst("dataset.".count))
        }
        var members: [String: JSONValue] = [:]
        var sound = true
        for entry in mapping ?? [] where !faults.isFull {
            let memberPath = "\(path).\(entry.key)"
            if entry.key == "name" {
                members["name"] = entry.value.word(of: Dataset.names, path: memberPath, &faults)
                    .map(JSONValue.string)
            } else if let setting = Setting[path: "dataset." + entry.key] {
                members[entry.key] = entry.value.value(of: setting.kind, path: memberPath, &faults)
            } else if !Setting.addAlias(
                "dataset." + entry.key, inGroup: "dataset", shown: memberPath, location: entry.keyLocation,
                &faults)
            {
                let suggestion = nearestSpelling(to: entry.key, among: ["name"] + known)
                faults.add(entry.keyLocation, memberPath, .unknownSetting(suggestion: suggestion))
            }
            if members[entry.key] == nil { sound = false }
        }
        return sound ? members : nil
    }
}

/// The locations of the first repeated value: its first and its second occurrence.
func firstRepeat<Value: Hashable>(in values: [Value]) -> (first: Int, second: Int)? {
    var seen: [Value: Int] = [:]
    for (index, value) in values.enumerated() {
        if let first = seen[value] { return (first, index) }
        seen[value] = index
    }
    return nil
}

/// Whether the matrix has a Cholesky decomposition. Reads the lower triangle.
func isPositiveDefinite(_ matrix: [[Double]]) -> Bool {
    var factor = matrix
    for j in matrix.indices {
        for i in j..<matrix.count {
            var sum = matrix[i][j]
            for k in 0..<j { sum -= factor[i][k] * factor[j][k] }
            if i == j {
                guard sum > 0 else { return false }
                factor[j][j] = sum.squareRoot()
            } else {
                factor[i][j] = sum / factor[j][j]
            }
        }
    }
    return true
}
