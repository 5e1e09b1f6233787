// Collections: data structures that the standard library lacks, each defined once. Imports nothing. Leaves
// out what is stored in them, and in which order.

/// A binary heap, the smallest element first. Equal elements come in any order.
public struct Heap<Element: Comparable> {
    @usableFromInline var elements: [Element] = []

    /// An empty heap.
    @inlinable public init() {}

    /// A heap of the elements in `sorted`, which must be ascending.
    @inlinable public init(sorted: [Element]) { elements = sorted }

    /// The smallest element.
    @inlinable public var first: Element? { elements.first }

    /// Adds an element: O(log n).
    @inlinable public mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[child] < elements[parent] else { return }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    /// Removes and returns the smallest element: O(log n).
    @inlinable public mutating func popFirst() -> Element? {
        guard let first = elements.first, let last = elements.popLast() else { return nil }
        if !elements.isEmpty { replaceFirst(by: last) }
        return first
    }

    /// Replaces the smallest element by another: O(log n). Precondition: the heap isn't empty.
    @inlinable public mutating func replaceFirst(by element: Element) {
        elements[0] = element
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < elements.count else { return }
            if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
            guard elements[child] < elements[parent] else { return }
            elements.swapAt(child, parent)
            parent = child
        }
    }
}

extension Heap: Sendable where Element: Sendable {}
