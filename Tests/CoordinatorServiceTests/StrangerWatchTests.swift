import Scheduling
import Testing
import Wire

@testable import CoordinatorService

@Suite("Connections of no worker") struct StrangerWatchTests {
    private func instant(_ seconds: Double) -> Instant { Instant(milliseconds: Int64(seconds * 1000)) }

    @Test("What broke off while the coordinator itself was stopped, and just after, is nobody's fault")
    func stopped() {
        var watch = StrangerWatch()
        for second in 0...5 { watch.look(second < 3 ? 0 : 2, at: instant(Double(second))) }
        #expect(watch.excused == 0)
        // Twenty seconds without a look: the workers' handshakes in them came to nothing.
        watch.look(5, at: instant(25))
        for second in 26...35 { watch.look(6, at: instant(Double(second))) }
        #expect(watch.excused == 4)
        // A loop that goes on hears strangers again.
        watch.look(9, at: instant(35.5))
        #expect(watch.excused == 4)
    }
}
