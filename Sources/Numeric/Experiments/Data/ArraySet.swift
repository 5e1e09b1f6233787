import Files
import Learning
import LinearAlgebra
import Model
import Sweep
import Text

/// The points of the user's own files, and what is learned of them. It is a class because trials share it.
final class ArraySet {
    /// The training or the test points.
    struct Part {
        let numbers: PointNumbers
        /// The numbers that are learned; nil in a classification.
        let targets: PointNumbers?
        let learned: LearnedRows
        /// Copies a point.
        func write(_ point: Int, to batch: inout Batch<Float>, row: Int, _ labels: [Int32]) {
            let index = Int(learned.rows[point])
            numbers.write(point: index, to: batch.inputs, row: row)
            if let targets {
                targets.write(point: index, to: batch.targets, row: row)
            } else {
                batch.set(label: labels[point], at: row)
            }
        }
    }

    let train: Part
    let test: Part

    /// The content of one file, or of a pair.
    private struct Content {
        let numbers: PointNumbers
        let targets: PointNumbers?
        /// The class of each point; empty in a regression.
        let labels: [Int32]
    }

    /// Opens the files of a data set.
    init(_ data: ArrayData, _ files: ContentFiles) throws(DataError) {
        guard let training = data.training else {
            throw DataError(file: data.inputs.name, problem: .points("is not for training"))
        }
        let own = try ArraySet.content(
            data, data.inputs, points: data.shape[0], answers: data.labels ?? training.targets, training,
            files)
        let count = data.classes
        func learned(_ content: Content, _ file: ContentFile) throws(DataError) -> LearnedRows {
            guard training.targets == nil, !content.labels.isEmpty else {
                return LearnedRows(rows: (0..<content.numbers.count).map { UInt32($0) }, labels: [])
            }
            let rows = LearnedRows(content.labels, training.labels)
            guard let far = rows.labels.max(), far >= count else { return rows }
            throw ArraySet.changed(file, "the label \(far)", "\(count) classes")
        }
        var (trainRows, testRows) = (
            try learned(own, data.labels ?? data.inputs), LearnedRows(rows: [], labels: [])
        )
        var other = own
        if let test = training.test {
            other = try ArraySet.content(
                data, test.inputs, points: test.count, answers: test.answers, training, files)
            testRows = try learned(other, test.answers ?? test.inputs)
        } else {
            (trainRows, testRows) = trainRows.split(
                share: training.testShare, seed: training.splitSeed, classes: count
            ) { training.labels.classes?[$0] ?? $0 }
        }
        for (rows, asked) in [(trainRows, training.trainCount), (testRows, training.testCount)]
        where rows.count < asked {
            throw DataError(
                file: data.inputs.name, problem: .tooFewMeasured(asked: asked, held: rows.count))
        }
        let used = trainRows.first(training.trainCount)
        let seen = Set(used.labels)
        if let unseen = (0..<Int32(count)).first(where: { !seen.contains($0) }) {
            throw DataError(
                file: data.inputs.name,
                problem: .points(
                    "none of the \(used.count) training points is of class \(unseen): take more dataset.train_points"
                ))
        }
        own.numbers.apply(data.preprocessing)
        if training.standardises { own.numbers.standardise(over: used.rows) }
        if other.numbers !== own.numbers { other.numbers.apply(of: own.numbers) }
        train = Part(numbers: own.numbers, targets: own.targets, learned: used)
        test = Part(
            numbers: other.numbers, targets: other.targets, learned: testRows.first(training.testCount))
    }

    /// An error for a file that was written again while the sweep was read: the digest is of the new bytes, the facts
    /// are of the old ones.
    private static func changed(_ file: ContentFile, _ found: String, _ expected: String) -> DataError {
        DataError(
            file: file.name,
            problem: .points("has \(found), and the sweep was read with \(expected): run the sweep again"))
    }

