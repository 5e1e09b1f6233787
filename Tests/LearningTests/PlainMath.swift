import Glibc

/// The C library's functions, by names that no overload competes for.
enum PlainMath {
    static func e(_ x: Double) -> Double { exp(x) }
    static func ln(_ x: Double) -> Double { log(x) }
    static func tangent(_ x: Double) -> Double { tanh(x) }
    static func softplus(_ x: Double) -> Double { max(0, x) + log1p(exp(-abs(x))) }
    static func power(_ x: Double, _ y: Int) -> Double { pow(x, Double(y)) }
}
