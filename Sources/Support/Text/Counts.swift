/// A count with its noun: "1 trial", "12 trials".
///
/// - Parameter space: separates groups of digits.
public func countText(_ count: Int, _ noun: String, space: String = " ") -> String {
    "\(groupedText(count, space: space)) \(noun)\(count == 1 ? "" : "s")"
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
