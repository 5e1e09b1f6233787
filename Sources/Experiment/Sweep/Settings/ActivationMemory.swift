extension TrialSettings {
    /// Most bytes of activations that a trial measures at once. More is beyond what a slot's share of a machine
    /// holds, and the system would end the trial, or the machine's other work.
    public static let activationLimit = 4 << 30

    /// Of the measures of the catalogue's table, what they hold at once of a network at one measured step: at
    /// all points that one of them asks for, the inputs and each layer's output before and after its
    /// activation, in single precision. Copies in double of one layer at a time come on top.
    ///
    /// - Returns: 0 of data other than images, of which there are few.
    public var activationBytes: Int { samples.reduce(0) { $0 + bytes(ofPoints: $1.points) } }

    /// The measure whose points need most, and how many they are; nil where none has points.
    var largestSample: (measure: String, points: Int)? { samples.max { $0.points < $1.points } }

    /// Measures of the same points share them.
    private var samples: [(measure: String, points: Int)] {
        guard case .images = dataset else { return [] }
        let all = (dataset.facts.trainCount ?? 0) + dataset.facts.testCount
        var samples: [(measure: String, points: Int)] = []
        for measure in measures.requested where measure.settings["points"] != nil {
            let points = measure.testPoints ?? all
            if !samples.contains(where: { $0.points == points }) { samples.append((measure.name, points)) }
        }
        return samples
    }

    private func bytes(ofPoints points: Int) -> Int {
        4 * points * (inputCount + 2 * networkDescription.layerUnits.reduce(0, +))
    }
}

extension PointConflict {
    /// What a trial would have to hold to be measured.
    static func ofActivations(_ settings: TrialSettings) -> [PointConflict] {
        let bytes = settings.activationBytes
        guard bytes > TrialSettings.activationLimit, let sample = settings.largestSample else { return [] }
        return [
            PointConflict(
                "measures.\(sample.measure).points", .activationsTooLarge(bytes, points: sample.points))
        ]
    }
}
