import Text

/// Reads what networks learn from the user's own files, from the options and the files' facts. It stops at the first
/// mistake.
struct ArrayTrainingReader {
    /// A mistake, with the setting to report it at.
    struct Mistake: Error {
        let path: String
        let words: String
        var lacking: String?

        init(_ key: String, _ words: String, lacking: String? = nil) {
            path = key.isEmpty || key == "model" ? key : "dataset." + key
            (self.words, self.lacking) = (words, lacking.map { "dataset." + $0 })
        }
    }

    /// A training with its labels.
    struct Result {
        var training: ArrayTraining
        var labels: ContentFile?
        /// Number of classes that are learned; 0 for a regression.
        var classes = 0
    }

    /// The classes of points in a file: how often each occurs.
    private struct Classes {
        let path: String
        let found: [FoundClass]
        /// The words for a class in messages.
        var texts: [String]?

        func name(_ index: Int) -> String { texts.map { "'\($0[index])'" } ?? "\(index)" }
    }

    private let options: DataOptions
    private let inputs: String
    private let shape: [Int]
    private let labels: String?
    private var training = ArrayTraining()

    init(_ options: DataOptions, inputs: String, shape: [Int], labels: String?) {
        (self.options, self.inputs, self.shape, self.labels) = (options, inputs, shape, labels)
    }

    mutating func read() throws(Mistake) -> Result {
        training.standardises = options[ArrayTraining.givenStandardise]
        training.testShare = options[ArrayTraining.givenShare]
        training.splitSeed = UInt64(options[ArrayTraining.givenSeed])
        if options.given(ArrayTraining.testInputs) != nil,
            let path = [ArrayTraining.givenShare.setting, ArrayTraining.givenSeed.setting].first(
                where: options.has)
        {
            throw Mistake(path.key, "cannot be given together with dataset.test_inputs")
        }
        guard shape[0] >= 2 else { throw Mistake("inputs", "\(inputs): has one point; give at least two") }
        if case .table(let table) = options.files[path: inputs].content { return try readTable(table) }
        if let setting = [
            ArrayTraining.givenTarget.setting, ArrayTraining.givenColumns.setting,
            ArrayTraining.givenTask.setting,
        ].first(where: options.has) {
            throw Mistake(setting.key, "is for tables (.csv), and \(inputs) is an array")
        }
        guard (2...4).contains(shape.count) else {
            throw Mistake(
                "inputs",
                "\(inputs): has the shape \(tupleText(shape)); expected (points, numbers), (points, height, width) or "
                    + "(points, channels, height, width)")
        }
        switch (labels, options.given(ArrayTraining.givenTargets)) {
        case (.some, .some):
            throw Mistake("targets", "cannot be given together with dataset.labels")
        case (let path?, nil): return try readLabels(path)
        case (nil, let path?): return try readTargets(path)
        case (nil, nil):
            throw Mistake(
                "", "missing: dataset.labels (classes) or dataset.targets (numbers) is required",
                lacking: "labels")
        }
    }

    // MARK: Arrays

    private mutating func readLabels(_ path: String) throws(Mistake) -> Result {
        if let setting = [ArrayTraining.testTargets.setting].first(where: options.has) {
            throw Mistake(setting.key, "is for dataset.targets; these points have dataset.labels")
        }
        let own = try classes(of: path, "labels", points: shape[0])
        var other: Classes?
        if let test = try testInputs(answers: ArrayTraining.testLabels) {
            let path = options[ArrayTraining.testLabels]
            other = try classes(of: path, "test_labels", points: test.count)
            training.test = test
            training.test?.answers = options.files[path: path].file
        }
        return Result(
            training: try split(own, other), labels: options.files[path: path].file,
            classes: training.labels.classes?.count ?? own.found.count)
    }

