import Testing
import Text
import Wire

@testable import CoordinatorService
@testable import Launch

@Suite struct WorkerLedgerTests {
    private let process = WorkerProcess(host: "host3", process: 17)

    @Test func `A lost worker is named with what it held; one that comes back is not lost`() {
        var ledger = WorkerLedger()
        ledger.joined(WorkerID(1), process)
        ledger.joined(WorkerID(2), WorkerProcess(host: "host4", process: 18))
        ledger.lost(WorkerID(1), trials: 3, unixMilliseconds: 5000)
        ledger.lost(WorkerID(2), trials: 0, unixMilliseconds: 6000)
        ledger.lost(WorkerID(3), trials: 1, unixMilliseconds: 6000)
        #expect(
            ledger.lines(unixMilliseconds: 65_000) == [
                "lost: the worker on host4, process 18, 59 s ago; it held no trial",
                "lost: the worker on host3, process 17, 1 min 00 s ago; it held 3 trials, which went to others",
            ])
        #expect(WorkerLedger(json: ledger.json.canonicalText).lines(unixMilliseconds: 0).count == 2)
        ledger.joined(WorkerID(1), process)
        #expect(ledger.lossCount == 1 && ledger.losses.map(\.process.host) == ["host4"])
        #expect(ledger.has(process) && !ledger.has(WorkerProcess(host: "host3", process: 18)))
    }

    @Test func `However many are lost, the book stays small and counts all`() {
        var ledger = WorkerLedger()
        for number in 1...500 {
            ledger.joined(WorkerID(UInt64(number)), WorkerProcess(host: "h", process: UInt32(number)))
            ledger.lost(WorkerID(UInt64(number)), trials: 1, unixMilliseconds: 0)
        }
        #expect(ledger.lossCount == 500 && ledger.losses.count == 200)
        let lines = ledger.lines(unixMilliseconds: 0)
        #expect(lines.count == 21 && lines.last == "lost: 480 other workers before")
        #expect(WorkerLedger(json: ledger.json.canonicalText).lossCount == 500)
        #expect(WorkerLedger(json: "nonsense") == WorkerLedger())
    }
}
