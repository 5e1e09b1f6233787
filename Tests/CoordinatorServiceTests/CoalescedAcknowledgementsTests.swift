import Testing
import Wire

@testable import CoordinatorService

@Suite struct CoalescedAcknowledgementsTests {
    private func text(_ sends: [(message: CoordinatorMessage, worker: WorkerID)]) -> [String] {
        sends.map { "\($0.worker.value) \($0.message)" }
    }

    @Test func `Acknowledgements to a worker become one, and pass no other message to it`() {
        let (a, b) = (WorkerID(1), WorkerID(2))
        let assign = CoordinatorMessage.assign(
            CoordinatorMessage.Assignment(lease: LeaseID(1), attempt: 1, trials: [9]))
        let sends: [(message: CoordinatorMessage, worker: WorkerID)] = [
            (.accepted([1]), a), (.accepted([2]), b), (.accepted([3]), a), (assign, b), (.accepted([4]), b),
            (.accepted([5]), a), (.accepted([6]), b), (.heartbeat, a), (.heartbeat, a),
        ]
        #expect(
            text(coalescingAcknowledgements(sends))
                == text([
                    (.accepted([1, 3, 5]), a), (.accepted([2]), b), (assign, b), (.accepted([4, 6]), b),
                    (.heartbeat, a),
                    (.heartbeat, a),
                ]))
        let most = [UInt64](repeating: 7, count: WireLimit.list)
        #expect(coalescingAcknowledgements([(.accepted(most), a), (.accepted([1]), a)]).count == 2)
        #expect(coalescingAcknowledgements([]).isEmpty)
    }
}