    private func classes(of path: String, _ key: String, points: Int) throws(Mistake) -> Classes {
        guard case .labels(let count, _, let found) = try content(path, key) else {
            throw Mistake(key, "\(path): holds no labels")
        }
        guard count == points else {
            throw Mistake(
                key, "\(path): has \(countText(count, "label")) for \(countText(points, "point"))")
        }
        guard !found.isEmpty else {
            throw Mistake(key, "\(path): has more than \(LabelOptions.maxClasses) classes")
        }
        return Classes(path: path, found: found)
    }

    private mutating func readTargets(_ path: String) throws(Mistake) -> Result {
        if options.has(ArrayTraining.testLabels.setting) {
            throw Mistake("test_labels", "is for dataset.labels; these points have dataset.targets")
        }
        let own = try targets(of: path, "targets", points: shape[0])
        training.targets = options.files[path: path].file
        training.outputs = own
        if let test = try testInputs(answers: ArrayTraining.testTargets) {
            let path = options[ArrayTraining.testTargets]
            let other = try targets(of: path, "test_targets", points: test.count)
            guard own == other else {
                throw Mistake(
                    "test_targets",
                    "\(path): has \(countText(other, "number")) a point, and the training points have \(own)")
            }
            training.test = test
            training.test?.answers = options.files[path: path].file
        }
        return Result(training: try splitNumbers())
    }

    private func targets(of path: String, _ key: String, points: Int) throws(Mistake) -> Int {
        guard case .targets(let count, let columns) = try content(path, key) else {
            throw Mistake(key, "\(path): holds no targets")
        }
        guard count == points else {
            throw Mistake(
                key, "\(path): has targets of \(countText(count, "point")) for \(countText(points, "point"))")
        }
        return columns
    }

    /// The test points' file; nil where a share of the points tests.
    private func testInputs(answers: DataOption<String>) throws(Mistake) -> ArrayTraining.TestFiles? {
        let (key, path) = (answers.setting.key, options.given(ArrayTraining.testInputs))
        guard let path else {
            guard options.given(answers) != nil else { return nil }
            throw Mistake(key, "needs dataset.test_inputs: a test set is both files")
        }
        guard options.given(answers) != nil else {
            throw Mistake("test_inputs", "needs dataset.\(key): a test set is both files")
        }
        guard case .points(let found) = try content(path, "test_inputs") else {
            throw Mistake("test_inputs", "\(path): holds no points in an array, and \(inputs) does")
        }
        guard found.dropFirst() == shape.dropFirst() else {
            throw Mistake(
                "test_inputs",
                "\(path): has points of shape \(tupleText(Array(found.dropFirst()))), and \(inputs) has points of shape "
                    + tupleText(Array(shape.dropFirst())))
        }
        return .init(inputs: options.files[path: path].file, count: found[0], answers: nil)
    }

    private func content(_ path: String, _ key: String) throws(Mistake) -> FileFacts.Content {
        let content = options.files[path: path].content
        if case .unusable(let why) = content { throw Mistake(key, "\(path): \(why)") }
        return content
    }

    // MARK: Tables

