import Learning
import Model
import Testing

@testable import Experiments
@testable import Sweep

/// Labels that are replaced, and classes that are chosen, of any data.
@Suite struct LabelOptionTests {
    private func noisy(_ noise: Double, _ labels: [Int32], seed: UInt64 = 7) -> [Int32] {
        var options = LabelOptions()
        options.noise = noise
        var rows = LearnedRows(rows: labels.indices.map { UInt32($0) }, labels: labels)
        rows.addNoise(options, classes: 10, RandomStreams(seed: seed))
        return rows.labels
    }

    @Test func `Labels are replaced at the rate asked for, the same points first at every rate`() {
        let own = (0..<20_000).map { Int32($0 % 10) }
        #expect(noisy(0, own) == own)
        var before = own
        var replaced: Set<Int> = []
        for noise in [0.1, 0.3, 0.7, 1] {
            let now = noisy(noise, own)
            let changed = Set(own.indices.filter { now[$0] != own[$0] })
            // A tenth of the labels drawn are the point's own. Five deviations of the count.
            let due = 0.9 * noise * 20_000
            #expect(abs(Double(changed.count) - due) < 5 * (due * (1 - 0.9 * noise)).squareRoot(), "\(noise)")
            #expect(replaced.isSubset(of: changed))
            #expect(replaced.allSatisfy { now[$0] == before[$0] })
            (before, replaced) = (now, changed)
        }
        #expect(noisy(0.3, own) == noisy(0.3, own) && noisy(0.3, own) != noisy(0.3, own, seed: 8))
        // Fewer training points have the labels that they have among all.
        #expect(noisy(0.3, Array(own.prefix(100))) == Array(noisy(0.3, own).prefix(100)))
        let counts = (0..<10).map { label in noisy(1, own).count { $0 == Int32(label) } }
        #expect(counts.allSatisfy { abs($0 - 2000) < 5 * 43 })
    }

    private func source(_ options: String, _ folder: DataFolder, seed: UInt64 = 0) throws -> ImageSource {
        let text =
            "name: s\nmodel: mlp\ndataset: {name: mnist\(options)}\ntraining: {steps: 1, batch_size: 2}"
        let settings = try SweepSpec(parsing: text, file: "s").grid[0].settings
        let images = try #require(settings.dataset.description as? ImageData)
        return try ImageSource(
            images, set: ImageSet.open(.mnist, in: folder.directory), streams: RandomStreams(seed: seed))
    }

    private func labels(_ source: ImageSource, _ part: DataPart) -> [Int32] {
        let points = BatchSource(source)
        var labels: [Int32] = []
        points.forEachBatch(of: part, points.makeBatch(points: 7)) { batch, _ in
            labels += batch.labels.prefix(batch.inputs.rows)
        }
        return labels
    }

    @Test func `Images of chosen classes are renumbered, and only training labels are noisy`() throws {
        let folder = try DataFolder()
        let trainLabels = (0..<40).map { Int32(($0 * 7) % 10) }
        let testLabels = (0..<20).map { Int32(($0 * 7 + 1) % 10) }
        let all = try source(", train_points: 40, test_points: 20", folder)
        #expect(labels(all, .train) == trainLabels && labels(all, .test) == testLabels)
        let some = try source(", train_points: 8, test_points: 4, classes: [7, 2]", folder)
        func filtered(_ labels: [Int32]) -> [Int32] {
            labels.filter { [7, 2].contains($0) }.map { $0 == 7 ? 0 : 1 }
        }
        #expect(labels(some, .train) == filtered(trainLabels) && labels(some, .test) == filtered(testLabels))
        #expect(some.classes == 2 && some.testLabels == filtered(testLabels))
        let noisy = try source(", train_points: 40, test_points: 20, label_noise: 1", folder)
        #expect(labels(noisy, .train) != trainLabels && labels(noisy, .test) == testLabels)
        // The images go with their labels.
        let batch = BatchSource(some).makeBatch(points: 8)
        var first = batch
        some.fill(&first, .train, from: 0, index: 0)
        let row = try #require(trainLabels.firstIndex { [7, 2].contains($0) })
        var whole = BatchSource(all).makeBatch(points: 40)
        all.fill(&whole, .train, from: 0, index: 0)
        #expect(first.inputs.rows(0..<1).values == whole.inputs.rows(row..<row + 1).values)
    }

    @Test func `Computed images have as many of the chosen classes as are asked for`() throws {
        func labels(_ options: String) throws -> [Int32] {
            let text =
                "name: s\nmodel: mlp\ndataset: {name: generated-images, \(options)}\n"
                + "training: {steps: 1, batch_size: 2}"
            let settings = try SweepSpec(parsing: text, file: "s").grid[0].settings
            let images = try #require(settings.dataset.description as? ImageData)
            let sets = ImageSets(in: DataDirectory(data: "none", cache: nil))
            let source = try ImageSource(
                images, set: sets.set(of: images), streams: RandomStreams(seed: 0))
            return self.labels(source, .train) + source.testLabels
        }
        let chosen = try labels("train_points: 7, test_points: 3, classes: [9, 2, 4]")
        // 2, 4, 9, 2, 4, 9, 2 train; the first three of the test images follow 50000.
        #expect(chosen == [1, 2, 0, 1, 2, 0, 1, 1, 2, 0])
    }

    @Test func `Sizes of chosen classes are those of the published sets`() throws {
        func facts(_ dataset: String) throws -> DataFacts {
            let text = "name: s\nmodel: mlp\ndataset: {\(dataset)}\ntraining: {steps: 1}"
            return try SweepSpec(parsing: text, file: "s").grid[0].settings.dataset.facts
        }
        let digits = try facts("name: mnist, classes: [0, 1]")
        #expect(digits.trainCount == 5923 + 6742 && digits.testCount == 980 + 1135)
        #expect(digits.classes == 2 && digits.outputs == 2)
        let things = try facts("name: fashion-mnist, classes: [9, 0, 4]")
        #expect(things.trainCount == 18_000 && things.testCount == 3000 && things.classes == 3)
        let plain = "name: s\nmodel: mlp\ndataset: mnist\ntraining: {steps: 1}"
        let given = "name: s\nmodel: mlp\ndataset: {name: mnist, label_noise: 0}\ntraining: {steps: 1}"
        #expect(
            try SweepSpec(parsing: plain, file: "s").grid[0].id
                == SweepSpec(parsing: given, file: "s").grid[0].id)
    }
}
