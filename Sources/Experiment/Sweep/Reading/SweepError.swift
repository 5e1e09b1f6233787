import Text

/// What is wrong with a sweep file or a `--set`: up to ten independent faults, each with its place.
///
/// `message` has a line for each, `FILE:LINE:COLUMN: path: what`, or `--set beta=x: beta: what`.
public struct SweepError: Error, Equatable, Sendable, CustomStringConvertible {
    public struct Fault: Error, Equatable, Sendable {
        public var place: Place
        /// The path of the key or value; empty where the fault is in no one of them.
        public var path: String
        public var problem: Problem

        init(_ place: Place, _ path: String, _ problem: Problem) {
            self.place = place
            self.path = path
            self.problem = problem
        }
    }

    public enum Place: Hashable, Sendable {
        /// Counted from 1, in characters.
        case file(line: Int, column: Int)
        case wholeFile
        /// The argument of a `--set`, as given.
        case override(String)

        /// Whether it stands before another in the file; what stands nowhere in it comes last.
        package func precedes(_ other: Place) -> Bool {
            guard case .file(let line, let column) = self else { return false }
            guard case .file(let otherLine, let otherColumn) = other else { return true }
            return (line, column) < (otherLine, otherColumn)
        }
    }

    public static let faultLimit = 10

    /// As the user named it.
    public let file: String
    /// At least one, at most `faultLimit`.
    public let faults: [Fault]

    init(file: String, faults: [Fault]) {
        self.file = file
        self.faults = Array(faults.prefix(SweepError.faultLimit))
    }

    public var message: String { faults.map(line).joined(separator: "\n") }
    public var description: String { message }

    private func line(of fault: Fault) -> String {
        let path = fault.path.isEmpty ? "" : shortened(fault.path, to: 100) + ": "
        return prefix(of: fault.place) + ": " + path + fault.problem.words
    }

    private func prefix(of place: Place) -> String {
        switch place {
        case .file(let line, let column): "\(file):\(line):\(column)"
        case .wholeFile: file
        case .override(let text): "--set \(shortened(text, to: 100))"
        }
    }
}

/// The faults found so far, up to the limit: what comes after is not worth the time.
package struct Faults {
    package private(set) var list: [SweepError.Fault] = []
    var isEmpty: Bool { list.isEmpty }
    package var isFull: Bool { list.count >= SweepError.faultLimit }

    package init() {}

    /// Adds that a name is now another, where it is.
    package mutating func addRenamed(
        _ place: SweepError.Place, _ path: String, _ name: String, isKnown: (String) -> Bool
    ) -> Bool {
        guard let new = RenamedName.newName(for: name, isKnown: isKnown) else { return false }
        add(place, path, .renamed(name, to: new))
        return true
    }

    package mutating func add(_ place: SweepError.Place, _ path: String, _ problem: SweepError.Problem) {
        let fault = SweepError.Fault(place, path, problem)
        if !isFull, !list.contains(fault) { list.append(fault) }
    }
}
