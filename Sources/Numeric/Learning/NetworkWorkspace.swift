import LinearAlgebra
import Model

/// The memory of a network's passes over a fixed number of points, allocated once.
struct NetworkWorkspace<Scalar: Real> {
    /// Each value, [points, numbers]; of the input, which is the caller's, nothing. Values share memory where
    /// one overwrites the other.
    let values: [Matrix<Scalar>]
    /// Room for gradients, [points, numbers] of the largest that is kept there.
    let slots: [Matrix<Scalar>]
    /// Of each normalisation in its order: the mean and variance of each instance's groups.
    let moments: [Moments]
    /// What is under a convolution's window, of as many points as `pointsAtOnce`.
    let windows: Matrix<Scalar>
    let scratch: NormalisationScratch<Scalar>
    /// For layers without biases, and for gradients that nobody reads.
    let zeros: Matrix<Scalar>
    let unread: (Matrix<Scalar>, Matrix<Scalar>)

    struct Moments {
        let mean: Matrix<Scalar>
        let variance: Matrix<Scalar>
    }

    /// Numbers under windows that are gathered at once, at least one point's: half a megabyte of floats, so
    /// that they stay in a core's cache.
    static var windowNumbers: Int { 1 << 17 }

    static func pointsAtOnce(_ window: ImageWindow) -> Int {
        max(1, windowNumbers / (window.positions * window.columns))
    }

    /// - Parameter keepsAll: no value overwrites another.
    init(_ plan: NetworkPlan, _ backward: BackwardPlan?, points: Int, keepsAll: Bool = false) {
        var values: [Matrix<Scalar>] = []
        for (index, value) in plan.values.enumerated() {
            if let other = value.takesMemoryOf, !keepsAll {
                values.append(values[other])
            } else {
                values.append(Matrix(rows: index == 0 ? 0 : points, columns: value.size.count))
            }
        }
        var moments: [Moments] = []
        var (windowRoom, columns) = (0, 1)
        for node in plan.nodes {
            let size = plan.values[node.output].size
            columns = max(columns, size.channels)
            switch node.operation {
            case .convolution(let window, _, _) where !window.isPointwise:
                let together = min(points, Self.pointsAtOnce(window))
                windowRoom = max(windowRoom, together * window.positions * window.columns)
            case .normalisation(let norm):
                let cut = norm.kind.cut(size, points: points)
                moments.append(
                    Moments(
                        mean: Matrix(rows: cut.instances, columns: cut.groups),
                        variance: Matrix(rows: cut.instances, columns: cut.groups)))
            default: break
            }
        }
        self.values = values
        slots = backward?.slotSizes.map { Matrix(rows: points, columns: $0) } ?? []
        self.moments = moments
        windows = Matrix(rows: 1, columns: windowRoom)
        scratch = NormalisationScratch(columns: columns)
        zeros = Matrix(rows: 1, columns: columns)
        unread = (Matrix(rows: 1, columns: columns), Matrix(rows: 1, columns: columns))
    }
}

extension Normalisation {
    /// How [points, size] is cut. Where moments are per point there are as many instances as points.
    func cut(_ size: ImageSize, points: Int) -> NormalisationCut {
        let (pixels, channels) = (size.pixels, size.channels)
        switch self {
        case .batch:
            return NormalisationCut(instances: 1, rows: points * pixels, columns: channels, groups: channels)
        case .layer: return NormalisationCut(instances: points, rows: pixels, columns: channels, groups: 1)
        case .instance where pixels == 1:
            return NormalisationCut(instances: points, rows: channels, columns: 1, groups: 1)
        case .instance:
            return NormalisationCut(instances: points, rows: pixels, columns: channels, groups: channels)
        case .group(let groups):
            return NormalisationCut(instances: points, rows: pixels, columns: channels, groups: groups)
        }
    }
}
