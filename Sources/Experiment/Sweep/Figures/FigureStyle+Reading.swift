import Text

extension FigureStyle {
    /// A key of sweep files that is also an option of `ranksweep figures`.
    public struct Key: Sendable {
        /// The key, as "font_size".
        public let name: String
        /// The placeholder for its value in help.
        public let value: String
        /// Its description.
        public let help: String

        /// The option, as "--font-size".
        public var option: String { "--" + name.replacing("_", with: "-") }
        /// Whether the value is text, and not parsed as YAML.
        fileprivate var isText: Bool { ["font", "xlabel", "ylabel"].contains(name) }
    }

    /// All keys, in the order of the documentation.
    public static let keys = [
        Key(
            name: "size", value: "SIZE",
            help:
                "column (3.4 in), page (7 in), slide (10 in), screen (the default) or WIDTH,HEIGHT in inches"),
        Key(name: "font", value: "NAME", help: "the font's family"),
        Key(
            name: "font_size", value: "POINTS",
            help: "the size of ordinary text in print; no text is smaller than 6"),
        Key(name: "xlabel", value: "TEXT", help: "the name of the x axis"),
        Key(name: "ylabel", value: "TEXT", help: "the name of the y axes"),
        Key(name: "xlim", value: "LOW,HIGH", help: "the ends of the x axis; auto: chosen to suit the data"),
        Key(name: "ylim", value: "LOW,HIGH", help: "the ends of the y axes"),
        Key(
            name: "legend", value: "WHERE",
            help:
                "right or below the panels, top_left, top_right, bottom_left or bottom_right in the first "
                + "panel, or none"),
        Key(name: "interval", value: "KIND", help: "ci95 (the default), stderr, range, seeds or none"),
        Key(name: "style", value: "KIND", help: "line, points, bars or box"),
        Key(name: "columns", value: "N", help: "panels side by side"),
        Key(
            name: "header", value: "WHAT",
            help: "the texts above the panels: all (the default), title, notes or none"),
    ]

    /// Reads the values of options: each is the key, and its text as given.
    ///
    /// - Throws: `SweepError` that names the options.
    public init(options: [(key: Key, text: String)]) throws(SweepError) {
        self.init()
        var found: [SweepError.Fault] = []
        for (key, text) in options {
            let location = SweepError.Location.option(key.option)
            do {
                var node = YAMLNode(
                    content: .scalar(YAMLNode.Scalar(text: text, quoted: true)), location: location)
                if !key.isText {
                    node = try YAMLReader.read(Array("[\(text)]".utf8), override: text)
                    if let only = node.sequence, only.count == 1 { node = only[0] }
                }
                var faults = Faults()
                read(key.name, node, path: "", &faults)
                found += faults.list.map { SweepError.Fault(location, "", $0.problem) }
            } catch {
                found.append(SweepError.Fault(location, "", error.problem))
            }
        }
        if !found.isEmpty { throw SweepError(file: "", faults: found) }
    }

    /// Reads a mapping of keys, the section `style` of a sweep file.
    init(_ node: YAMLNode, _ faults: inout Faults) {
        self.init()
        guard let entries = node.mapping else {
            faults.add(node.location, "style", .wrongType(due: .mapping, found: node.found))
            return
        }
        let names = FigureStyle.keys.map(\.name)
        for entry in entries where !faults.isFull {
            let path = "style.\(entry.key)"
            if names.contains(entry.key) {
                read(entry.key, entry.value, path: path, &faults)
            } else {
                let suggestion = nearestSpelling(to: entry.key, among: names)
                faults.add(entry.keyLocation, path, .unknownKey(due: names, suggestion: suggestion))
            }
        }
    }

