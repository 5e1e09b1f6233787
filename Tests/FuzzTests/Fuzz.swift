import Foundation
import TestSupport
import Testing

// Parsers of what a peer or a file says, fed with valid inputs that were mangled: none may crash, hang or take memory
// for what is not there, and what one still accepts is written and read again as the same.
//
// RANKSWEEP_FUZZ=100 does a hundred times the rounds (`swift test … --filter FuzzTests`, a quarter of an hour), and
// RANKSWEEP_FUZZ_SEED=7 takes others. A crash ends the program: RANKSWEEP_FUZZ_LAST=FILE keeps the input that is being
// tried. What was found is in the corpora below, or has a test where the fault was.

/// Calls `body` so often, each time with other draws, the same whenever it is run.
func forEachRound(_ rounds: Int, body: (_ label: String, Draws) throws -> Void) throws {
    let environment = ProcessInfo.processInfo.environment
    let times = environment["RANKSWEEP_FUZZ"].flatMap { Int($0) } ?? 1
    let seed = environment["RANKSWEEP_FUZZ_SEED"].flatMap { UInt64($0) } ?? 0
    let before = peakBytes()
    for round in 0..<rounds * times {
        try body("seed \(seed), round \(round)", Draws(seed << 40 ^ UInt64(round)))
    }
    // Other suites of the same process take memory, too: only where this one runs alone.
    if times > 1 { #expect(peakBytes() - before < 1 << 29) }
}

/// Calls `body` with each input of a corpus as it is, and then with mangled ones.
///
/// - Parameter words: of the format: put in at random places.
func fuzz(
    _ corpus: [[UInt8]], words: [String] = [], rounds: Int, body: ([UInt8]) throws -> Void
) throws {
    let last = ProcessInfo.processInfo.environment["RANKSWEEP_FUZZ_LAST"].map { URL(filePath: $0) }
    func attempt(_ input: [UInt8], _ label: String) throws {
        if let last { try Data(input).write(to: last) }
        do { try body(input) } catch {
            Issue.record("\(label): \(error)\n\(String(decoding: input.prefix(4000), as: UTF8.self))")
            throw error
        }
    }
    for (index, input) in corpus.enumerated() { try attempt(input, "corpus \(index)") }
    try forEachRound(rounds) { label, draws in
        var mangler = Mangler(draws: draws, corpus: corpus, words: words)
        try attempt(mangler.next(), label)
    }
}

private func peakBytes() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Int(usage.ru_maxrss) * 1024
}

struct NotTheSame: Error {}
