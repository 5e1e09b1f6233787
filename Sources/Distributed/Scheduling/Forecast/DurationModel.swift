import Glibc
import Sweep

/// How long the trials of each cost class take on one slot: the plan's seconds times a factor that is learned from the
/// trials of this run. The logarithms of the factors are a Gaussian process (Rasmussen and Williams, Gaussian Processes
/// for Machine Learning, 2006, equations 2.23 to 2.26): all classes share a factor, because the machine may be faster
/// or slower than the plan's; it varies with size and with the share of measuring; classes at one position of an axis
/// have something in common; and each class has a factor of its own. So a class that no trial has shown yet is
/// predicted from its like, with the uncertainty that remains.
struct DurationModel: Sendable {
    /// The time that trials of a class took.
    struct Observation: Equatable, Sendable {
        /// Number of trials; running ones count in part.
        var trials = 0.0
        /// The slot's seconds that they took.
        var seconds = 0.0
    }

    private let classes: [TrialCosts.Class]
    /// Logarithms of the factors, by class.
    private var factors: [Double] = []
    /// The observed classes, and the Cholesky factor of their covariance matrix, lower triangle by rows.
    private var observed: [Int] = []
    private var triangle: [[Double]] = []
    /// Logarithms of the classes' seconds, and how much more than half of them measuring takes.
    private let sizes: [Double]
    private let shares: [Double]
    private let meanSize: Double

    /// Standard deviations of the logarithms: of the factor that all classes share, of its change with each factor e in
    /// size and with the share of measuring, of what classes at a position of an axis share, and of a class's own.
    private static let common = 0.7
    private static let size = 0.15
    private static let share = 0.4
    private static let position = 0.15
    private static let own = 0.15
    /// The deviation of one trial from its class, and that of all trials of a class together, which took their time
    /// under the same conditions.
    private static let trial = 0.12
    private static let conditions = 0.03
    /// The most classes that are learned from; those with the most trials.
    private static let maxObserved = 64

    /// Learns from observations, one for each class.
    init(_ classes: [TrialCosts.Class], _ observations: [Observation]) {
        self.classes = classes
        sizes = classes.map { log(max($0.cost.seconds, 1e-9)) }
        meanSize = sizes.isEmpty ? 0 : sizes.reduce(0, +) / Double(sizes.count)
        shares = classes.map {
            $0.cost.seconds > 0 ? $0.cost.measuringSeconds / $0.cost.seconds - 0.5 : 0
        }
        let shown = observations.indices.filter {
            $0 < classes.count && observations[$0].trials > 0.02 && observations[$0].seconds > 0
        }
        observed = Array(
            shown.sorted { observations[$0].trials > observations[$1].trials }
                .prefix(DurationModel.maxObserved).sorted())
        triangle = cholesky(
            observed.enumerated().map { row, number in
                observed.prefix(row + 1).enumerated().map { column, other in
                    let noise =
                        row == column
                        ? DurationModel.conditions * DurationModel.conditions
                            + DurationModel.trial * DurationModel.trial / observations[number].trials : 0
                    return covariance(number, other) + noise
                }
            })
        let deviations = observed.map { number in
            log(observations[number].seconds / observations[number].trials) - sizes[number]
        }
        let weights = solvedTransposed(solved(deviations))
        factors = classes.indices.map { number in
            zip(observed, weights).reduce(0) { $0 + covariance(number, $1.0) * $1.1 }
        }
    }

    /// The number of classes.
    var count: Int { classes.count }

    /// Seconds that a slot takes for a trial of a class.
    func seconds(of number: Int) -> Double {
        classes[number].cost.seconds * exp(factors[number])
    }