    /// Reads the value of a key.
    mutating func read(_ key: String, _ node: YAMLNode, path: String, _ faults: inout Faults) {
        switch key {
        case "size": size = Size(node, path: path, &faults)
        case "font": font = node.fontName(path: path, &faults)
        case "font_size":
            let bounds = Bounds(.closed(FigureStyle.leastFontSize), .closed(72))
            fontSize = node.number(in: bounds, path: path, &faults)
        case "xlabel": xlabel = node.title(path: path, &faults)
        case "ylabel":
            let nodes = node.sequence == nil ? [node] : node.list(path: path, limit: 20, &faults) ?? []
            ylabel = nodes.compactMap { $0.title(path: path, &faults) }
        case "xlim": xlim = Limits(node, path: path, &faults)
        case "ylim":
            let isList = node.sequence?.contains { $0.sequence != nil } ?? false
            let nodes = isList ? node.list(path: path, limit: 20, &faults) ?? [] : [node]
            ylim = nodes.compactMap { Limits($0, path: path, &faults) }
        case "legend": legend = node.choice(path: path, &faults)
        case "interval": interval = node.choice(path: path, &faults)
        case "style":
            // Forms that belong to one figure, not to `style` for all.
            let forms = path.hasPrefix("figures.") ? ["heatmap", "star"] : []
            kind = node.word(of: Kind.allCases.map(\.rawValue) + forms, path: path, &faults)
                .flatMap(Kind.init(rawValue:))
        case "columns": columns = node.integer(in: 1...20, path: path, &faults)
        case "header": header = node.choice(path: path, &faults)
        default: break
        }
    }
}

extension FigureStyle.Size {
    /// Reads a word, or a list of the width and the height in inches.
    fileprivate init?(_ node: YAMLNode, path: String, _ faults: inout Faults) {
        guard node.sequence != nil else {
            let names = FigureStyle.Size.words.map(\.word)
            guard let word = node.word(of: names, path: path, &faults),
                let size = FigureStyle.Size.words.first(where: { $0.word == word })?.size
            else { return nil }
            self = size
            return
        }
        let items = node.list(path: path, limit: 2, &faults) ?? []
        let bounds = Bounds(.closed(1), .closed(50))
        let numbers = items.compactMap { $0.number(in: bounds, path: path, &faults) }
        guard numbers.count == items.count, !items.isEmpty else { return nil }
        guard numbers.count == 2 else {
            faults.add(node.location, path, .figure(.sizeNotTwo))
            return nil
        }
        self = .inches(width: numbers[0], height: numbers[1])
    }
}

extension FigureStyle.Limits {
    /// Reads a list of two numbers, either of which may be `auto`.
    fileprivate init?(_ node: YAMLNode, path: String, _ faults: inout Faults) {
        guard let items = node.list(path: path, limit: 2, &faults) else { return nil }
        guard items.count == 2 else {
            faults.add(node.location, path, .figure(.limitsNotTwo))
            return nil
        }
        let isAutomatic = items.map { $0.scalar?.text == "auto" }
        let bounds = Bounds(.closed(-1e100), .closed(1e100))
        let ends = zip(items, isAutomatic).map {
            $1 ? nil : $0.number(in: bounds, path: path, &faults)
        }
        guard zip(ends, isAutomatic).allSatisfy({ $0 != nil || $1 }) else { return nil }
        if let low = ends[0], let high = ends[1], low >= high {
            faults.add(node.location, path, .figure(.limitsNotAscending(low, high)))
            return nil
        }
        self.init(low: ends[0], high: ends[1])
    }
}

extension YAMLNode {
    fileprivate func choice<Choice: CaseIterable & RawRepresentable<String>>(
        path: String, _ faults: inout Faults
    ) -> Choice? {
        word(of: Choice.allCases.map(\.rawValue), path: path, &faults).flatMap(Choice.init(rawValue:))
    }

    /// The name of a font. gnuplot would interpret other characters.
    fileprivate func fontName(path: String, _ faults: inout Faults) -> String? {
        guard let name = title(path: path, &faults) else { return nil }
        guard name.allSatisfy({ $0.isLetter || $0.isNumber || " -_.".contains($0) }), name.count <= 100 else {
            faults.add(location, path, .figure(.badFont(shown)))
            return nil
        }
        return name
    }
}
