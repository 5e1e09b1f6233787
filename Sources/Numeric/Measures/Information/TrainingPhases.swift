// Phase changes of a training, found in what was measured along it (representation compression, Sections 2
// and 6). Each result describes one training: the uncertainty is the spread over seeds.

import Fitting

/// The gradient's phase change, from drift to diffusion: the step at which SNR falls fastest against ln step.
///
/// A line is fitted by least squares to SNR over ln t in each window of consecutive measured steps. The phase
/// change is the middle (geometric mean) of the window with the most negative slope, the first of equal ones.
/// One outlying step therefore cannot make a phase change, and the result is known to about a window's width:
/// measure at steps that grow by a constant factor. Step 0 has no logarithm and is left out. O(steps ·
/// window).
public struct PhaseChange: Equatable, Sendable {
    /// The phase change: the geometric mean of the window's steps.
    public let step: Double
    /// The window's first and last step.
    public let window: ClosedRange<Double>
    /// d SNR / d ln t in the window; negative.
    public let slope: Double
    /// The median SNR of the measured steps before the window's middle one. If it is close to `after`, there
    /// was no phase change, whatever the slope.
    public let before: Double
    /// The median SNR of the measured steps after the window's middle one.
    public let after: Double

    /// Finds the phase change; nil if fewer steps than a window were measured, or if SNR never falls.
    ///
    /// - Parameters:
    ///   - steps: ascending.
    ///   - ratios: SNR at each step; finite.
    ///   - window: number of measured steps in a window, at least 2.
    ///   - logarithmic: whether to fit ln SNR, which finds the steepest relative fall; SNR must then be > 0.
    public init?(steps: [Double], ratios: [Double], window: Int = 5, logarithmic: Bool = false) {
        precondition(steps.count == ratios.count && window >= 2)
        let measured = zip(steps, ratios).filter { $0 > 0 && (!logarithmic || $1 > 0) }
        guard measured.count >= window else { return nil }
        let times = measured.map { naturalLogarithm($0.0) }
        let values = measured.map { logarithmic ? naturalLogarithm($0.1) : $0.1 }
        var steepest: (slope: Double, start: Int)?
        for start in 0...(measured.count - window) {
            let part = start..<start + window
            guard let line = LineFit(Array(times[part]), Array(values[part])) else { continue }
            if line.slope < steepest?.slope ?? 0 { steepest = (line.slope, start) }
        }
        guard let (slope, start) = steepest else { return nil }
        let middle = times[start..<start + window].reduce(0, +) / Double(window)
        step = exponential(middle)
        self.window = measured[start].0...measured[start + window - 1].0
        self.slope = slope
        before = median(measured[..<(start + window / 2)].map { $0.1 }) ?? 0
        after = median(measured[(start + (window + 1) / 2)...].map { $0.1 }) ?? 0
    }
}

/// Whether, when and by how much I(X;T) of a layer falls in the end: the second phase of a training.
///
/// The series is smoothed by a running median of `window` measured steps (an odd number; at the ends, of the
/// steps that exist, such as 3 of 5), which one outlier cannot move. `final` is the median of the last
/// `window` values, `peak` the largest smoothed value, and the fall their difference. I(X;T) *falls* if that
/// exceeds both `least` nats and `share` of the peak. Compression *starts* at the last measured step whose
/// smoothed value is within 5 % of the fall from the peak: I(X;T) never returns there afterwards, so a dip
/// that is made up for does not count.
public struct CompressionReport: Equatable, Sendable {
    /// The first smoothed value.
    public let initial: Double
    /// The largest smoothed value.
    public let peak: Double
    /// The median of the last values.
    public let final: Double
    /// peak − final, nats; never negative.
    public let fall: Double
    /// Whether the fall exceeds both limits, and so is more than chance.
    public let falls: Bool
    /// Whether I(X;T) first rose, by the same limits; together with `falls`, the two phases.
    public let rises: Bool
    /// The measured step of the peak, the first of equal ones.
    public let peakStep: Double
    /// The step at which compression starts; nil if I(X;T) does not fall.
    public let startStep: Double?

    /// Analyses a series; nil if it is empty.
    ///
    /// - Parameters:
    ///   - steps: ascending.
    ///   - information: I(X;T) at each step, nats; finite.
    ///   - window: number of measured steps in a running median, odd.
    ///   - least: nats that a change must exceed.
    ///   - share: share of the peak that a change must exceed too.
    public init?(
        steps: [Double], information: [Double], window: Int = 5, least: Double = 0.05, share: Double = 0.02
    ) {
        precondition(steps.count == information.count && window >= 1)
        guard !steps.isEmpty else { return nil }
        let smoothed = runningMedians(information, window: window)
        let peak = smoothed.max() ?? 0
        let final = median(information.suffix(window)) ?? 0
        let fall = max(0, peak - final)
        let limit = max(least, share * abs(peak))
        initial = smoothed[0]
        self.peak = peak
        self.final = final
        self.fall = fall
        falls = fall > limit
        rises = peak - smoothed[0] > limit
        peakStep = steps[smoothed.firstIndex(of: peak) ?? 0]
        let last = smoothed.lastIndex { $0 >= peak - 0.05 * fall }
        startStep = fall > limit ? last.map { steps[$0] } : nil
    }
}

/// The median of each value and its neighbours, up to (window − 1) / 2 on either side.
func runningMedians(_ values: [Double], window: Int) -> [Double] {
    let half = max(0, (window - 1) / 2)
    return values.indices.map { index in
        median(values[max(0, index - half)...min(values.count - 1, index + half)]) ?? 0
    }
}
