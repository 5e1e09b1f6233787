import Testing

@testable import LinearAlgebra

@Test func `The logistic loss has its known values and gradients`() {
    let z = Matrix<Double>([[0], [0], [2], [-2], [800], [-800]])
    let sum = z.logistic(labels: [0, 1, 1, 1, 1, 1], scale: 0.5)
    // ln 2 twice, ln(1 + e^-2), ln(1 + e^2), 0 and 800.
    let known = 2 * 0.6931471805599453 + 0.12692801104297263 + 2.1269280110429727 + 800
    #expect(abs(sum.loss - known) < 1e-12)
    // An output of 0 has no label's sign.
    #expect(sum.correct == 2)
    let gradients = [0.25, -0.25, -0.5 * 0.11920292202211755, -0.5 * 0.8807970779778823, 0, -0.5]
    for (found, due) in zip(z.values, gradients) { #expect(abs(found - due) < 1e-15) }
}

@Test func `The logistic loss keeps its digits at large margins`() {
    let z = Matrix<Float>([[20], [-30]])
    let sum = z.logistic(labels: [1, 0], scale: 1)
    // e^-20 + e^-30: 1 + e^-20 is 1 in single precision.
    let known = 2.061153622438558e-9 + 9.357622968840175e-14
    #expect(abs(sum.loss / known - 1) < 1e-6)
    #expect(abs(Double(z[0, 0]) / -2.0611536181902037e-9 - 1) < 1e-6)
    #expect(z[1, 0] > 0)
}

@Test func `A logistic loss of no number is none`() {
    let z = Matrix<Float>([[.nan]])
    #expect(z.logistic(labels: [1], scale: 1).loss.isNaN)
}
