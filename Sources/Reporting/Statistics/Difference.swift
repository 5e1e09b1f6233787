/// The difference of a number between two runs, over seeds, with its 95 % interval.
struct Difference: Equatable {
    enum Method: String {
        /// Student's interval of the differences seed by seed.
        case paired
        /// Welch's interval of the difference of two means.
        case welch
    }

    /// A run's number for a seed.
    typealias SeedNumber = (seed: Double, number: Double)

    let method: Method
    /// The number in a run minus that in the other.
    let mean: Double
    /// The number of seeds: pairs, or those of the run and of the other.
    let seeds: (own: Int, other: Int)
    /// nil where there are too few seeds.
    let standardError: Double?
    /// The degrees of freedom of Student's t; nil where there are too few seeds.
    let freedom: Double?

    /// The 95 % interval; nil where there are too few seeds.
    var interval: (low: Double, high: Double)? {
        guard let standardError, let freedom else { return nil }
        let half = standardError == 0 ? 0 : studentQuantile(0.975, freedom: freedom) * standardError
        return (mean - half, mean + half)
    }

    /// The difference between two runs' numbers, in ascending order of seeds; nil where one has none.
    ///
    /// Pairs the seeds that both runs have, and leaves out the others, if there are at least two pairs, or if
    /// one run has all seeds of the other. Otherwise the means of all seeds are compared.
    init?(_ own: [SeedNumber], minus other: [SeedNumber]) {
        guard !own.isEmpty, !other.isEmpty else { return nil }
        var pairs = Sample()
        var later = other[...]
        for (seed, number) in own {
            later = later.drop { $0.seed < seed }
            if let first = later.first, first.seed == seed { pairs.add(number - first.number) }
        }
        if pairs.count >= 2 || pairs.count == min(own.count, other.count) {
            method = .paired
            mean = pairs.mean ?? 0
            seeds = (pairs.count, pairs.count)
            standardError = pairs.standardError
            freedom = pairs.count > 1 ? Double(pairs.count - 1) : nil
            return
        }
        let samples = [own, other].map { Sample($0.map(\.number)) }
        method = .welch
        mean = (samples[0].mean ?? 0) - (samples[1].mean ?? 0)
        seeds = (own.count, other.count)
        guard let one = samples[0].standardError, let two = samples[1].standardError else {
            (standardError, freedom) = (nil, nil)
            return
        }
        let (first, second) = (one * one, two * two)
        let sum = first + second
        standardError = sum.squareRoot()
        let rest = first * first / Double(own.count - 1) + second * second / Double(other.count - 1)
        freedom = rest > 0 ? max(1, sum * sum / rest) : Double(own.count + other.count - 2)
    }

    static func == (left: Difference, right: Difference) -> Bool {
        left.method == right.method && left.mean == right.mean && left.seeds == right.seeds
            && left.standardError == right.standardError && left.freedom == right.freedom
    }
}
