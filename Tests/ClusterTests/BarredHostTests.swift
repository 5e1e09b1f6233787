import TestSupport
import Testing

@testable import Cluster

@Suite struct BarredHostTests {
    private let a = HostSettings(host: "a")

    @Test func `A barred host is reported once, asked about again, and begins when it may`() {
        var fleet = TestFleet("a", "b")
        _ = fleet.take()
        fleet.answer("a", "bundle")
        fleet.handle(.started(host: "a"))
        _ = fleet.take()
        // Its worker ended because its key was revoked.
        fleet.handle(.barred(host: "a", "its key is revoked"))
        #expect(fleet.take() == [.tell(.barred(host: "a", "its key is revoked"))])
        var facts = fleet.fleet.facts(at: fleet.now)
        #expect(facts[0].state == .revoked && facts[0].why == "its key is revoked" && facts[0].failures == 0)
        for _ in 0..<5 {
            fleet.pass(HostFleet.barredLook)
            #expect(fleet.take() == [.begin(.probe, a)])
            fleet.handle(.barred(host: "a", "its key is revoked"))
            #expect(fleet.take().isEmpty)
        }
        fleet.pass(HostFleet.barredLook)
        fleet.answer("a", "bundle")
        fleet.handle(.started(host: "a"))
        facts = fleet.fleet.facts(at: fleet.now)
        #expect(facts[0].state == .running && facts[0].why == nil)
        // And again, by another reason.
        fleet.handle(.barred(host: "a", "it is not on the list"))
        #expect(fleet.take().last == .tell(.barred(host: "a", "it is not on the list")))
        fleet.handle(.hosts([HostSettings(host: "b")]))
        #expect(fleet.fleet.facts(at: fleet.now).map(\.host) == ["b"])
    }
}
