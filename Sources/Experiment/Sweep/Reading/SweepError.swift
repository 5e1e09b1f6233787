import Text

/// Mistakes in a sweep file or a `--set`: up to ten independent faults, each with its location.
///
/// `message` has a line for each fault, `FILE:LINE:COLUMN: path: what` or `--set beta=x: beta: what`.
public struct SweepError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One mistake, with its location.
    public struct Fault: Error, Equatable, Sendable {
        /// The location of the mistake.
        public var location: Location
        /// The path of the key or value; empty where the mistake concerns no single one.
        public var path: String
        /// The mistake itself.
        public var problem: Problem

        init(_ location: Location, _ path: String, _ problem: Problem) {
            self.location = location
            self.path = path
            self.problem = problem
        }
    }

    /// A location in a file or on the command line.
    public enum Location: Hashable, Sendable {
        /// Line and column, counted from 1. Columns are in characters.
        case file(line: Int, column: Int)
        case wholeFile
        /// The argument of a `--set`, as given.
        case override(String)
        /// The value of another option, as "--size".
        case option(String)

        /// Whether this location comes before another in the file. Locations outside the file come last.
        package func precedes(_ other: Location) -> Bool {
            guard case .file(let line, let column) = self else { return false }
            guard case .file(let otherLine, let otherColumn) = other else { return true }
            return (line, column) < (otherLine, otherColumn)
        }
    }

    /// The most faults that are reported.
    public static let faultLimit = 10

    /// The file's name as the user gave it.
    public let file: String
    /// The faults, at least one and at most `faultLimit`.
    public let faults: [Fault]

    init(file: String, faults: [Fault]) {
        self.file = file
        self.faults = Array(faults.prefix(SweepError.faultLimit))
    }

    /// All faults in words, one per line.
    public var message: String { faults.map(line).joined(separator: "\n") }
    /// The same as `message`.
    public var description: String { message }

    private func line(of fault: Fault) -> String {
        let path = fault.path.isEmpty ? "" : shortened(fault.path, to: 100) + ": "
        return prefix(of: fault.location) + ": " + path + fault.problem.words
    }

    private func prefix(of location: Location) -> String {
        switch location {
        case .file(let line, let column): "\(file):\(line):\(column)"
        case .wholeFile: file
        case .override(let text): "--set \(shortened(text, to: 100))"
        case .option(let name): name
        }
    }
}

/// The faults found so far. After the limit, finding more isn't worth the time.
package struct Faults {
    package private(set) var list: [SweepError.Fault] = []
    var isEmpty: Bool { list.isEmpty }
    package var isFull: Bool { list.count >= SweepError.faultLimit }

    package init() {}

    /// Adds a fault if the name is an old or foreign one, with what it is called now. Returns whether it is.
    package mutating func addAlias(
        _ location: SweepError.Location, _ path: String, _ name: String, isKnown: (String) -> Bool
    ) -> Bool {
        guard let answer = Alias.answer(to: name, isKnown: isKnown) else { return false }
        add(location, path, .alias(name, answer))
        return true
    }

    package mutating func add(_ location: SweepError.Location, _ path: String, _ problem: SweepError.Problem)
    {
        let fault = SweepError.Fault(location, path, problem)
        if !isFull, !list.contains(fault) { list.append(fault) }
    }
}
