extension TrialSettings {
    /// The most bytes of activations that a trial may hold at once to measure them. More would exceed a
    /// slot's share of a machine's memory, and the system would kill the trial or other work on the machine.
    public static let activationLimit = 4 << 30

    /// Bytes of activations that measures of the catalogue's table hold at once at one measured step: for all
    /// points that some measure requests, the inputs and each layer's output before and after its activation,
    /// in single precision. Double-precision copies of one layer at a time are extra.
    ///
    /// - Returns: 0 for data other than images and arrays, which have few points.
    public var activationBytes: Int { samples.reduce(0) { $0 + bytes(ofPoints: $1.points) } }

    /// The measure with the most points, and their number; nil where no measure has points.
    var largestSample: (measure: String, points: Int)? { samples.max { $0.points < $1.points } }

    /// The different numbers of points, each with a measure. Measures of equally many points share their
    /// activations.
    private var samples: [(measure: String, points: Int)] {
        guard graph == nil, dataset.description is ImageData || dataset.description is ArrayData else {
            return []
        }
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
    /// Conflicts because the activations to measure are too large.
    static func ofActivations(_ settings: TrialSettings) -> [PointConflict] {
        let bytes = settings.activationBytes
        guard bytes > TrialSettings.activationLimit, let sample = settings.largestSample else { return [] }
        return [
            PointConflict(
                "measures.\(sample.measure).points", .activationsTooLarge(bytes, points: sample.points))
        ]
    }
}
