import Learning
import LinearAlgebra
import Model
import Sweep

/// The images of a set, in a new random order each epoch.
final class ImageSource: PointSource {
    let set: ImageSet
    let trainCount: Int?
    let testCount: Int
    private let train: LearnedRows
    private let test: LearnedRows
    private let scale: Float
    private let offset: Float
    private var order: EpochOrder
    var inputs: Int { self.set.numbersPerImage }
    var outputs: Int { classes }
    let classes: Int
    var testLabels: [Int32] { Array(test.labels.prefix(testCount)) }

    static func make(_ description: ImageData, for trial: TrialData) throws(ExperimentError) -> ImageSource {
        do throws(DataError) {
            return try ImageSource(
                description, set: trial.images.set(of: description), streams: trial.streams)
        } catch { throw .data(error) }
    }

    init(_ settings: ImageData, set: ImageSet, streams: RandomStreams) throws(DataError) {
        self.set = set
        classes = settings.labels.classes?.count ?? settings.name.classes
        var train = LearnedRows(set.train.labels, settings.labels)
        test = LearnedRows(set.test.labels, settings.labels)
        let count = settings.trainPoints ?? train.count
        trainCount = count
        testCount = settings.testPoints ?? test.count
        for (asked, held) in [(count, train.count), (testCount, test.count)] where asked > held {
            throw DataError(file: settings.name.rawValue, problem: .tooFewPoints(asked: asked, held: held))
        }
        train.addNoise(settings.labels, classes: classes, streams)
        self.train = train
        (scale, offset) = settings.scale.affine
        order = EpochOrder(points: count, streams)
    }

    func fill(_ batch: inout Batch<Float>, step: Int, anew: Bool) {
        gather(&batch, set.train, train, order.batch(of: batch.inputs.rows, step: step).map { Int($0) })
    }

    func fill(_ batch: inout Batch<Float>, _ part: DataPart, from start: Int, index: Int) {
        let isTest = part == .test
        gather(
            &batch, isTest ? set.test : set.train, isTest ? test : train,
            Array(start..<start + batch.inputs.rows))
    }

    private func gather(
        _ batch: inout Batch<Float>, _ part: ImageSet.Part, _ learned: LearnedRows, _ points: [Int]
    ) {
        batch.inputs.gather(
            part.pixels, rows: points.map { learned.rows[$0] }[...], scale: scale, offset: offset)
        for (position, point) in points.enumerated() {
            batch.set(label: learned.labels[point], at: position)
        }
    }
}

/// The image sets that trials opened, kept for the trials to come.
final class ImageSets {
    private let directory: DataDirectory
    private var sets: [ImageSetDescription: ImageSet] = [:]
    private var generated: (settings: ImageData, set: ImageSet)?

    init(in directory: DataDirectory) { self.directory = directory }

    /// The set that a trial's images are taken from.
    func set(of images: ImageData) throws(DataError) -> ImageSet {
        if images.name == .generated {
            // Noise is a trial's own.
            var images = images
            images.labels.noise = 0
            if let generated, generated.settings == images { return generated.set }
            let set = GeneratedImages(images).make()
            generated = (images, set)
            return set
        }
        if let open = sets[images.name] { return open }
        let set = try ImageSet.open(images.name, in: directory)
        sets[images.name] = set
        return set
    }
}
