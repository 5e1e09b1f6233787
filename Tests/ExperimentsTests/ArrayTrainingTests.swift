import Foundation
import Learning
import LinearAlgebra
import Model
import Records
import Sweep
import TestSupport
import Testing
import Text

@testable import Experiments

/// Files of the user's own, as a sweep looks at them and as trials find them.
private final class OwnFiles {
    let files: GivenFiles
    private var known: [String: FileFacts] = [:]
    var data: DataDirectory { DataDirectory(data: files.folder.path, cache: nil) }

    init() throws { files = try GivenFiles() }

    private func put(_ name: String, _ bytes: [UInt8], _ content: FileFacts.Content) throws {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        let file = ContentFile(
            ContentFile.Part(path: last, digest: Digest(of: bytes).hexadecimal(), bytes: bytes.count))
        try FileManager.default.createDirectory(
            at: files.folder.appending(path: file.folder), withIntermediateDirectories: true)
        _ = try files.write(bytes, "\(file.folder)/\(last)")
        known[name] = FileFacts(file, content)
    }

    /// - Parameter known: the shape that the sweep knows; nil: the file's.
    func points(_ name: String, _ shape: [Int], _ floats: [Float], known: [Int]? = nil) throws {
        try put(name, ArrayBytes.npy(shape, floats), .points(shape: known ?? shape))
    }

    func bytes(_ name: String, _ shape: [Int], _ bytes: [UInt8]) throws {
        try put(name, ArrayBytes.npy("|u1", shape, bytes), .points(shape: shape))
    }

    /// - Parameter known: the labels that the sweep knows; nil: the file's.
    func labels(_ name: String, _ labels: [Int], known: [Int]? = nil) throws {
        let known = known ?? labels
        let found = (0...(known.max() ?? 0)).map { label in
            FoundClass(count: known.count { $0 == label }, first: known.firstIndex(of: label) ?? 0)
        }
        try put(
            name, ArrayBytes.labels(labels),
            .labels(count: known.count, classes: found.count, found: found))
    }

    func targets(_ name: String, _ shape: [Int], _ floats: [Float]) throws {
        try put(
            name, ArrayBytes.npy(shape, floats),
            .targets(count: shape[0], columns: shape.count == 1 ? 1 : shape[1]))
    }

    /// A table, whose last column has these classes' words.
    func table(_ name: String, _ text: String, columns: [String], words: [String: Int]) throws {
        let rows = text.utf8.split(separator: 10).count - 1
        let columns = columns.map { column in
            TableFacts.Column(
                name: column, emptyLine: nil,
                text: column == columns.last ? .init(text: "word", line: 2) : nil,
                values: column == columns.last
                    ? words.sorted { $0.key < $1.key }.map {
                        .init(text: $0.key, found: FoundClass(count: $0.value, first: 2))
                    } : nil)
        }
        try put(name, Array(text.utf8), .table(TableFacts(rows: rows, columns: columns)))
    }

    func trial(_ dataset: String, model: String = "model: mlp", _ more: String) throws -> Trial {
        let text = "name: s\n\(model)\ndataset: {\(dataset)}\n\(more)\n"
        return try SweepSpec(
            parsing: text, file: "s.yaml",
            look: { path, _ in self.known[path] ?? FileFacts(unusable: "isn't there") }
        ).grid[0]
    }

    func run(_ dataset: String, model: String = "model: mlp", _ more: String) throws -> JSONValue {
        let settings = try trial(dataset, model: model, more).settings
        var runner = TrialRunner(data: data)
        let body = try runner.run(settings)
        let object = try #require(CanonicalObject(body.canonicalBytes))
        #expect(RecordForm(of: settings).fault(in: object) == nil)
        return body
    }

    func set(_ dataset: String) throws -> ArraySet {
        let settings = try trial(dataset, "training: {steps: 0, batch_size: 1}").settings
        let array = try #require(settings.dataset.description as? ArrayData)
        return try ArraySet(array, ContentFiles(data))
    }
}

private func floats(_ count: Int, _ seed: UInt64, _ range: ClosedRange<Double> = -1...1) -> [Float] {
    var draws = Draws(seed)
    return (0..<count).map { _ in Float(draws.uniform(range)) }
}

private func metric(_ body: JSONValue, _ key: String) -> Double? { body["metrics"]?[key]?.number }

