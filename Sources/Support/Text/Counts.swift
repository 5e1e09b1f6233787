/// A count with its noun: "1 trial", "12 trials".
///
/// - Parameter space: separates groups of digits.
public func countText(_ count: Int, _ noun: String, space: String = " ") -> String {
    "\(groupedText(count, space: space)) \(noun)\(count == 1 ? "" : "s")"
}

/// Trials by their indices: "trial 3", or "trials 3, 4, 5".
public func trialList(_ trials: [UInt64]) -> String {
    (trials.count == 1 ? "trial " : "trials ") + trials.map(String.init).joined(separator: ", ")
}

/// The first twelve names, separated by commas.
public func shortList(_ names: [String]) -> String {
    let shown = names.prefix(12).map { $0.isEmpty ? "''" : $0 }.joined(separator: ", ")
    return names.count > 12 ? shown + ", …" : shown
}

/// A number with about three significant digits: "0.0123", "12.3", "4560".
public func roundedText(_ number: Double) -> String {
    guard number.isFinite, number != 0 else { return number == 0 ? "0" : "\(number)" }
    let rounded = abs(number) >= 100 ? number.rounded() : number.rounded(toDigits: 3)
    return Int(exactly: rounded).map { groupedText($0) } ?? "\(rounded)"
}

/// A size in bytes to about three digits, in decimal units: "96.4 MB".
public func sizeText(decimal bytes: Double) -> String {
    let (unit, scale) = bytes < 1e6 ? ("kB", 1e3) : bytes < 1e9 ? ("MB", 1e6) : ("GB", 1e9)
    return "\(roundedText(bytes / scale)) \(unit)"
}

/// A number with its digits in groups of three: "1 234 567". Four digits stay together.
///
/// - Parameter space: separates groups of digits.
public func groupedText(_ number: Int, space: String = " ") -> String {
    let digits = String(number)
    guard digits.count > 4 else { return digits }
    var text = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0, text != "-" { text += space }
        text.append(digit)
    }
    return text
}

/// A shape as Python writes it: "(60, 784)", or "(60,)".
public func tupleText(_ shape: [Int]) -> String {
    "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
}
