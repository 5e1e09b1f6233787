import Text

/// A setting that trials hold without code of its own. The schema declares it, `GridPoint` fills it in, identifiers
/// and files of kept weights have it where it differs from its default, and the part of a trial's settings that it
/// belongs to gives its value: `network[Setting.biases]`, or `training[…]` for a path below `training`.
package struct StoredSetting<Value: SettingValue>: Sendable {
    /// The declaration, for the schema's lists.
    let setting: Setting
    /// The default that JSON leaves out.
    let fallback: Value

    /// A setting with its declaration.
    ///
    /// - Parameters:
    ///   - ofData: the default where it depends on the kind of data set.
    ///   - ofModel: the default of models that have another.
    ///   - isKept: whether files of kept weights need it to rebuild the network.
    init(
        _ path: String, _ kind: SettingType, default fallback: Value, text: String? = nil,
        ofData: (@Sendable (DataKind) -> Value)? = nil, ofModel: [String: Value] = [:], isKept: Bool = false,
        uses: [Setting.Use] = [],
        _ meaning: String
    ) {
        var setting = Setting(path, kind, value: fallback.json, text: text, uses: uses, meaning)
        setting.storage = Setting.Storage(isKept: isKept, isValid: { Value(json: $0) != nil })
        if let ofData { setting.storage?.ofData = { ofData($0).json } }
        setting.storage?.ofModel = ofModel.mapValues(\.json)
        self.setting = setting
        self.fallback = fallback
    }
}

extension Setting {
    /// How trials store a setting.
    struct Storage: Sendable {
        let isKept: Bool
        let isValid: @Sendable (JSONValue) -> Bool
        var ofData: (@Sendable (DataKind) -> JSONValue)?
        var ofModel: [String: JSONValue] = [:]
    }

    /// The stored settings of the network.
    static let storedOfNetwork = all.filter { $0.storage != nil && $0.group == nil }
    /// Those that files of kept weights have.
    static let keptOfNetwork = storedOfNetwork.filter { $0.storage?.isKept ?? false }
    /// The stored settings of the training.
    static let storedOfTraining = all.filter { $0.storage != nil && $0.group == "training" }
}

/// The stored settings of a part of a trial's settings: those that differ from their defaults.
package struct StoredSettings: Hashable, Sendable {
    /// The values by the last part of the setting's path.
    private(set) var values: [String: JSONValue] = [:]

    /// Sets a value. One that equals the default is left out.
    mutating func set(_ setting: Setting, _ value: JSONValue) {
        values[setting.key] = value == setting.fallback ? nil : value
    }
}

/// A part of a trial's settings that holds stored settings.
package protocol StoringPart {
    /// The settings that differ from their defaults.
    var stored: StoredSettings { get set }
}

extension StoringPart {
    /// The value of a stored setting of this part.
    package subscript<Value>(setting: StoredSetting<Value>) -> Value {
        get { stored.values[setting.setting.key].flatMap(Value.init(json:)) ?? setting.fallback }
        set { stored.set(setting.setting, newValue.json) }
    }
}

extension TrialSettings.Network: StoringPart {}
extension TrialSettings.Training: StoringPart {}