/// Networks trained on arrays and tables.
@Suite struct ArrayTrainingTests {
    private let quick =
        "training: {steps: 20, batch_size: 8, learning_rate: 0.01}\nmeasures: {local_rank: {points: 2}}"

    /// Points left and right of a gap, by their class.
    private func separable(_ own: OwnFiles, _ name: String = "x.npy", _ labels: String = "y.npy") throws {
        let classes = (0..<60).map { $0 % 3 == 0 ? 1 : 0 }
        var points = floats(180, 4)
        for index in classes.indices { points[3 * index] += classes[index] == 1 ? 2 : -2 }
        try own.points(name, [60, 3], points)
        try own.labels(labels, classes)
    }

    @Test func `A line between two classes is learned without an error`() throws {
        let own = try OwnFiles()
        try separable(own)
        let body = try own.run(
            "inputs: x.npy, labels: y.npy",
            "training: {epochs: 30, batch_size: 16, learning_rate: 0.02}")
        #expect(metric(body, "accuracy") == 1 && metric(body, "train_accuracy") == 1)
        #expect(try #require(metric(body, "train_loss")) < 0.05)
        let bottleneck = try own.run(
            "inputs: x.npy, labels: y.npy", model: "model: vib\nbeta: 1e-4\nbottleneck: 2",
            "training: {epochs: 60, batch_size: 16, learning_rate: 0.02}")
        #expect(metric(bottleneck, "accuracy") == 1)
        // Twelve of sixty test: 8 of 40 points of class 0 and 4 of 20 of class 1.
        let entropy = -(8.0 / 12 * log(8.0 / 12) + 4.0 / 12 * log(4.0 / 12))
        let information = try #require(metric(bottleneck, "i_zy_nats"))
        #expect(information < entropy && information > entropy - 0.2)
    }

    /// y = 2x + 1 ± 1/2 at x = ±1: the best line leaves 1/4, and the mean over both outputs is half of it.
    @Test func `A linear network finds the least squares`() throws {
        let own = try OwnFiles()
        let x: [Float] = [-1, -1, 1, 1]
        try own.points("x.npy", [4, 1], x)
        try own.targets("t.npy", [4, 2], [-1.5, 3, -0.5, 3, 2.5, 3, 3.5, 3])
        let body = try own.run(
            "inputs: x.npy, targets: t.npy, test_inputs: x.npy, test_targets: t.npy",
            "hidden: []\ntraining: {steps: 2000, batch_size: 4, learning_rate: 0.02}")
        // The second output is the same everywhere, and is learned.
        let loss = try #require(metric(body, "train_loss"))
        #expect(abs(loss - 0.125) < 1e-4)
        #expect(metric(body, "test_loss") == loss && metric(body, "accuracy") == nil)
    }

    @Test func `Images may have their channels first or last, and be bytes or their fractions`() throws {
        let own = try OwnFiles()
        let (points, channels, pixels) = (16, 3, 36)
        var draws = Draws(8)
        let bytes = (0..<points * channels * pixels).map { index in
            index < 256 ? UInt8(index) : UInt8(draws.uniform(0...255))
        }
        var last = bytes
        for point in 0..<points {
            for channel in 0..<channels {
                for pixel in 0..<pixels {
                    last[(point * pixels + pixel) * channels + channel] =
                        bytes[(point * channels + channel) * pixels + pixel]
                }
            }
        }
        try own.bytes("first.npy", [points, channels, 6, 6], bytes)
        try own.bytes("last.npy", [points, 6, 6, channels], last)
        try own.points("unit.npy", [points, channels, 6, 6], bytes.map { Float($0) / 255 })
        try own.labels("y.npy", (0..<points).map { $0 % 2 })
        func run(_ dataset: String, _ model: String) throws -> JSONValue {
            try own.run(dataset + ", labels: y.npy", model: "model: \(model)\nwidth: 4", quick)
        }
        for model in ["cnn\ndepth: 3", "resnet", "vit\npatch: 3\nheads: 2\ndepth: 1", "mlp"] {
            let first = try run("inputs: first.npy, scale: 0.00392156862745098", model)
            let same = try run("inputs: last.npy, layout: nhwc, scale: 0.00392156862745098", model)
            let floats = try run("inputs: unit.npy", model)
            #expect(first == same && first == floats, "\(model)")
            #expect(metric(first, "train_loss") != nil)
        }
        // Unscaled bytes are other inputs.
        #expect(try run("inputs: first.npy", "mlp") != run("inputs: unit.npy", "mlp"))
    }

