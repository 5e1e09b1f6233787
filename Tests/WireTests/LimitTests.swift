import Records
import Sweep
import Testing
import Wire

private func littleEndian(_ number: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}

@Suite struct LimitTests {
    @Test func `A body of 16 MiB is read and one byte more is refused before it is read`() throws {
        let id = try #require(TrialID("0123456789abcdef0123456789abcdef"))
        let whole = SlotReply.done(
            trial: 1, id: id, body: [UInt8](repeating: 32, count: WireLimit.body), seconds: 1,
            peakMemoryBytes: 2)
        #expect(try SlotReply(decoding: whole.encoded) == whole)
        let beyond = SlotReply.done(
            trial: 1, id: id, body: [UInt8](repeating: 32, count: WireLimit.body + 1), seconds: 1,
            peakMemoryBytes: 2)
        #expect(throws: WireError.tooLong(WireLimit.body + 1, limit: WireLimit.body)) {
            try SlotReply(decoding: beyond.encoded)
        }
    }

    @Test func `A sweep beyond its limit is refused`() {
        let message = SlotRequest.sweep([UInt8](repeating: 32, count: WireLimit.sweep + 1))
        #expect(throws: WireError.tooLong(WireLimit.sweep + 1, limit: WireLimit.sweep)) {
            try SlotRequest(decoding: message.encoded)
        }
    }

    @Test func `A list beyond its limit is refused`() {
        let message = CoordinatorMessage.accepted([UInt64](repeating: 1, count: WireLimit.list + 1))
        #expect(throws: WireError.tooLong(WireLimit.list + 1, limit: WireLimit.list)) {
            try CoordinatorMessage(decoding: message.encoded)
        }
        #expect(throws: Never.self) {
            try CoordinatorMessage(
                decoding: CoordinatorMessage.accepted([UInt64](repeating: 1, count: WireLimit.list)).encoded)
        }
    }

    @Test func `Lengths that the bytes do not back are refused: nothing is reserved for them`() {
        // `accepted`, then a list's length.
        #expect(throws: WireError.truncated) {
            try CoordinatorMessage(decoding: [wireVersion, 5] + littleEndian(WireLimit.list))
        }
        #expect(throws: WireError.tooLong(0xFFFF_FFFF, limit: WireLimit.list)) {
            try CoordinatorMessage(decoding: [wireVersion, 5, 255, 255, 255, 255])
        }
        // `sweep`, then its length.
        #expect(throws: WireError.truncated) {
            try SlotRequest(decoding: [wireVersion, 1] + littleEndian(WireLimit.sweep))
        }
    }

    @Test func `A cause of any length is cut to what a message may hold, between characters`() throws {
        for padding in 0..<4 {
            let cause = String(repeating: "x", count: padding) + String(repeating: "\u{1F9EA}", count: 5000)
            let message = SlotReply.failed(trial: 1, cause: cause, seconds: 1, peakMemoryBytes: 2)
            guard case .failed(_, let read, _, _) = try SlotReply(decoding: message.encoded) else {
                Issue.record("another message was read")
                return
            }
            #expect(cause.hasPrefix(read))
            #expect(read.utf8.count <= WireLimit.text && read.utf8.count > WireLimit.text - 4)
        }
    }

    @Test func `Text beyond its limit is refused, and so are bytes that are not UTF-8`() {
        let long = [wireVersion, 2] + littleEndian(WireLimit.text + 1) + [UInt8](repeating: 97, count: 4097)
        #expect(throws: WireError.tooLong(WireLimit.text + 1, limit: WireLimit.text)) {
            try CoordinatorMessage(decoding: long)
        }
        #expect(throws: WireError.notText) {
            try CoordinatorMessage(decoding: [wireVersion, 2] + littleEndian(2) + [0xC3, 0x28])
        }
    }

    @Test func `A trial's identifier is 32 lower-case hexadecimal digits or is refused`() {
        let bytes = [wireVersion, 2] + [UInt8](repeating: 0, count: 8) + littleEndian(32)
        #expect(throws: WireError.badIdentifier) {
            try SlotReply(
                decoding: bytes + [UInt8](repeating: 71, count: 32) + [UInt8](repeating: 0, count: 20))
        }
    }

    @Test
    func `A time that no clock can show is refused: sums and differences of times stay numbers`() throws {
        for seconds in [Double.nan, .infinity, -.infinity, -1, .greatestFiniteMagnitude, 1.1e10] {
            let message = SlotReply.failed(trial: 1, cause: "", seconds: seconds, peakMemoryBytes: 2)
            #expect(throws: WireError.badTime) { try SlotReply(decoding: message.encoded) }
        }
        for start in [Int64.min, -1, .max] {
            let provenance = Provenance(
                host: "", process: 1, slot: 0, cpu: "", kernel: "", startMilliseconds: start, seconds: 1,
                peakMemoryBytes: 0)
            let failure = WorkerMessage.Failure(
                lease: LeaseID(1), trial: 1, attempt: 1, cause: "", provenance: provenance)
            #expect(throws: WireError.badTime) {
                try WorkerMessage(decoding: WorkerMessage.failure(failure).encoded)
            }
        }
    }

    @Test func `An attempt number that cannot be counted up is refused`() {
        let held = WorkerMessage.HeldTrial(lease: LeaseID(1), trial: 0, attempt: .max)
        let hello = WorkerMessage.Hello(
            program: "", host: "", process: 1, slots: 1, cpu: "", kernel: "", held: [held])
        #expect(throws: WireError.badAttempt) {
            try WorkerMessage(decoding: WorkerMessage.hello(hello).encoded)
        }
    }
}
