import Fitting
import Glibc
import Sweep
import Text

/// Decides a claim.
///
/// Each cell is judged by the 95 % intervals of its means over seeds. With `cells: all` a claim holds if all cells hold,
/// which is wrong no more often than in one cell. It doesn't hold if the interval of one of k cells excludes it at
/// 1 − 0.05/k, so that more cells don't refute it more often by chance. `cells: any` is the mirror image.
struct ClaimJudge {
    let claim: ClaimSpec
    let number: Int

    /// A number with the range in which it is claimed to be. A cell has one, or one for each step of `monotone_in`.
    private struct Part {
        let estimate: Estimate
        let range: ClaimedRange
        let limit: String
        var between: (from: Double, to: Double)?
    }

    func outcome(_ own: ClaimSamples, _ other: ClaimSamples?) -> ClaimOutcome {
        let cells = own.cells.compactMap { cell -> (cell: ClaimSamples.Cell, parts: [Part])? in
            let parts = parts(of: cell, other)
            return parts.isEmpty ? nil : (cell, parts)
        }
        let strict = 1 - 0.05 / Double(max(1, cells.count))
        let outcomes = cells.map { cell in
            self.outcome(of: cell.cell, cell.parts, named: own.partName)
        }
        let isAny = claim.cells == .any
        let hold = cells.map { self.verdict(of: $0.parts, level: isAny ? strict : 0.95) == .holds }
        let fail = cells.map { self.verdict(of: $0.parts, level: isAny ? 0.95 : strict) == .doesNotHold }
        var verdict = Verdict.undecided
        if !cells.isEmpty {
            if isAny ? hold.contains(true) : !hold.contains(false) { verdict = .holds }
            if isAny ? !fail.contains(false) : fail.contains(true) { verdict = .doesNotHold }
        }
        return ClaimOutcome(
            number: number, text: claim.text, verdict: verdict, cells: outcomes.map(\.cell),
            decisive: decisive(outcomes, isAny: isAny))
    }

    /// The first of the cells that are the furthest from holding, or for `any` the nearest.
    private func decisive(_ cells: [(cell: ClaimOutcome.Cell, margin: Double)], isAny: Bool) -> Int? {
        func rank(_ verdict: Verdict) -> Int {
            switch verdict {
            case .doesNotHold: 0
            case .undecided: 1
            case .holds: 2
            }
        }
        func isBefore(_ left: Int, _ right: Int) -> Bool {
            let (one, two) = (cells[left], cells[right])
            let ranks = (rank(one.cell.verdict), rank(two.cell.verdict))
            if ranks.0 != ranks.1 { return (ranks.0 < ranks.1) != isAny }
            return isAny ? one.margin > two.margin : one.margin < two.margin
        }
        return cells.indices.reduce(nil) { best, next in
            best.map { isBefore(next, $0) ? next : $0 } ?? next
        }
    }

    private func outcome(
        of cell: ClaimSamples.Cell, _ parts: [Part], named partName: String
    ) -> (cell: ClaimOutcome.Cell, margin: Double) {
        let margins = parts.map { $0.range.margin($0.estimate) }
        let worst = margins.indices.reduce(0) { margins[$1] < margins[$0] ? $1 : $0 }
        let part = parts[worst]
        let interval = part.estimate.interval(0.95)
        let place = cell.axes + (cell.layer.map { [(partName, JSONValue($0))] } ?? [])
        let outcome = ClaimOutcome.Cell(
            place: place, between: part.between, seeds: part.estimate.count, mean: part.estimate.mean,
            low: interval?.low, high: interval?.high, limit: part.limit,
            verdict: verdict(of: parts, level: 0.95))
        return (outcome, margins[worst])
    }

    private func verdict(of parts: [Part], level: Double) -> Verdict {
        let strict = 1 - (1 - level) / Double(parts.count)
        if parts.contains(where: { $0.range.verdict($0.estimate, level: strict) == .doesNotHold }) {
            return .doesNotHold
        }
        let hold = parts.allSatisfy { $0.range.verdict($0.estimate, level: level) == .holds }
        return hold ? .holds : .undecided
    }

    // MARK: Parts

    private func parts(of cell: ClaimSamples.Cell, _ other: ClaimSamples?) -> [Part] {
        switch claim.relation {
        case .compares(let comparison):
            return compared(cell, comparison, other?.cell(like: cell)).map { [$0] } ?? []
        case .falls(_, let amount): return drop(cell, sign: 1, amount).map { [$0] } ?? []
        case .rises(_, let amount): return drop(cell, sign: -1, amount).map { [$0] } ?? []
        case .monotone(_, let isRising, let tolerance):
            return changes(cell, isRising: isRising, tolerance)
        case .slope(_, let logarithms, let comparison):
            let slopes = cell.seeds.sorted { $0.key < $1.key }
                .compactMap { slope(of: $0.value, logarithms) }
            guard let estimate = Estimate(Sample(slopes)) else { return [] }
            return [part(estimate, comparison, reference: 0)]
        }
    }