    private mutating func readTable(_ table: TableFacts) throws(Mistake) -> Result {
        let arrays = [ArrayTraining.givenTargets, ArrayTraining.testLabels, ArrayTraining.testTargets]
        if let key = labels == nil ? arrays.first(where: { options.has($0.setting) })?.setting.key : "labels"
        {
            throw Mistake(key, "is for arrays; of a table, 'target' names the column that is learned")
        }
        let names = table.columns.map(\.name)
        let table = Columns(table, inputs)
        guard let target = options.given(ArrayTraining.givenTarget) else {
            throw Mistake(
                "",
                "missing: dataset.target is required: the column that is learned, of \(listed(names, "and"))",
                lacking: "target")
        }
        let columns = options.given(ArrayTraining.givenColumns) ?? names.filter { $0 != target }
        if let (_, second) = firstRepeat(in: columns) {
            throw Mistake("columns", "column '\(columns[second])' is listed twice")
        }
        if columns.contains(target) {
            throw Mistake("columns", "column '\(target)' is the target; an input can't be")
        }
        let answer = try table.column(target, "target")
        guard !columns.isEmpty else { throw Mistake("inputs", "\(inputs): has no column but the target") }
        let test = try testTable()
        for name in columns {
            try table.checkNumbers(try table.column(name, "columns"), "inputs")
            if let test { try test.checkNumbers(try test.column(name, "test_inputs"), "test_inputs") }
        }
        let testAnswer = try test.map { test throws(Mistake) in try test.column(target, "test_inputs") }
        let isRegression =
            options.given(ArrayTraining.givenTask).map { $0 == .regression }
            ?? (answer.values == nil && answer.text == nil)
        training.table = .init(target: target, columns: columns, classes: [])
        if isRegression {
            try table.checkNumbers(answer, "target")
            if let test, let testAnswer { try test.checkNumbers(testAnswer, "test_inputs") }
            return Result(training: try splitNumbers())
        }
        let own = try classes(of: answer, inputs, "target")
        training.table?.classes = own.texts ?? []
        let other = try testAnswer.map { answer throws(Mistake) in
            try align(try classes(of: answer, test?.path ?? "", "test_inputs"), to: own)
        }
        return Result(
            training: try split(own, other), classes: training.labels.classes?.count ?? own.found.count)
    }

    private mutating func testTable() throws(Mistake) -> Columns? {
        guard let path = options.given(ArrayTraining.testInputs) else { return nil }
        guard case .table(let table) = try content(path, "test_inputs") else {
            throw Mistake("test_inputs", "\(path): is an array, and \(inputs) is a table")
        }
        training.test = .init(inputs: options.files[path: path].file, count: table.rows, answers: nil)
        return Columns(table, path)
    }

    /// The columns of a table, by their names.
    private struct Columns {
        let path: String
        private let names: [String]
        private let byName: [String: TableFacts.Column]

        init(_ table: TableFacts, _ path: String) {
            self.path = path
            names = table.columns.map(\.name)
            byName = Dictionary(table.columns.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }

        func column(_ name: String, _ key: String) throws(Mistake) -> TableFacts.Column {
            if let column = byName[name] { return column }
            let near = nearestSpelling(to: name, among: names).map { "did you mean '\($0)'?" }
            throw Mistake(
                key, "\(path): has no column '\(name)'; \(near ?? "it has \(listed(names, "and"))")")
        }

        func checkNumbers(_ column: TableFacts.Column, _ key: String) throws(Mistake) {
            let empty = column.emptyLine.map { (line: $0, words: "is empty; fill it, or drop the line") }
            let text = column.text.map {
                (line: $0.line, words: "holds '\($0.text)', which isn't a finite number")
            }
            guard let first = [empty, text].compactMap(\.self).min(by: { $0.line < $1.line }) else { return }
            throw Mistake(
                key, "\(path): line \(first.line): the cell of column '\(column.name)' \(first.words)")
        }
    }

    private func classes(
        of column: TableFacts.Column, _ path: String, _ key: String
    ) throws(Mistake) -> Classes {
        if let line = column.emptyLine {
            throw Mistake(
                key,
                "\(path): line \(line): the cell of column '\(column.name)' is empty; fill it, or drop the line"
            )
        }
        guard let values = column.values else {
            throw Mistake(
                key,
                "\(path): column '\(column.name)' holds fractions, words longer than 200 bytes, or more than 1000 "
                    + "different values: classes are words or whole numbers (task: regression learns the numbers)"
            )
        }
        return Classes(path: path, found: values.map(\.found), texts: values.map(\.text))
    }

    /// A test table's classes in the order of the training table's.
    private func align(_ test: Classes, to own: Classes) throws(Mistake) -> Classes {
        let (names, texts) = (own.texts ?? [], test.texts ?? [])
        for (text, found) in zip(texts, test.found) where !names.contains(text) {
            throw Mistake(
                "test_inputs",
                "\(test.path): line \(found.first): the class '\(text)' occurs at no training point")
        }
        let found = names.map { name in
            texts.firstIndex(of: name).map { test.found[$0] } ?? FoundClass(count: 0, first: 0)
        }
        return Classes(path: test.path, found: found, texts: names)
    }

