import LinearAlgebra
import Model

/// The memory of a network's passes over a fixed number of points, allocated once.
struct NetworkWorkspace<Scalar: Real> {
    /// Each value, [points, numbers]; empty for the input, which is the caller's. Values share memory where
    /// one overwrites the other.
    let values: [Matrix<Scalar>]
    /// Memory for gradients, [points, numbers of the largest one kept in the slot].
    let slots: [Matrix<Scalar>]
    /// Moments by the normalisation's index: the mean and variance of each instance's groups.
    let moments: [Moments]
    /// The numbers under a convolution's window, for `pointsAtOnce` points.
    let windows: Matrix<Scalar>
    let scratch: NormalisationScratch<Scalar>
    /// Zeros for layers without biases, and room for gradients that nothing reads.
    let zeros: Matrix<Scalar>
    let unread: (Matrix<Scalar>, Matrix<Scalar>)

    struct Moments {
        let mean: Matrix<Scalar>
        let variance: Matrix<Scalar>
    }

    /// Limit on the numbers under windows that are gathered at once, though one point's always are: half a
    /// megabyte of floats, which stay in a core's cache.
    static var windowNumbers: Int { 1 << 17 }

    static func pointsAtOnce(_ window: ImageWindow) -> Int {
        max(1, windowNumbers / (window.positions * window.columns))
    }

    /// - Parameter keepsAll: whether every value keeps memory of its own, so that none overwrites another.
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
                let count = min(points, Self.pointsAtOnce(window))
                windowRoom = max(windowRoom, count * window.positions * window.columns)
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
    /// How this normalisation divides [points, size] into instances and groups. Where moments are per point,
    /// there are as many instances as points.
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