    private func compared(
        _ cell: ClaimSamples.Cell, _ comparison: ClaimSpec.Comparison, _ other: ClaimSamples.Cell?
    ) -> Part? {
        let numbers = cell.numbers
        switch comparison.reference {
        case .theory?:
            let theories = numbers.compactMap { own in cell.theories[own.seed].map { (own.number, $0) } }
            guard let estimate = Estimate(Sample(theories.map { $0 - $1 })) else { return nil }
            let mean = Sample(theories.map(\.1)).mean ?? 0
            return part(estimate, comparison, reference: mean)
        case .selection?:
            guard let other = other?.numbers, let difference = Difference(numbers, minus: other) else {
                return nil
            }
            let mean = Sample(other.map(\.number)).mean ?? 0
            return part(Estimate(difference), comparison, reference: mean)
        case .number?, nil:
            return Estimate(Sample(numbers.map(\.number))).map { part($0, comparison, reference: 0) }
        }
    }

    /// - Parameter reference: the size of theory or of the other selection, for amounts in percent.
    private func part(
        _ estimate: Estimate, _ comparison: ClaimSpec.Comparison, reference: Double
    ) -> Part {
        func center(_ given: ClaimSpec.Reference, _ amount: ClaimSpec.Amount) -> (Double, Double) {
            if case .number(let number) = given { return (number, amount.value(of: number)) }
            return (0, amount.value(of: reference))
        }
        func words(_ given: ClaimSpec.Reference) -> String {
            switch given {
            case .number: ""
            case .theory: " (difference from theory)"
            case .selection: " (difference)"
            }
        }
        switch comparison {
        case .above(let given, let amount):
            let (number, by) = center(given, amount)
            return Part(
                estimate: estimate, range: ClaimedRange(low: number + by),
                limit: "> \(rounded(number + by, digits: 4))\(words(given))")
        case .below(let given, let amount):
            let (number, by) = center(given, amount)
            return Part(
                estimate: estimate, range: ClaimedRange(high: number - by),
                limit: "< \(rounded(number - by, digits: 4))\(words(given))")
        case .near(let given, let amount):
            let (number, by) = center(given, amount)
            return within(number - by, number + by, estimate, words(given))
        case .within(let low, let high): return within(low, high, estimate, "")
        }
    }

    private func within(_ low: Double, _ high: Double, _ estimate: Estimate, _ words: String) -> Part {
        Part(
            estimate: estimate, range: ClaimedRange(low: low, high: high, hasEnds: true),
            limit: "in [\(rounded(low, digits: 4)), \(rounded(high, digits: 4))]\(words)")
    }

    /// The fall after the maximum, or with a sign of −1 the rise after the minimum.
    private func drop(_ cell: ClaimSamples.Cell, sign: Double, _ amount: ClaimSpec.Amount) -> Part? {
        let traces = cell.seeds.sorted { $0.key < $1.key }.map { $0.value.mapValues { sign * $0 } }
        guard let drop = PeakToFinalDrop(traces), let estimate = Estimate(drop.differences) else {
            return nil
        }
        let least = amount.value(of: drop.maximum)
        let word = sign > 0 ? "a fall" : "a rise"
        return Part(
            estimate: estimate, range: ClaimedRange(low: least),
            limit: "\(word) > \(rounded(least, digits: 4))")
    }

    /// The change from each point to the next, positive in the claimed direction.
    private func changes(_ cell: ClaimSamples.Cell, isRising: Bool, _ tolerance: Double) -> [Part] {
        let points = cell.abscissas
        return zip(points, points.dropFirst()).compactMap { first, second in
            guard let difference = Difference(cell.numbers(at: second), minus: cell.numbers(at: first)) else {
                return nil
            }
            let range =
                isRising
                ? ClaimedRange(low: -tolerance, hasEnds: true) : ClaimedRange(high: tolerance, hasEnds: true)
            let limit =
                isRising
                ? "a change >= \(rounded(tolerance == 0 ? 0 : -tolerance, digits: 4))"
                : "a change <= \(rounded(tolerance, digits: 4))"
            return Part(
                estimate: Estimate(difference), range: range, limit: limit, between: (first, second))
        }
    }

    /// The slope of the line through a seed's points; nil if fewer than two have logarithms that are numbers.
    private func slope(of points: [Double: Double], _ logarithms: ClaimSpec.Logarithms) -> Double? {
        var (x, y): ([Double], [Double]) = ([], [])
        for (key, value) in points.sorted(by: { $0.key < $1.key }) {
            let a = logarithms.hasX ? log(key) : key
            let b = logarithms.hasY ? log(value) : value
            guard a.isFinite, b.isFinite else { continue }
            x.append(a)
            y.append(b)
        }
        return LineFit(x, y)?.slope
    }
}

extension ClaimSpec.Amount {
    /// The amount for a reference of some size.
    func value(of reference: Double) -> Double {
        switch self {
        case .number(let number): number
        case .share(let share): share * abs(reference)
        }
    }
}
