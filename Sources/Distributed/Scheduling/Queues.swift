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
        atMost most: Int = 16, isAlive: (Element) -> Bool, where isWanted: (Element) -> Bool
    ) -> Element? {
        var passed: [Element] = []
        var found: Element?
        while found == nil, passed.count < most, let element = popFirst() {
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
    private struct Entry: Sendable {
        var due: Instant
        var number: Int
        var worker: WorkerID

        func isBefore(_ other: Entry) -> Bool { due == other.due ? number < other.number : due < other.due }
    }

    private var entries: [Entry] = []

    var first: Instant? { entries.first?.due }

    mutating func add(_ worker: WorkerID, number: Int, due: Instant) {
        entries.append(Entry(due: due, number: number, worker: worker))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].isBefore(entries[parent]) else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Removes and returns the first entry, if it is due.
    mutating func next(by now: Instant) -> (worker: WorkerID, due: Instant)? {
        guard let first = entries.first, first.due <= now, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return (first.worker, first.due) }
        entries[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].isBefore(entries[child]) { child += 1 }
            guard entries[child].isBefore(entries[parent]) else { break }
            entries.swapAt(child, parent)
            parent = child
        }
        return (first.worker, first.due)
    }
}