    @Test func `A share of each class tests, chosen by the split's own seed`() throws {
        let own = try OwnFiles()
        try own.points("x.npy", [50, 2], floats(100, 3))
        try own.labels("y.npy", (0..<50).map { $0 % 5 < 4 ? 0 : 1 })
        func split(_ more: String) throws -> (train: [UInt32], test: [UInt32]) {
            let set = try own.set("inputs: x.npy, labels: y.npy\(more)")
            return (set.train.learned.rows, set.test.learned.rows)
        }
        let (train, test) = try split("")
        #expect(Set(train).isDisjoint(with: test) && Set(train + test) == Set(0..<50))
        #expect(test.count == 10 && test.count { $0 % 5 == 4 } == 2 && train == train.sorted())
        #expect(try split("") == (train, test))
        #expect(try split(", split_seed: 1") != (train, test))
        for seed in 1..<6 {
            let other = try split(", split_seed: \(seed)").test
            #expect(other.count == 10 && other.count { $0 % 5 == 4 } == 2)
        }
        #expect(try split(", test_share: 0.5").test.count == 25)
        // The first training points of each class are those of the whole, in the classes' proportions.
        let few = try split(", train_points: 30")
        #expect(
            few.train.filter { $0 % 5 < 4 } == Array(train.filter { $0 % 5 < 4 }.prefix(24))
                && few.train.filter { $0 % 5 == 4 } == Array(train.filter { $0 % 5 == 4 }.prefix(6)))
        #expect(few.train == few.train.sorted() && few.test == test)
        // A class of one point trains.
        try own.labels("one.npy", [Int](repeating: 0, count: 49) + [1])
        let lonely = try own.set("inputs: x.npy, labels: one.npy")
        #expect(lonely.train.learned.labels.contains(1) && !lonely.test.learned.labels.contains(1))
    }

    @Test func `A few points of files in the order of their classes are of all classes`() throws {
        let own = try OwnFiles()
        try own.points("x.npy", [200, 1], floats(200, 3))
        try own.labels("y.npy", (0..<200).map { $0 < 100 ? 0 : $0 < 198 ? 1 : 2 })
        let pair = "inputs: x.npy, labels: y.npy"
        for files in [pair, pair + ", test_inputs: x.npy, test_labels: y.npy"] {
            let set = try own.set(files + ", train_points: 3, test_points: 20")
            #expect(set.train.learned.labels == [0, 1, 2])
            #expect(Set(set.test.learned.labels).isSuperset(of: [0, 1]) && set.test.learned.count == 20)
            #expect(abs(set.test.learned.labels.count { $0 == 0 } - 10) <= 1)
        }
    }

    @Test func `Files that were written again while the sweep was read fail the trial`() throws {
        let own = try OwnFiles()
        let (ten, twelve) = ((0..<10).map { $0 % 2 }, (0..<12).map { $0 % 2 })
        try own.points("x.npy", [10, 2], floats(20, 3))
        try own.labels("y.npy", ten.dropLast() + [200], known: ten)
        try own.points("more.npy", [12, 2], floats(24, 3), known: [10, 2])
        try own.labels("twelve.npy", twelve, known: ten)
        for (files, words) in [
            ("inputs: x.npy, labels: y.npy", "has the label 200, and the sweep was read with 2 classes"),
            (
                "inputs: more.npy, labels: twelve.npy",
                "has 12 points, and the sweep was read with 10 points"
            ),
        ] {
            let error = #expect(throws: DataError.self) { try own.set(files) }
            #expect(error?.problem.words.contains(words) == true, "\(error?.problem.words ?? "")")
        }
    }

    @Test func `Standardised training points have mean 0 and deviation 1, and test points the same map`()
        throws
    {
        let own = try OwnFiles()
        var points = floats(400, 5, 1000...1002)
        for point in 0..<100 { points[4 * point + 2] = 7.3 }
        try own.points("x.npy", [100, 4], points)
        try own.labels("y.npy", (0..<100).map { $0 % 2 })
        let set = try own.set("inputs: x.npy, labels: y.npy, standardise: true")
        let plain = try own.set("inputs: x.npy, labels: y.npy")
        func numbers(_ set: ArraySet, _ part: KeyPath<ArraySet, ArraySet.Part>) -> [[Float]] {
            let part = set[keyPath: part]
            return part.learned.rows.map { row in
                let matrix = Matrix<Float>(rows: 1, columns: 4)
                part.numbers.write(point: Int(row), to: matrix, row: 0)
                return matrix.values
            }
        }
        let (train, raw) = (numbers(set, \.train), numbers(plain, \.train))
        for column in 0..<4 {
            let values = train.map { Double($0[column]) }
            let mean = values.reduce(0, +) / Double(values.count)
            let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
            #expect(abs(mean) < 1e-6 && abs(square - (column == 2 ? 0 : 1)) < 1e-5, "\(column)")
        }
        #expect(train.allSatisfy { $0[2] == 0 })
        // Squares of such differences are 0 in double precision.
        let tiny = try own.set("inputs: x.npy, labels: y.npy, standardise: true, scale: 1e-170")
        #expect(numbers(tiny, \.train).allSatisfy { $0 == [0, 0, 0, 0] })
        // z = (x − m) / s with one m and one s for both parts.
        let slope = (train[0][0] - train[1][0]) / (raw[0][0] - raw[1][0])
        let (test, rawTest) = (numbers(set, \.test), numbers(plain, \.test))
        for (z, x) in zip(test, rawTest) {
            #expect(abs(z[0] - (train[0][0] + slope * (x[0] - raw[0][0]))) < 0.01)
        }
        let trial = try own.trial("inputs: x.npy, labels: y.npy", quick)
        #expect(try own.trial("inputs: x.npy, labels: y.npy, standardise: false", quick).id == trial.id)
        #expect(try own.trial("inputs: x.npy, labels: y.npy, standardise: true", quick).id != trial.id)
    }

    @Test func `Classes that are chosen are learned as if the others weren't there`() throws {
        let own = try OwnFiles()
        let classes = (0..<60).map { ($0 * 7) % 5 }
        let points = floats(180, 6)
        func put(_ name: String, _ labels: String, _ rows: [Int], _ numbers: [Int]) throws {
            try own.points(name, [rows.count, 3], rows.flatMap { points[3 * $0..<3 * $0 + 3] })
            try own.labels(labels, numbers)
        }
        let (train, test) = (Array(0..<40), Array(40..<60))
        try put("x.npy", "y.npy", train, train.map { classes[$0] })
        try put("tx.npy", "ty.npy", test, test.map { classes[$0] })
        let chosen = [3, 1]
        for (rows, name, labels) in [(train, "fx.npy", "fy.npy"), (test, "ftx.npy", "fty.npy")] {
            let kept = rows.filter { chosen.contains(classes[$0]) }
            try put(name, labels, kept, kept.map { chosen.firstIndex(of: classes[$0]) ?? 9 })
        }
        let files = "inputs: x.npy, labels: y.npy, test_inputs: tx.npy, test_labels: ty.npy"
        let filtered = "inputs: fx.npy, labels: fy.npy, test_inputs: ftx.npy, test_labels: fty.npy"
        let body = try own.run(files + ", classes: [3, 1]", quick)
        #expect(try body == own.run(filtered, quick))
        #expect(try body != own.run(files + ", classes: [1, 3]", quick))
    }

    @Test func `Tables are learned as the arrays of their columns`() throws {
        let own = try OwnFiles()
        let (points, words) = (floats(80, 9), ["\"big, \"\"red\"\"\"", "small"])
        let classes = (0..<40).map { $0 % 2 }
        var text = "\u{FEFF}a,skip,b,kind\r\n"
        for row in 0..<40 {
            text += "\(points[2 * row]), 1,\(points[2 * row + 1]),\(words[classes[row]])\r\n"
        }
        try own.table(
            "t.csv", text, columns: ["a", "skip", "b", "kind"], words: ["big, \"red\"": 20, "small": 20])
        try own.points("x.npy", [40, 2], points)
        try own.points("swapped.npy", [40, 2], (0..<40).flatMap { [points[2 * $0 + 1], points[2 * $0]] })
        try own.labels("y.npy", classes)
        let table = try own.run("inputs: t.csv, target: kind, columns: [a, b]", quick)
        #expect(try table == own.run("inputs: x.npy, labels: y.npy", quick))
        let swapped = try own.run("inputs: t.csv, target: kind, columns: [b, a]", quick)
        #expect(try swapped == own.run("inputs: swapped.npy, labels: y.npy", quick))
        let regression = try own.run("inputs: t.csv, target: b, columns: [a]", quick)
        try own.points("a.npy", [40, 1], (0..<40).map { points[2 * $0] })
        try own.targets("b.npy", [40], (0..<40).map { points[2 * $0 + 1] })
        #expect(try regression == own.run("inputs: a.npy, targets: b.npy", quick))
    }

    @Test func `A trial is known by the bytes of its files, not by their names`() throws {
        let own = try OwnFiles()
        try separable(own)
        try separable(own, "moved/x.npy", "moved/other.npy")
        let trial = try own.trial("inputs: x.npy, labels: y.npy", quick)
        #expect(try own.trial("inputs: moved/x.npy, labels: moved/other.npy", quick).id == trial.id)
        #expect(trial.axesObject["dataset"] == .string("x.npy"))
        var points = floats(180, 4)
        points[17] += 1
        try own.points("x.npy", [60, 3], points)
        #expect(try own.trial("inputs: x.npy, labels: y.npy", quick).id != trial.id)
        // Defaults that are written out change nothing; other values do.
        let files = "inputs: moved/x.npy, labels: moved/other.npy"
        for (option, isOther) in [
            (", label_noise: 0", false), (", train_points: 48", false), (", test_share: 0.2", false),
            (", label_noise: 0.1", true), (", train_points: 47", true), (", split_seed: 1", true),
            (", classes: [1, 0]", true), (", scale: 2", true),
        ] {
            #expect(try (own.trial(files + option, quick).id != trial.id) == isOther, "\(option)")
        }
    }

    @Test func `Trials that are trained together have the bytes that they have alone`() throws {
        let own = try OwnFiles()
        try separable(own)
        let rates = ["0.01", "0.02", "0.03"]
        let settings = try rates.map {
            try own.trial(
                "inputs: x.npy, labels: y.npy, label_noise: 0.3, standardise: true",
                "training: {epochs: 3, batch_size: 8, learning_rate: \($0)}\nmeasures: {trace_at: {epochs: 1}}"
            ).settings
        }
        var runner = TrialRunner(data: own.data)
        let together = try runner.run(batch: settings, keeping: .none).map(\.body)
        for (body, settings) in zip(together, settings) {
            var other = TrialRunner(data: own.data)
            #expect(try other.run(settings) == body)
        }
    }

    @Test func `A training that is continued has the bytes of one that wasn't interrupted`() throws {
        let own = try OwnFiles()
        try separable(own)
        let settings = try own.trial(
            "inputs: x.npy, labels: y.npy, label_noise: 0.3, standardise: true",
            "training: {epochs: 4, batch_size: 8}\nmeasures: {trace_at: {epochs: 1}}"
        ).settings
        var saved: [[UInt8]] = []
        func hooks(_ given: [UInt8]?) -> Checkpoints {
            Checkpoints(
                program: "test", isDue: { true }, load: { given }, save: { saved.append($0) },
                ignore: { _ in })
        }
        var runner = TrialRunner(data: own.data)
        let whole = try runner.run(settings, keeping: .none, checkpoints: hooks(nil))
        #expect(saved.count > 9)
        let middle = saved[9]
        var other = TrialRunner(data: own.data)
        let rest = try other.run(settings, keeping: .none, checkpoints: hooks(middle))
        #expect(rest.continuedFrom == 10 && rest.body == whole.body)
    }

    @Test func `Other bytes at the file's place fail the trial`() throws {
        let own = try OwnFiles()
        try separable(own)
        let settings = try own.trial("inputs: x.npy, labels: y.npy", quick).settings
        let array = try #require(settings.dataset.description as? ArrayData)
        let path = "\(array.inputs.folder)/x.npy"
        try Data(ArrayBytes.npy([60, 3], floats(180, 5))).write(to: own.files.folder.appending(path: path))
        var runner = TrialRunner(data: own.data)
        let error = #expect(throws: ExperimentError.self) { try runner.run(settings) }
        #expect(error?.description.contains("holds other bytes than the sweep's file") == true)
    }
}
