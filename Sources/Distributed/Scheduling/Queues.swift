import Collections
import Wire

/// A first-in, first-out queue in which elements may be passed over.
struct Queue<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private var head = 0

    var count: Int { elements.count - head }
    var isEmpty: Bool { head == elements.count }
    var all: ArraySlice<Element> { elements[head...] }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        defer {
            head += 1
            // Each move is paid for by at least as many steps forward.
            if head > 64, head * 2 > elements.count {
                elements.removeFirst(head)
                head = 0
            }
        }
        return elements[head]
    }

    /// Takes the first wanted element among the first few that are alive. Dead elements before it are
    /// dropped.
    mutating func take(
        atMost maximum: Int = 16, isAlive: (Element) -> Bool, where isWanted: (Element) -> Bool
    ) -> Element? {
        var passed: [Element] = []
        var found: Element?
        while found == nil, passed.count < maximum, let element = popFirst() {
            guard isAlive(element) else { continue }
            if isWanted(element) { found = element } else { passed.append(element) }
        }
        if passed.count > head {
            elements.replaceSubrange(0..<head, with: passed)
            head = 0
        } else {
            elements.replaceSubrange(head - passed.count..<head, with: passed)
            head -= passed.count
        }
        return found
    }
}

/// Workers by the time of their next check: a binary heap, earliest first, and in joining order at equal
/// times. A worker's old entries stay until they are due, and the caller recognises them by their time.
struct DeadlineQueue: Sendable {
    private struct Entry: Comparable, Sendable {
        var due: Instant
        var number: Int
        var worker: WorkerID

        static func < (a: Entry, b: Entry) -> Bool { a.due == b.due ? a.number < b.number : a.due < b.due }
    }

    private var entries = Heap<Entry>()

    var first: Instant? { entries.first?.due }

    mutating func add(_ worker: WorkerID, number: Int, due: Instant) {
        entries.insert(Entry(due: due, number: number, worker: worker))
    }

    /// Removes and returns the first entry, if it is due.
    mutating func next(by now: Instant) -> (worker: WorkerID, due: Instant)? {
        guard let first, first <= now else { return nil }
        return entries.popFirst().map { ($0.worker, $0.due) }
    }
}