    /// - Parameter points: number of points that the sweep knows.
    private static func content(
        _ data: ArrayData, _ inputs: ContentFile, points: Int, answers: ContentFile?,
        _ training: ArrayTraining, _ files: ContentFiles
    ) throws(DataError) -> Content {
        let path = try files.path(of: inputs)
        let found: Content =
            if let table = training.table {
                try content(ofTable: path, table)
            } else {
                try content(ofArray: path, data, answers, training, files)
            }
        guard found.numbers.count == points else {
            throw changed(inputs, countText(found.numbers.count, "point"), countText(points, "point"))
        }
        return found
    }

    private static func content(
        ofArray path: String, _ data: ArrayData, _ answers: ContentFile?, _ training: ArrayTraining,
        _ files: ContentFiles
    ) throws(DataError) -> Content {
        let numbers = try PointNumbers(
            array: path, size: data.size, channelsFirst: !data.preprocessing.channelsAreLast)
        guard let answers else {
            throw DataError(file: path, problem: .points("comes without labels or targets"))
        }
        let answerPath = try files.path(of: answers)
        if data.labels != nil {
            return Content(
                numbers: numbers, targets: nil,
                labels: try MeasuredPoints.labels(answerPath, points: numbers.count) ?? [])
        }
        let targets = try PointNumbers(
            array: answerPath, size: .vector(training.outputs), channelsFirst: false)
        guard targets.count == numbers.count else {
            throw DataError(
                file: answerPath, problem: .labelsDisagree(labels: targets.count, points: numbers.count))
        }
        return Content(numbers: numbers, targets: targets, labels: [])
    }

    private static func content(
        ofTable path: String, _ table: ArrayTraining.TableColumns
    ) throws(DataError) -> Content {
        func fault(_ words: String) -> DataError { DataError(file: path, problem: .points(words)) }
        let file: TableFile
        do throws(TableFile.Fault) { file = try TableFile(path) } catch { throw fault(error.words) }
        let indices = try (table.columns + [table.target]).map { name throws(DataError) in
            guard let index = file.names.firstIndex(of: name) else { throw fault("has no column '\(name)'") }
            return index
        }
        var classes: [String: Int32] = [:]
        for (number, text) in table.classes.enumerated() { classes[text] = Int32(number) }
        var (numbers, answers, labels): ([Double], [Double], [Int32]) = ([], [], [])
        var bad: Int?
        do throws(TableFile.Fault) {
            try file.forEachRow { row in
                for index in indices.dropLast() {
                    let number = TableFile.number(row.text(index))
                    if number == nil { bad = bad ?? row.line }
                    numbers.append(number ?? 0)
                }
                let text = row.text(indices[indices.count - 1])
                if classes.isEmpty {
                    let number = TableFile.number(text)
                    if number == nil { bad = bad ?? row.line }
                    answers.append(number ?? 0)
                } else {
                    let label = classes[TableFile.valueText(text)]
                    if label == nil { bad = bad ?? row.line }
                    labels.append(label ?? 0)
                }
            }
        } catch { throw fault(error.words) }
        if let bad { throw fault("line \(bad): a cell can't be used") }
        return Content(
            numbers: PointNumbers(numbers, size: .vector(table.columns.count)),
            targets: classes.isEmpty ? PointNumbers(answers, size: .vector(1)) : nil, labels: labels)
    }
}

/// The arrays that trials opened, kept for the trials to come.
final class ArraySets {
    private let files: ContentFiles
    private var sets: [(data: ArrayData, set: ArraySet)] = []
    /// The most that are kept: each holds the classes of its points.
    private static let limit = 4

    init(_ files: ContentFiles) { self.files = files }

    /// The points of a trial's data set, with their own labels.
    func set(of data: ArrayData) throws(DataError) -> ArraySet {
        // Noise is a trial's own.
        var data = data
        data.training?.labels.noise = 0
        if let open = sets.first(where: { $0.data == data }) { return open.set }
        let set = try ArraySet(data, files)
        sets = sets.suffix(ArraySets.limit - 1) + [(data, set)]
        return set
    }
}
