/// What figures need to know of a metric beside its name.
extension Metric {
    /// What no number of the metric leaves: an interval beyond it says nothing.
    ///
    /// - Parameter lossIsPositive: whether the task loss is never negative.
    public func bounds(lossIsPositive: Bool) -> ClosedRange<Double> {
        if Metric.shares.contains(key) { return 0...1 }
        if unit == .loss { return lossIsPositive ? 0...Double.infinity : -.infinity ... .infinity }
        return isCount || Metric.notNegative.contains(key) ? 0...Double.infinity : -.infinity ... .infinity
    }

    private static let shares: Set = [
        "accuracy", "train_accuracy", "accuracy_one_sample", "accuracy_sampled", "class_accuracy",
        "class_predicted_accuracy", "predicted_accuracy", "component_accuracy", "component_rank_kept",
        "i_xt_falls", "two_phases", "reached_loss", "nc4", "product_root",
    ]

    private static let notNegative: Set = [
        "kl_nats", "kl_bits", "spectral_norm", "frobenius_norm", "stable_rank", "mean_stable_rank",
        "effective_rank", "rank_me", "participation_ratio", "activation_stable_rank",
        "component_dimension_kept",
        "i_xt_nats", "i_xt_bits", "i_ty_nats", "i_ty_bits", "i_xt_fall_step", "gradient_snr", "gradient_mean",
        "gradient_deviation", "gaussian_bound", "phase_change_step", "phase_change_ratio", "steps_to_loss",
        "weight_displacement", "intrinsic_dimension", "nc1", "nc2_norms", "nc2_angles", "nc2_maximality",
        "nc2_head_norms", "nc2_head_angles", "nc2_head_maximality", "nc3", "product_exponent_root",
        "safe_delta",
    ]

    /// What figures call its theory, where that is no bound of `hasBound`.
    public var theoryName: String { measure?.theoryName ?? "closed form" }

    /// Whether a list's entries follow one another, as components do; classes and points have no order.
    public var hasOrder: Bool { list.map { !["class", "point"].contains($0.of) } ?? true }
}
