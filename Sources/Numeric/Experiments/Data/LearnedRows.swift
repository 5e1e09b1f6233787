import Learning
import Sweep

/// The rows of a file that a trial learns from or is tested on, in order, with their classes.
struct LearnedRows {
    /// Indices of rows in the file.
    private(set) var rows: [UInt32]
    /// The class of each; empty in a regression.
    private(set) var labels: [Int32]
    var count: Int { rows.count }

    /// Rows with these classes.
    init(rows: [UInt32], labels: [Int32]) { (self.rows, self.labels) = (rows, labels) }

    /// The rows whose classes are learned, renumbered.
    ///
    /// - Parameter labels: the class of each row of the file.
    init(_ labels: [Int32], _ options: LabelOptions) {
        guard let chosen = options.classes else {
            self.init(rows: labels.indices.map { UInt32($0) }, labels: labels)
            return
        }
        var numbers: [Int32: Int32] = [:]
        for (number, label) in chosen.enumerated() { numbers[Int32(label)] = Int32(number) }
        self.init(rows: [], labels: [])
        for (row, label) in labels.enumerated() {
            guard let number = numbers[label] else { continue }
            rows.append(UInt32(row))
            self.labels.append(number)
        }
    }

    /// Divides each class's rows at random: a share of them tests. Both parts keep the file's order.
    ///
    /// - Parameter key: the class's number in the file, by its number here.
    func split(share: Double, seed: UInt64, classes: Int, key: (Int) -> Int) -> (
        train: LearnedRows, test: LearnedRows
    ) {
        var positions = [[Int]](repeating: [], count: max(1, classes))
        for position in rows.indices {
            positions[labels.isEmpty ? 0 : Int(labels[position])].append(position)
        }
        var tests = [Bool](repeating: false, count: count)
        let streams = RandomStreams(seed: seed)
        for (number, own) in positions.enumerated() {
            var order = [UInt32](repeating: 0, count: own.count)
            streams.shuffle(&order, .testShare, index: key(number))
            for chosen in order.prefix(ArrayTraining.testCount(of: own.count, share: share)) {
                tests[own[Int(chosen)]] = true
            }
        }
        func part(_ isTest: Bool) -> LearnedRows {
            let chosen = rows.indices.filter { tests[$0] == isTest }
            return LearnedRows(
                rows: chosen.map { rows[$0] }, labels: labels.isEmpty ? [] : chosen.map { labels[$0] })
        }
        return (part(false), part(true))
    }

    /// Replaces labels, each with the options' probability, by ones drawn from all classes. A label that is replaced at
    /// one probability is replaced by the same at every larger one.
    mutating func addNoise(_ options: LabelOptions, classes: Int, _ streams: RandomStreams) {
        guard options.noise > 0 else { return }
        let words = streams.words(.labelNoise, count: 2 * labels.count)
        for point in labels.indices where Double(words[2 * point]) < options.noise * 0x1p32 {
            labels[point] = Int32((UInt64(words[2 * point + 1]) * UInt64(classes)) >> 32)
        }
    }
}

extension LearnedRows {
    /// The first rows of each class, in the classes' proportions; of a regression, the first rows. They keep the file's
    /// order, and fewer rows are among more. As many rows as classes have each class.
    func first(_ count: Int) -> LearnedRows {
        guard !labels.isEmpty, count < self.count else {
            return LearnedRows(rows: Array(rows.prefix(count)), labels: Array(labels.prefix(count)))
        }
        var sizes: [Int32: Int] = [:]
        for label in labels { sizes[label, default: 0] += 1 }
        var ranks: [Int32: Int] = [:]
        let shares = labels.map { label in
            let rank = ranks[label, default: 0]
            ranks[label] = rank + 1
            return Double(rank) / Double(sizes[label] ?? 1)
        }
        let order = labels.indices.sorted { (shares[$0], labels[$0]) < (shares[$1], labels[$1]) }
        let chosen = order.prefix(count).sorted()
        return LearnedRows(rows: chosen.map { rows[$0] }, labels: chosen.map { labels[$0] })
    }
}
