import Glibc
import Model

/// How ONNX's Resize takes each index of a result from an image: which indices, with which weights.
struct ResizeGeometry {
    let axes: [WindowAxis]

    init(_ node: NodeContext, shape: [Int], _ compiler: inout GraphCompiler) throws(NodeError) {
        var chosen = Array(shape.indices)
        if let given = try node.ints("axes") {
            chosen = []
            for axis in given { chosen.append(try node.axis(axis, rank: shape.count)) }
        }
        let kind = try Interpolation(node)
        guard !shape.contains(0) else { throw .words("has an image without pixels, of shape \(shape)") }
        var scales = try node.constantNumbers(2) ?? []
        var sizes = try node.constantInts(3) ?? []
        guard scales.isEmpty != sizes.isEmpty, max(scales.count, sizes.count) == chosen.count else {
            throw .words("needs either scales or sizes, one for each axis")
        }
        if !sizes.isEmpty {
            scales = zip(sizes, chosen).map { Double($0) / Double(shape[$1]) }
            let policy = try node.string("keep_aspect_ratio_policy", "stretch")
            if policy != "stretch" {
                let scale = policy == "not_larger" ? scales.min() : scales.max()
                scales = scales.map { _ in scale ?? 1 }
                sizes = zip(scales, chosen).map { Int(bounded: ($0 * Double(shape[$1])).rounded()) }
            }
        } else {
            sizes = zip(scales, chosen).map { scale, axis in
                Int(exactly: (scale * Double(shape[axis])).rounded(.down)) ?? 0
            }
        }
        guard zip(scales, sizes).allSatisfy({ $0 > 0 && $0.isFinite && $1 > 0 }) else {
            throw .words("has scales or sizes that are not positive")
        }
        for (position, axis) in chosen.enumerated() {
            // An image that shrinks with antialiasing has as many terms as the image has pixels, four times.
            try compiler.prepare([4, max(sizes[position], shape[axis])], atMost: WindowAxis.maxTerms)
        }
        var axes = shape.map { WindowAxis(size: $0) }
        for (position, axis) in chosen.enumerated() {
            if kind.isIdentity(scales[position]), sizes[position] == shape[axis] { continue }
            axes[axis] = kind.axis(size: shape[axis], scale: scales[position], result: sizes[position])
        }
        self.axes = axes
    }
}

/// An interpolation along one axis.
private struct Interpolation {
    let mode: String, coordinates: String, rounding: String
    /// The cubic kernel's coefficient.
    let cubic: Double
    let excludesOutside: Bool, isAntialiased: Bool

    init(_ node: NodeContext) throws(NodeError) {
        mode = try node.string("mode", "nearest")
        coordinates = try node.string("coordinate_transformation_mode", "half_pixel")
        rounding = try node.string("nearest_mode", "round_prefer_floor")
        cubic = try node.float("cubic_coeff_a", -0.75)
        excludesOutside = try node.flag("exclude_outside")
        isAntialiased = try node.flag("antialias")
        let known = [
            "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
        ]
        guard known.contains(coordinates), ["nearest", "linear", "cubic"].contains(mode) else {
            throw .words("has the mode '\(mode)' with '\(coordinates)', which can't be measured")
        }
    }

    func isIdentity(_ scale: Double) -> Bool { scale == 1 && coordinates != "align_corners" }

    func axis(size: Int, scale: Double, result: Int) -> WindowAxis {
        WindowAxis(
            size: size,
            windows: (0..<result).map { index in
                let at = coordinate(Double(index), Double(size), scale, Double(result))
                return mode == "nearest"
                    ? [WindowAxis.Term(index: min(max(nearest(at), 0), size - 1), weight: 1)]
                    : terms(at, size, scale)
            })
    }

    /// The coordinate in the image that belongs to an index of the result.
    private func coordinate(_ index: Double, _ size: Double, _ scale: Double, _ result: Double) -> Double {
        switch coordinates {
        case "align_corners":
            // ONNX counts a part of a pixel at the end, too.
            scale * size == 1 ? 0 : index * (size - 1) / (scale * size - 1)
        case "asymmetric": index / scale
        case "pytorch_half_pixel": result == 1 ? -0.5 : (index + 0.5) / scale - 0.5
        case "half_pixel_symmetric":
            size / 2 * (1 - result / (scale * size)) + (index + 0.5) / scale - 0.5
        default: (index + 0.5) / scale - 0.5
        }
    }

    private func nearest(_ at: Double) -> Int {
        switch rounding {
        case "floor": Int(bounded: at.rounded(.down))
        case "ceil": Int(bounded: at.rounded(.up))
        case "round_prefer_ceil": Int(bounded: (at + 0.5).rounded(.down))
        default: Int(bounded: (at - 0.5).rounded(.up))
        }
    }

    /// The weights of linear or cubic interpolation; in an image that shrinks with antialiasing, the kernel is
    /// as much wider.
    private func terms(_ at: Double, _ size: Int, _ scale: Double) -> [WindowAxis.Term] {
        let shrink = isAntialiased ? min(scale, 1) : 1
        let reach = (mode == "linear" ? 1.0 : 2.0) / shrink
        let first = Int(bounded: (at - reach).rounded(.down)) + 1
        let last = Int(bounded: (at + reach).rounded(.up)) - 1
        var terms: [WindowAxis.Term] = []
        for index in first...max(first, last) {
            var weight = kernel((Double(index) - at) * shrink)
            if excludesOutside, !(0..<size).contains(index) { weight = 0 }
            if weight != 0 {
                terms.append(WindowAxis.Term(index: min(max(index, 0), size - 1), weight: weight))
            }
        }
        let sum = terms.reduce(0) { $0 + $1.weight }
        return terms.map { WindowAxis.Term(index: $0.index, weight: $0.weight / sum) }
    }

    private func kernel(_ distance: Double) -> Double {
        let x = abs(distance)
        if mode == "linear" { return max(0, 1 - x) }
        if x <= 1 { return ((cubic + 2) * x - (cubic + 3)) * x * x + 1 }
        return x < 2 ? ((cubic * x - 5 * cubic) * x + 8 * cubic) * x - 4 * cubic : 0
    }
}
