import Text

/// An option of a data set, declared in its description.
package struct DataOption<Value: SettingValue>: Sendable {
    /// The setting `dataset.KEY`.
    let setting: Setting
    /// The value where none is given.
    let fallback: Value

    /// An option.
    ///
    /// - Parameter text: the default for readers, where it isn't simply the value. An option without a default has a
    ///   value for points that conflict.
    init(_ key: String, _ kind: SettingType, default fallback: Value, text: String? = nil, _ meaning: String)
    {
        setting = Setting("dataset.\(key)", kind, value: fallback.json, text: text, meaning)
        self.fallback = fallback
    }
}

/// The options of a data set at a point of the grid.
package struct DataOptions {
    /// The data set's name.
    let name: String
    /// The model's name.
    let model: String
    /// The files of the sweep.
    let files: SweepFiles
    /// The point's settings by path.
    fileprivate let values: [String: JSONValue]

    init(of point: GridPoint) {
        (name, model, values, files) = (point.dataset, point.name, point.values, point.files)
    }

    /// The value of an option; nil where none is given.
    func given<Value>(_ option: DataOption<Value>) -> Value? {
        values[option.setting.path].flatMap(Value.init(json:))
    }

    /// Whether a value is given for an option.
    func has(_ option: Setting) -> Bool { values[option.path] != nil }

    /// The value of an option, or its default.
    subscript<Value>(option: DataOption<Value>) -> Value { given(option) ?? option.fallback }
}

// MARK: - All kinds together

extension Dataset {
    /// The facts about each kind, in the order of the documentation.
    static let allKinds = kinds.map { $0.kind }

    /// The names of all data sets in sweep files.
    static let names = allKinds.flatMap(\.names)

    private static let byName = Dictionary(
        uniqueKeysWithValues: kinds.flatMap { kind in kind.kind.names.map { ($0, kind) } })

    /// The kind that has this name; Gaussian data for an unknown name.
    static func kind(of name: String) -> any DatasetDescription.Type { byName[name] ?? GaussianData.self }

    /// The options of all kinds. Those of several kinds with one key are one setting.
    static let settings: [Setting] = {
        var seen: Set<String> = []
        let paths = allKinds.flatMap(\.options).map(\.path).filter { seen.insert($0).inserted }
        return paths.compactMap { path in
            let having = allKinds.filter { $0.options.contains { $0.path == path } }
            let options = having.flatMap(\.options).filter { $0.path == path }
            return options.first.map { option in
                Setting(
                    path, options.dropFirst().reduce(option.kind) { $0.or($1.kind) },
                    default: text(having) { $0.options.first { $0.path == path }?.defaultText },
                    uses: [Setting.Use(path: "dataset", words: having.flatMap(\.names))],
                    different(options.map(\.meaning)).joined(separator: " "))
            }
        }
    }()

    /// For each data set, its options that other kinds read otherwise, so that values may be for those.
    static let ambiguousOptions = Dictionary(
        uniqueKeysWithValues: allKinds.flatMap { kind in
            let options = kind.options.filter { option in
                settings.contains { $0.path == option.path && $0.kind != option.kind }
            }
            return kind.names.map { ($0, options) }
        })

    /// A default that depends on the kind, for readers: "64 (gaussian, teacher), 200 (images)".
    static func text(_ kinds: [DataKind] = allKinds, _ value: (DataKind) -> String?) -> String {
        let values = different(kinds.compactMap(value))
        guard values.count > 1 else { return values.first ?? "" }
        return values.map { text in
            let names = kinds.filter { value($0) == text }.map { $0.plural ?? $0.names[0] }
            return "\(text) (\(names.joined(separator: ", ")))"
        }.joined(separator: ", ")
    }

    private static func different(_ texts: [String]) -> [String] {
        texts.enumerated().filter { !texts[..<$0.offset].contains($0.element) }.map(\.element)
    }
}
