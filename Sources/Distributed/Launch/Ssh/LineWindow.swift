import Text

/// Limits the lines shown per host and minute; counts the rest.
struct LineWindow {
    static let maxLines = 20
    private var start: Int64 = .min
    private var shown = 0
    private var hidden = 0

    mutating func admits(at now: Int64) -> Bool {
        if start == .min { start = now }
        if shown < Self.maxLines {
            shown += 1
            return true
        }
        hidden += 1
        return false
    }

    /// Begins a new minute. Returns a line about the lines left out, if any.
    mutating func roll(at now: Int64) -> String? {
        guard start != .min, now - start >= 60_000 else { return nil }
        defer { self = LineWindow() }
        return hidden > 0 ? "… and \(countText(hidden, "more line"))" : nil
    }
}
