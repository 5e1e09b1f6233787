import Text

/// The number of bytes in a size that a person wrote: "2GiB", "2G", "1.5g", "500M", "500MB", "1048576". K, M,
/// G and T count by 1024; KB, MB, GB and TB by 1000. nil if the text is no size, or is less than one byte.
public func bytes(ofSize text: String) -> UInt64? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = Double(digits), number > 0 else { return nil }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
    let scale: Double
    switch unit {
    case "", "b": scale = 1
    case "k", "kib": scale = 0x1p10
    case "m", "mib": scale = 0x1p20
    case "g", "gib": scale = 0x1p30
    case "t", "tib": scale = 0x1p40
    case "kb": scale = 1e3
    case "mb": scale = 1e6
    case "gb": scale = 1e9
    case "tb": scale = 1e12
    default: return nil
    }
    let bytes = number * scale
    return bytes >= 1 && bytes < 1e18 ? UInt64(bytes) : nil
}

/// The least memory that a trial may be limited to (`--memory-limit`), in bytes: an idle slot takes about as
/// much, so with less no trial ends.
public let leastTrialMemory: UInt64 = 16 << 20

/// "2 GiB", "1.5 GiB", "300 MiB".
public func sizeText(_ bytes: UInt64) -> String {
    let units = [("TiB", 0x1p40), ("GiB", 0x1p30), ("MiB", 0x1p20), ("KiB", 0x1p10)]
    for (unit, scale) in units where Double(bytes) >= scale {
        return "\(roundedText(Double(bytes) / scale)) \(unit)"
    }
    return countText(Int(bytes), "byte")
}

extension Arguments {
    /// The bytes of a size, or nil where the option was not given.
    ///
    /// - Parameter least: with less nothing can work.
    public func size(_ option: String, atLeast least: UInt64 = 1) throws(UsageError) -> UInt64? {
        guard let text = self[option] else { return nil }
        guard let size = bytes(ofSize: text) else {
            throw UsageError("\(option) must be a size such as 500M or 2GiB, not '\(text)'")
        }
        guard size >= least else {
            throw UsageError("\(option) \(text): no trial fits in that; \(sizeText(least)) is the least")
        }
        return size
    }
}
