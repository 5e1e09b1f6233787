import Collections

/// The simulation's random numbers, equal for a seed on every machine: SplitMix64 (Steele, Lea & Flood 2014).
struct Chance {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Whether an event of this probability happens.
    mutating func hits(_ probability: Double) -> Bool { Double(next() >> 11) * 0x1p-53 < probability }

    /// A number in the range. Near enough to uniform, because a range is far below 2⁶⁴.
    mutating func milliseconds(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    mutating func pick<Element>(_ elements: Element...) -> Element { pick(from: elements) }

    mutating func pick<Element>(from elements: [Element]) -> Element {
        elements[Int(next() % UInt64(elements.count))]
    }
}

/// Future events: a heap, earliest first, and in the order of insertion within a millisecond.
struct Agenda<Happening> {
    private struct Entry: Comparable {
        let time: Int64
        let order: Int
        let happening: Happening

        static func == (a: Entry, b: Entry) -> Bool { a.order == b.order }
        static func < (a: Entry, b: Entry) -> Bool { (a.time, a.order) < (b.time, b.order) }
    }

    private var entries = Heap<Entry>()
    private var count = 0

    mutating func add(_ happening: Happening, at time: Int64) {
        count += 1
        entries.insert(Entry(time: time, order: count, happening: happening))
    }

    mutating func next() -> (time: Int64, happening: Happening)? {
        entries.popFirst().map { ($0.time, $0.happening) }
    }
}
