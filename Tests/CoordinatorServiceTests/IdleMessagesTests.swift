import Scheduling
import Testing
import Text

@testable import CoordinatorService

@Suite struct IdleMessagesTests {
    private func message(_ reason: IdleReason, free: Int = 2) -> String? {
        idleMessage(.object(["idle": reason.json, "free_slots": JSONValue(free)]))
    }

    @Test func `A worker with free slots says why it has them`() {
        #expect(message(.paused) == "2 free slots: the run is paused")
        #expect(message(.draining, free: 1) == "1 free slot: the run is draining")
        #expect(message(.nothingWaits) == "2 free slots: no trial is waiting")
        #expect(
            message(.runsAlone(trial: 7)) == "2 free slots: workers were lost with trial 7, so it runs alone")
        #expect(
            message(.backsOff(milliseconds: 30_000))
                == "2 free slots: it failed repeatedly, and gets its next trial in 30 s")
        #expect(message(.onProbation) == "2 free slots: it failed repeatedly, and gets one trial at a time")
        #expect(
            message(.tooLittleTime(leftMilliseconds: 60_000, expectedMilliseconds: 180_000))
                == "2 free slots: not enough time (1 min 00 s left, a trial may take 3 min 00 s)")
        #expect(
            message(.fullForItsTime(leftMilliseconds: 5000))
                == "2 free slots: it has as many trials as can end in its time (5.0 s left)")
        #expect(
            message(.excluded)
                == "2 free slots: the waiting trials failed there, and other workers try them first")
    }

    @Test func `A silent worker, one without free slots and one of a later version say nothing`() {
        #expect(message(.silent) == nil)
        #expect(idleMessage(.object(["free_slots": .number(2)])) == nil)
        #expect(idleMessage(.object(["idle": IdleReason.draining.json])) == nil)
        #expect(
            idleMessage(.object(["idle": .object(["reason": .string("new")]), "free_slots": .number(1)]))
                == nil)
    }
}
