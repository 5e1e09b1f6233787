/// The middle number, or the mean of the two middle ones; nil if there are no numbers.
public func median(_ numbers: some Sequence<Double>) -> Double? {
    let sorted = numbers.sorted()
    guard let last = sorted.indices.last else { return nil }
    return (sorted[last / 2] + sorted[(last + 1) / 2]) / 2
}
