import Foundation
import Sweep
import Testing

@testable import Reporting

private let onScreen = FigureCanvas(FigureStyle())

/// The labels of a script's axis, by their marks: "10^{−4}" is read as a number again.
private func labels(_ range: FigureRange) -> [Double: String] {
    Dictionary(
        zip(range.marks, AxisMarks.labels(of: range.marks)).map { ($0, $1) }, uniquingKeysWith: { $1 })
}

private func value(_ label: String) -> Double? {
    var text = label.split(separator: "−", omittingEmptySubsequences: false).joined(separator: "-")
    guard let mark = text.range(of: "10^{") else { return Double(text) }
    let exponent = text[mark.upperBound...].dropLast()
    text = String(text[..<mark.lowerBound])
    let lead = text.hasSuffix("·") ? String(text.dropLast()) : text + "1"
    return Double("\(lead)e\(exponent)")
}

@Test(
    arguments: [
        ([1e-4, 3e-4, 1e-3, 3e-3, 1e-2], true), ([20, 3000, 500_000], true), ([1e-7, 3e-3, 2e5], true),
        ([1, 1.3], true), ([2e-4, 5e-4], true), ([1e-12, 1e15], true), ([0.01, 0.4, 0.8, 1.2], true),
        ([1_000_000, 1_000_004], false), ([1, 1.0000001], false), ([-3e-7, 4e-7], false), ([0, 1], false),
        ([-2e9, 5e9], false), ([0.1, 0.2, 0.3], false),
    ] as [([Double], Bool)])
func `Every label is its mark's value, whatever the axis spans`(numbers: [Double], isLog: Bool) throws {
    for range in [
        try #require(FigureRange(x: numbers, isLog: isLog)),
        try #require(FigureRange(means: numbers, intervals: [], isLog: isLog, isCount: false)),
    ] {
        #expect(range.marks.count >= 2, "\(range)")
        for (mark, label) in labels(range) { #expect(value(label) == mark, "\(label) at \(mark)") }
        #expect(range.marks.allSatisfy { (range.low...range.high).contains($0) })
    }
}

@Test func `Marks of whole numbers on a log axis are these numbers`() throws {
    let range = try #require(FigureRange(x: [20, 3000, 500_000], isLog: nil))
    #expect(range.isLog && range.marks == [20, 3000, 500_000])
    #expect(
        range.script("x", showsNumbers: true, on: onScreen)[2].contains(
            "('20' 20, '3000' 3000, '500000' 500000, '' 30 1"))
}

@Test func `A log axis shows that it is one, and has labels enough to read a value`() throws {
    // Hidden layers, and steps to a loss.
    let layers = try #require(FigureRange(x: [1, 2, 3, 4, 5, 6], isLog: true))
    #expect(layers.marks == [1, 2, 3, 4, 5, 6])
    let steps = try #require(FigureRange(means: [310, 2900], intervals: [], isLog: true, isCount: false))
    #expect(steps.marks == [500, 1000, 2000])
    #expect(steps.division.minor.contains(700))
    let wide = try #require(FigureRange(x: [1e-4, 1e-2], isLog: true))
    #expect(wide.marks.contains(3e-4) && wide.division.minor.contains(2e-4))
    #expect(wide.script("x", showsNumbers: false, on: onScreen)[2].hasPrefix("set xtics nomirror ('' "))
    let decades = try #require(FigureRange(means: [1e-4, 1e11], intervals: [], isLog: true, isCount: false))
    #expect(labels(decades)[1e10] == "10^{10}" && decades.division.minor.contains(1e9))
}

@Test func `Powers of ten are written with every digit`() {
    #expect(AxisMarks.power(2e-4) == "2·10^{-4}")
    #expect(AxisMarks.power(1e6) == "10^{6}")
    #expect(AxisMarks.power(1_250_000) == "1.25·10^{6}")
    #expect(AxisMarks.power(-0.00305) == "−3.05·10^{-3}")
    #expect(AxisMarks.power(0) == "0")
    #expect(AxisMarks.labels(of: [0.0001, 0.5]) == ["0.0001", "0.5"])
}