    // MARK: Numbers of points

    private mutating func split(_ own: Classes, _ test: Classes?) throws(Mistake) -> ArrayTraining {
        var conflicts: [PointConflict] = []
        training.labels = LabelOptions(options, classes: own.found.count, &conflicts)
        if let first = conflicts.first, case .data(let words) = first.conflict {
            throw Mistake(String(first.path.dropFirst("dataset.".count)), words)
        }
        let key = training.table == nil ? "labels" : "target"
        guard own.found.count > 1 else {
            throw Mistake(
                key,
                "\(own.path): has one class only, \(own.name(0)): a network that learns needs at least two")
        }
        let chosen = training.labels.chosen(of: own.found.count)
        if let gap = chosen.first(where: { own.found[$0].count == 0 }) {
            throw Mistake(
                key,
                "\(own.path): no point has the label \(gap), and labels go up to \(own.found.count - 1): renumber "
                    + "them without gaps, or choose among them with 'classes'")
        }
        if training.labels.classes == nil, let test,
            let unseen = test.found.indices.first(where: {
                test.found[$0].count > 0 && !own.found.indices.contains($0)
            })
        {
            throw Mistake(
                "test_labels",
                "\(test.path): has the label \(unseen) at \(test.found[unseen].first), which no training point has"
            )
        }
        let points = chosen.map { own.found[$0].count }
        let tested = chosen.map { number in
            if let test { return test.found.indices.contains(number) ? test.found[number].count : 0 }
            return ArrayTraining.testCount(of: own.found[number].count, share: training.testShare)
        }
        let held = tested.reduce(0, +)
        try setCounts(
            train: points.reduce(0, +) - (test == nil ? held : 0), test: held,
            classes: (chosen.count, tested.count { $0 > 0 }))
        return training
    }

    private mutating func splitNumbers() throws(Mistake) -> ArrayTraining {
        if let conflict = LabelOptions.conflict(options), case .data(let words) = conflict.conflict {
            throw Mistake(String(conflict.path.dropFirst("dataset.".count)), words)
        }
        let held = training.test?.count ?? ArrayTraining.testCount(of: shape[0], share: training.testShare)
        try setCounts(train: training.test == nil ? shape[0] - held : shape[0], test: held)
        return training
    }

    /// - Parameter classes: numbers of classes with training points and with test points; 0 in a regression.
    private mutating func setCounts(
        train: Int, test: Int, classes: (train: Int, test: Int) = (0, 0)
    ) throws(Mistake) {
        let isShare = training.test == nil
        let few = train < 2 ? "training" : test < 2 ? "test" : nil
        if let few {
            let key =
                isShare
                ? (options.has(ArrayTraining.givenShare.setting) ? "test_share" : "inputs") : "test_inputs"
            throw Mistake(
                key,
                "\(isShare ? inputs : options[ArrayTraining.testInputs]): \(few == "test" ? test : train) \(few) points"
                    + (isShare ? ", with a test_share of \(JSONValue.text(of: training.testShare))" : "")
                    + "; at least 2 are needed")
        }
        for (option, name, held, classes) in [
            (ArrayTraining.givenTrainPoints, "training", train, classes.train),
            (ArrayTraining.givenTestPoints, "test", test, classes.test),
        ] {
            guard let asked = options.given(option) else { continue }
            let points = countText(asked, "\(name) point")
            guard asked <= held else {
                throw Mistake(option.setting.key, "\(points), and the files have \(held)")
            }
            guard asked >= classes else {
                throw Mistake(option.setting.key, "\(points) of \(classes) classes: give at least one each")
            }
        }
        training.trainCount = options.given(ArrayTraining.givenTrainPoints) ?? train
        training.testCount = options.given(ArrayTraining.givenTestPoints) ?? test
    }
}