    /// The standard deviation of the logarithm of the seconds of some trials together.
    ///
    /// - Parameter trials: the number of trials of each class; running ones count in part.
    func deviation(of trials: [Double]) -> Double {
        let work = trials.enumerated().map { $0.element > 0 ? $0.element * seconds(of: $0.offset) : 0 }
        let total = work.reduce(0, +)
        guard total > 0 else { return 0 }
        let portions = work.map { $0 / total }
        let involved = portions.indices.filter { portions[$0] > 0 }
        let reduced = solved(
            observed.map { number in
                involved.reduce(0) { $0 + portions[$1] * covariance(number, $1) }
            })
        let explained = reduced.reduce(0) { $0 + $1 * $1 }
        return max(0, variance(of: portions, involved) - explained).squareRoot()
    }

    /// The standard deviation of the logarithm of a class's seconds.
    func deviation(ofClass number: Int) -> Double {
        let explained = solved(observed.map { covariance($0, number) }).reduce(0) { $0 + $1 * $1 }
        return max(0, covariance(number, number) - explained).squareRoot()
    }

    /// The variance of a weighted mean of factors before anything is observed. As `covariance` summed over all pairs,
    /// in time proportional to the number of classes.
    private func variance(of portions: [Double], _ involved: [Int]) -> Double {
        func square(_ part: (Int) -> Double) -> Double {
            let sum = involved.reduce(0) { $0 + portions[$1] * part($1) }
            return sum * sum
        }
        var variance = DurationModel.common * DurationModel.common * square { _ in 1 }
        variance += DurationModel.size * DurationModel.size * square { sizes[$0] - meanSize }
        variance += DurationModel.share * DurationModel.share * square { shares[$0] }
        variance += involved.reduce(0) {
            $0 + DurationModel.own * DurationModel.own * portions[$1] * portions[$1]
        }
        let axes = involved.map { classes[$0].positions.count }.max() ?? 0
        for axis in 0..<axes {
            var sums: [Int: Double] = [:]
            for number in involved where classes[number].positions.count > axis {
                sums[classes[number].positions[axis], default: 0] += portions[number]
            }
            // In the order of positions: a sum of doubles depends on it.
            for key in sums.keys.sorted() {
                let sum = sums[key] ?? 0
                variance += DurationModel.position * DurationModel.position * sum * sum
            }
        }
        return variance
    }

    private func covariance(_ a: Int, _ b: Int) -> Double {
        let alike = zip(classes[a].positions, classes[b].positions).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
        return DurationModel.common * DurationModel.common
            + DurationModel.size * DurationModel.size * (sizes[a] - meanSize) * (sizes[b] - meanSize)
            + DurationModel.share * DurationModel.share * shares[a] * shares[b]
            + DurationModel.position * DurationModel.position * Double(alike)
            + (a == b ? DurationModel.own * DurationModel.own : 0)
    }

    // MARK: - Linear algebra

    /// L⁻¹ v.
    private func solved(_ vector: [Double]) -> [Double] {
        var result: [Double] = []
        for (row, value) in vector.enumerated() {
            let rest = zip(triangle[row], result).reduce(value) { $0 - $1.0 * $1.1 }
            result.append(rest / triangle[row][row])
        }
        return result
    }

    /// L⁻ᵀ v.
    private func solvedTransposed(_ vector: [Double]) -> [Double] {
        var result = vector
        for row in vector.indices.reversed() {
            for below in (row + 1)..<max(row + 1, vector.count) {
                result[row] -= triangle[below][row] * result[below]
            }
            result[row] /= triangle[row][row]
        }
        return result
    }
}

/// L with L Lᵀ = A, of a positive definite matrix given by its lower triangle, by rows.
private func cholesky(_ matrix: [[Double]]) -> [[Double]] {
    var factor: [[Double]] = []
    for (row, entries) in matrix.enumerated() {
        var line: [Double] = []
        for (column, entry) in entries.enumerated() {
            let other = column < row ? factor[column] : line
            let rest = zip(line, other).prefix(column).reduce(entry) { $0 - $1.0 * $1.1 }
            line.append(column == row ? max(rest, 1e-12).squareRoot() : rest / other[column])
        }
        factor.append(line)
    }
    return factor
}
