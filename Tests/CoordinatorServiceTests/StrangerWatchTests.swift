import Scheduling
import Testing
import Wire

@testable import CoordinatorService

@Suite struct StrangerWatchTests {
    private func instant(_ seconds: Double) -> Instant { Instant(milliseconds: Int64(seconds * 1000)) }

    @Test
    func `Connections that broke off while the coordinator was stopped, and just after, are excused`() {
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
