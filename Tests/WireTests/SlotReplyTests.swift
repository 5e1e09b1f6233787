import Sweep
import Testing

@testable import Wire

@Test func `A record that no message holds is a failure that says so, and a smaller one is sent`() throws {
    let id = try #require(TrialID(String(repeating: "0", count: 32)))
    func reply(_ bytes: Int) -> SlotReply {
        .done(
            trial: 7, id: id, body: [UInt8](repeating: 0x20, count: bytes), seconds: 1.5, peakMemoryBytes: 9)
    }
    let most = reply(WireLimit.body)
    #expect(most.withinLimits == most)
    #expect(try SlotReply(decoding: most.encoded) == most)
    guard case .failed(7, let cause, 1.5, 9) = reply(WireLimit.body + 1).withinLimits else {
        Issue.record("no failure")
        return
    }
    #expect(
        cause
            == "its record has 16777217 bytes; at most 16777216 (16 MiB) can be sent: measure at fewer steps "
            + "(measures.trace_at) or points")
    let other = SlotReply.ready(kernel: "k")
    #expect(other.withinLimits == other)
}
