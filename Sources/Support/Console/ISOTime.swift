import Glibc

// Times in the form of ISO 8601.

/// A time in UTC with milliseconds: "2026-12-01T13:32:20.123Z".
///
/// - Parameter milliseconds: since 1970.
public func isoTime(unixMilliseconds milliseconds: Int64) -> String {
    let (seconds, rest) = milliseconds.quotientAndFloor(1000)
    var moment = time_t(seconds)
    var parts = tm()
    gmtime_r(&moment, &parts)
    return "\(dateText(parts)).\(padded(Int(rest), 3))Z"
}

/// A time on the clocks of this machine's place, with their offset from UTC: "2026-12-01T14:32:20+01:00".
///
/// - Parameter milliseconds: since 1970.
public func localTime(unixMilliseconds milliseconds: Int64) -> String {
    var moment = time_t(milliseconds.quotientAndFloor(1000).quotient)
    var parts = tm()
    localtime_r(&moment, &parts)
    let minutes = abs(parts.tm_gmtoff) / 60
    let sign = parts.tm_gmtoff < 0 ? "-" : "+"
    return "\(dateText(parts))\(sign)\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2))"
}

/// Reads a time in the form of `isoTime`: milliseconds since 1970; nil for any other text.
public func unixMilliseconds(isoTime text: String) -> Int64? {
    guard let match = text.wholeMatch(of: /(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z/) else {
        return nil
    }
    let numbers = [match.1, match.2, match.3, match.4, match.5, match.6, match.7].compactMap { Int32($0) }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
    return Int64(timegm(&parts)) * 1000 + Int64(numbers[6])
}

private func dateText(_ parts: tm) -> String {
    let date = [parts.tm_mon + 1, parts.tm_mday].map { padded(Int($0), 2) }
    let time = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }
    return
        "\(padded(Int(parts.tm_year) + 1900, 4))-\(date.joined(separator: "-"))T\(time.joined(separator: ":"))"
}

private func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}

extension Int64 {
    /// The quotient rounded down, and the remainder, which is never negative.
    fileprivate func quotientAndFloor(_ divisor: Int64) -> (quotient: Int64, rest: Int64) {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }
}
