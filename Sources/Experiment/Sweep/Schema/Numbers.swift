// Glibc links libm, which the compiler's rounding and square roots may call.
import Glibc
import Text

/// Why a text isn't a number that a setting may have.
public enum NumberMistake: Error, Equatable, Sendable {
    case notANumber, quoted, notFinite, vanishes
    /// A number in another base, as `0x10` or `0o7`.
    case otherBase
    /// A number with a leading zero, as `010`.
    case leadingZero
}

/// The decimal number in a plain scalar, as `12`, `-3.5`, `.5`, `1e-3` or `+2`.
func decimalNumber(_ scalar: YAMLNode.Scalar) -> Result<Double, NumberMistake> {
    if scalar.quoted { return .failure(.quoted) }
    var rest = Substring(scalar.text)
    if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
    let lower = rest.lowercased()
    if [".inf", ".nan", "inf", "nan", "infinity"].contains(lower) { return .failure(.notFinite) }
    if ["0x", "0o", "0b"].contains(where: lower.hasPrefix) { return .failure(.otherBase) }
    let whole = takeDigits(&rest)
    var fraction = Substring()
    if rest.first == "." {
        rest.removeFirst()
        fraction = takeDigits(&rest)
    }
    guard !whole.isEmpty || !fraction.isEmpty else { return .failure(.notANumber) }
    if let exponent = rest.first, exponent == "e" || exponent == "E" {
        rest.removeFirst()
        if rest.first == "-" || rest.first == "+" { rest.removeFirst() }
        guard !takeDigits(&rest).isEmpty else { return .failure(.notANumber) }
    }
    guard rest.isEmpty else { return .failure(.notANumber) }
    if whole.count > 1, whole.first == "0" { return .failure(.leadingZero) }
    guard let number = Double(scalar.text) else { return .failure(.notANumber) }
    guard number.isFinite else { return .failure(.notFinite) }
    let isZero = (whole + fraction).allSatisfy { $0 == "0" }
    if number == 0, !isZero { return .failure(.vanishes) }
    return .success(number == 0 ? 0 : number)
}

private func takeDigits(_ rest: inout Substring) -> Substring {
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    rest = rest.dropFirst(digits.count)
    return digits
}

/// The number as records write it.
func numberText(_ number: Double) -> String { JSONValue.text(of: number) }

/// Spaced values, the same doubles on every machine. Only operations that IEEE 754 rounds exactly are used,
/// because the C library's logarithm and exponential differ between processors. Results are rounded to 12
/// digits, which also turns 0.30000000000000004 into 0.3.
enum Spacing {
    static let digits = 12

    /// The `index`-th of `count` numbers from `first` to `last`, equally spaced. Both ends are exact.
    static func linear(_ first: Double, _ last: Double, _ count: Int, _ index: Int) -> Double {
        if index == 0 { return first }
        if index == count - 1 { return last }
        return linear(first, last, part: Double(index) / Double(count - 1))
    }

    /// The number that divides the interval from `first` to `last` at `part`.
    static func linear(_ first: Double, _ last: Double, part: Double) -> Double {
        rounded(first * (1 - part) + last * part, toScaleOf: max(abs(first), abs(last)))
    }

    /// The `index`-th of `count` numbers from `first` to `last`, equally spaced in the logarithm. Both ends
    /// are exact. Precondition: both are positive.
    static func logarithmic(_ first: Double, _ last: Double, _ count: Int, _ index: Int) -> Double {
        if index == 0 { return first }
        if index == count - 1 { return last }
        return logarithmic(first, last, part: Double(index) / Double(count - 1))
    }

    /// The number whose logarithm divides the interval between the ends' logarithms at `part`. Precondition: both are
    /// positive.
    static func logarithmic(_ first: Double, _ last: Double, part: Double) -> Double {
        let (low, high) = (logarithm(first), logarithm(last))
        let value = exponential(low + (high - low) * part)
        return rounded(value, toScaleOf: value)
    }

    /// `value`, rounded to `digits` significant digits of `scale`.
    private static func rounded(_ value: Double, toScaleOf scale: Double) -> Double {
        guard scale > 1e-280, scale < 1e280, value != 0 else { return value }
        var exponent = 0
        var power = 1.0
        while scale >= power * 10 {
            power *= 10
            exponent += 1
        }
        while scale < power {
            power /= 10
            exponent -= 1
        }
        let decimals = digits - 1 - exponent
        let mantissa = (decimals >= 0 ? scaled(value, by: decimals) : value / powerOfTen(-decimals)).rounded()
        guard abs(mantissa) < 9e15 else { return value }
        return Double("\(Int64(mantissa))e\(-decimals)") ?? value
    }

    private static func scaled(_ value: Double, by decimals: Int) -> Double {
        decimals <= 300 ? value * powerOfTen(decimals) : value * powerOfTen(300) * powerOfTen(decimals - 300)
    }

    private static func powerOfTen(_ exponent: Int) -> Double { Double("1e\(exponent)") ?? 1 }

    private static let ln2 = 0.693147180559945309417232121458

    /// ln x = e ln 2 + 2 artanh((m − 1)/(m + 1)), where x = m 2^e with m near 1.
    static func logarithm(_ x: Double) -> Double {
        var exponent = Double(x.exponent)
        var mantissa = x.significand
        if mantissa > 1.4142135623730951 {
            mantissa /= 2
            exponent += 1
        }
        let ratio = (mantissa - 1) / (mantissa + 1)
        let square = ratio * ratio
        var sum = 0.0
        for odd in stride(from: 31, through: 1, by: -2) { sum = sum * square + 1 / Double(odd) }
        return exponent * ln2 + 2 * ratio * sum
    }

    /// e^x = 2^k e^r with |r| ≤ ln(2)/2, by Taylor's series.
    static func exponential(_ x: Double) -> Double {
        let power = (x / ln2).rounded()
        let rest = x - power * ln2
        var sum = 1.0
        for term in stride(from: 18, through: 1, by: -1) { sum = 1 + sum * rest / Double(term) }
        return Double(sign: .plus, exponent: Int(power), significand: sum)
    }
}
