/// The candidate nearest to a misspelt word, or nil if none is near: at most a third of the word's letters
/// (and at least one) may differ, and a swap of neighbours counts as one.
///
/// Ties go to the earlier candidate. `-`, `_` and case make no difference. Words that resemble a name and are
/// known to mean something else have no correction.
public func nearestSpelling(to word: String, among candidates: some Sequence<String>) -> String? {
    if Alias.isDistinct(word) { return nil }
    let (letters, limit) = (Array(folded(word)), max(1, word.count / 3))
    var best: (candidate: String, distance: Int)?
    for candidate in candidates {
        let distance = editDistance(letters, Array(folded(candidate)))
        if distance <= limit, distance < best?.distance ?? Int.max { best = (candidate, distance) }
    }
    return best?.candidate
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
public func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1...a.count {
        var row = [i] + [Int](repeating: 0, count: b.count)
        for j in 1...b.count {
            let substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
            row[j] = min(substitution, last[j] + 1, row[j - 1] + 1)
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                row[j] = min(row[j], beforeLast[j - 2] + 1)
            }
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}
