import Glibc
import Text

/// Numbers and times in the form that a page shows. Pure.
extension Sample {
    /// "12.73 ± 0.28": the half width of the 95 % interval to two digits, and the mean to the same decimal.
    /// Without an interval, the mean to four digits. nil for an empty sample.
    var pageText: String? {
        guard let mean else { return nil }
        guard let interval = confidenceInterval else { return fourDigits(mean) }
        let half = (interval.high - interval.low) / 2
        return textWithError(mean, half) ?? "\(fourDigits(mean)) ± 0"
    }
}

/// "12.73 ± 0.28": the error to two digits, the value to the same decimal. nil where the error is zero or
/// only a rounding error.
func textWithError(_ value: Double, _ error: Double) -> String? {
    guard error > abs(value) * 1e-12, error.isFinite else { return nil }
    let decimals = 1 - Int(floor(log10(error)))
    let fits = decimals <= 8 && max(abs(value), error) < 1e9
    // 0.0996 rounds to 0.10, so the digit before counts.
    let lead = error / pow(10, floor(log10(error)))
    let rounded = decimals - (lead >= 9.95 ? 1 : 0)
    guard !fits else {
        return "\(fixedText(value, decimals: rounded)) ± \(fixedText(error, decimals: rounded))"
    }
    let digits = value == 0 ? 0 : Int(floor(log10(abs(value)))) + rounded + 1
    let shown = digits < 1 ? "0" : scientificText(value, digits: min(digits, 15))
    return "\(shown) ± \(scientificText(error, digits: 2))"
}

/// A number to four digits, or as a whole number where it has more digits.
func fourDigits(_ number: Double) -> String {
    guard number.isFinite else { return "–" }
    if number == number.rounded(), abs(number) < 1e9 { return signed(String(Int(number))) }
    let size = abs(number)
    guard size >= 1e-4, size < 1e9 else { return scientificText(number, digits: 4) }
    let text = fixedText(number, decimals: max(0, 3 - Int(floor(log10(size)))))
    guard text.contains(".") else { return text }
    let trimmed = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
    return String(trimmed.reversed())
}

/// - Parameter decimals: below zero, rounds to tens, hundreds, …
func fixedText(_ number: Double, decimals: Int) -> String {
    let scale = pow(10, Double(abs(decimals)))
    let units = (decimals > 0 ? number * scale : number / scale).rounded()
    guard abs(units) < 9e15 else { return scientificText(number, digits: 4) }
    if decimals <= 0 { return signed(String(Int(units) * Int(scale))) }
    var digits = String(abs(Int(units)))
    while digits.count <= decimals { digits = "0" + digits }
    let text = "\(digits.dropLast(decimals)).\(digits.suffix(decimals))"
    return units < 0 ? "−" + text : text
}

/// "1.2e−9".
private func scientificText(_ number: Double, digits: Int) -> String {
    guard number.isFinite, number != 0 else { return number == 0 ? "0" : "–" }
    var exponent = Int(floor(log10(abs(number))))
    // In two steps: 10^-308 has no finite inverse to multiply by.
    var lead = number / pow(10, Double(exponent))
    lead = (lead * pow(10, Double(digits - 1))).rounded() / pow(10, Double(digits - 1))
    if abs(lead) >= 10 {
        lead /= 10
        exponent += 1
    }
    guard lead.isFinite else { return signed("\(number)") }
    return "\(fixedText(lead, decimals: digits - 1))e\(signed(String(exponent)))"
}

/// A number's text with a minus sign instead of a hyphen.
private func signed(_ text: String) -> String { text.hasPrefix("-") ? "−" + text.dropFirst() : text }

/// "1 234 567" with narrow no-break spaces.
func groupedDigits(_ number: Int) -> String { groupedText(number, space: "\u{202F}") }

/// "1 trial", "12 trials".
func counted(_ count: Int, _ noun: String) -> String { countText(count, noun, space: "\u{202F}") }

/// "2026-11-21 09:06:27 UTC" (days from civil: Hinnant 2013). nil outside the years 1970 to 9999.
func utcText(unixMilliseconds: Int64) -> String? {
    guard unixMilliseconds >= 0, unixMilliseconds < 253_402_300_800_000 else { return nil }
    let seconds = Int(unixMilliseconds / 1000)
    // Counted from 1 March of the year 0, so that leap days end a year.
    let days = seconds / 86400 + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let clock = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map(padded).joined(separator: ":")
    return "\(year)-\(padded(month))-\(padded(day)) \(clock) UTC"
}

/// "310 MB", in decimal units.
func bytesText(_ bytes: Double) -> String {
    guard bytes.isFinite, bytes >= 0 else { return "–" }
    if bytes < 1e6 { return "\(Int((bytes / 1e3).rounded())) kB" }
    if bytes < 1e9 { return "\(fourDigits((bytes / 1e5).rounded() / 10)) MB" }
    return "\(fourDigits((bytes / 1e8).rounded() / 10)) GB"
}

/// "3.25 core-hours". For less than six minutes, the seconds as well.
func coreHoursText(seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "–" }
    let hours = seconds / 3600
    if hours >= 0.1 { return "\(fourDigits((hours * 100).rounded() / 100)) core-hours" }
    return "\(fourDigits((hours * 10000).rounded() / 10000)) core-hours (\(Int(seconds.rounded())) s)"
}
