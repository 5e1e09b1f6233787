extension SlotReply {
    /// The reply as it can be sent: a record that no message holds is its trial's failure, which says so.
    public var withinLimits: SlotReply {
        guard case .done(let trial, _, let body, _, _, let seconds, _, let peak) = self,
            body.count > WireLimit.body
        else { return self }
        return .failed(
            trial: trial,
            cause:
                "its record has \(body.count) bytes; at most \(WireLimit.body) (16 MiB) can be sent: measure "
                + "at fewer steps (measures.trace_at) or points",
            seconds: seconds, peakMemoryBytes: peak)
    }
}
