import Testing

@testable import Reporting

@Test(arguments: [
    (1.0, 12.706204736174707), (2, 4.302652729749464), (4, 2.7764451051977987), (30, 2.042272456301238),
])
func `Student's quantile has the published values`(freedom: Double, expected: Double) {
    #expect(abs(studentQuantile(0.975, freedom: freedom) - expected) < 1e-9)
}

@Test func `Student's quantile approaches the normal one`() {
    #expect(abs(studentQuantile(0.975, freedom: 1e7) - 1.959964) < 1e-5)
}

@Test func `A sample has mean standard error and interval`() throws {
    let sample = Sample([1, 2, 3, 4, 5])
    #expect(sample.count == 5)
    #expect(sample.mean == 3)
    #expect(abs(try #require(sample.standardError) - 0.5.squareRoot()) < 1e-15)
    let interval = try #require(sample.confidenceInterval)
    #expect(abs(interval.high - 3 - 2.7764451051977987 * 0.5.squareRoot()) < 1e-9)
    #expect(abs(interval.low + interval.high - 6) < 1e-12)
}

@Test func `One number has a mean and no spread`() {
    let sample = Sample([7])
    #expect(sample.mean == 7)
    #expect(sample.standardError == nil)
    #expect(sample.confidenceInterval == nil)
    #expect(Sample().mean == nil)
}

@Test func `Equal numbers have an interval of no width`() throws {
    let interval = try #require(Sample([5, 5, 5]).confidenceInterval)
    #expect(interval == (5, 5))
}

@Test func `A large mean loses no spread`() throws {
    let sample = Sample([1e9 + 1, 1e9 + 2, 1e9 + 3])
    #expect(abs(try #require(sample.standardError) - (1.0 / 3).squareRoot()) < 1e-9)
}
