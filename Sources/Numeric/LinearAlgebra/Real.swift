/// The two scalar types that networks compute in: `Float` trains, `Double` checks gradients and counts ranks.
public protocol Real: BinaryFloatingPoint, Sendable where RawSignificand: FixedWidthInteger {}

extension Float: Real {}
extension Double: Real {}

/// The numbers for a C function, which has a version for each of the two types.
extension Matrix {
    /// Whether the numbers are floats, not doubles.
    static var isSingle: Bool { Scalar.self == Float.self }
    /// The numbers of a matrix of floats.
    var f32: UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer(base).assumingMemoryBound(to: Float.self)
    }
    /// The numbers of a matrix of doubles.
    var f64: UnsafeMutablePointer<Double> {
        UnsafeMutableRawPointer(base).assumingMemoryBound(to: Double.self)
    }
}
