import Sweep
import TestSupport
import Testing
import Wire

/// The four families of messages behind one pair of functions, so that each test runs over all of them.
private struct Family: CustomTestStringConvertible, Sendable {
    let testDescription: String
    /// The bytes of a message drawn from a seed.
    let bytes: @Sendable (inout Draws) -> [UInt8]
    /// The bytes of the message that some bytes hold.
    let readAndWrite: @Sendable ([UInt8]) throws(WireError) -> [UInt8]
    /// Whether a drawn message is the same after writing and reading it.
    let survives: @Sendable (inout Draws) throws(WireError) -> Bool

    static let all = [
        Family(
            testDescription: "worker to coordinator", bytes: { $0.workerMessage().encoded },
            readAndWrite: { bytes throws(WireError) in try WorkerMessage(decoding: bytes).encoded },
            survives: { draws throws(WireError) in
                let message = draws.workerMessage()
                return try WorkerMessage(decoding: message.encoded) == message
            }),
        Family(
            testDescription: "coordinator to worker", bytes: { $0.coordinatorMessage().encoded },
            readAndWrite: { bytes throws(WireError) in try CoordinatorMessage(decoding: bytes).encoded },
            survives: { draws throws(WireError) in
                let message = draws.coordinatorMessage()
                return try CoordinatorMessage(decoding: message.encoded) == message
            }),
        Family(
            testDescription: "worker to slot", bytes: { $0.slotRequest().encoded },
            readAndWrite: { bytes throws(WireError) in try SlotRequest(decoding: bytes).encoded },
            survives: { draws throws(WireError) in
                let message = draws.slotRequest()
                return try SlotRequest(decoding: message.encoded) == message
            }),
        Family(
            testDescription: "slot to worker", bytes: { $0.slotReply().encoded },
            readAndWrite: { bytes throws(WireError) in try SlotReply(decoding: bytes).encoded },
            survives: { draws throws(WireError) in
                let message = draws.slotReply()
                return try SlotReply(decoding: message.encoded) == message
            }),
    ]
}

@Suite struct BytesTests {
    @Test(arguments: Family.all)
    fileprivate func `A message is the same after writing and reading it`(family: Family) throws {
        for seed in UInt64(0)..<500 {
            var draws = Draws(seed)
            #expect(try family.survives(&draws), "seed \(seed)")
        }
    }

    @Test(arguments: Family.all)
    fileprivate func `Every message cut short is refused, wherever the cut`(family: Family) {
        for seed in UInt64(0)..<60 {
            var draws = Draws(seed)
            let bytes = family.bytes(&draws)
            for count in 0..<bytes.count {
                #expect(throws: WireError.self, "seed \(seed), \(count) of \(bytes.count) bytes") {
                    try family.readAndWrite(Array(bytes.prefix(count)))
                }
            }
        }
    }

    @Test(arguments: Family.all)
    fileprivate func `Bytes after a message's end are refused and counted`(family: Family) {
        for seed in UInt64(0)..<100 {
            var draws = Draws(seed)
            let bytes = family.bytes(&draws)
            #expect(throws: WireError.trailing(3), "seed \(seed)") {
                try family.readAndWrite(bytes + [0, 0, 0])
            }
        }
    }

    @Test(arguments: Family.all)
    fileprivate func `Changed bytes are refused, or mean a message that is written as just these bytes`(
        family: Family
    ) {
        let (read, refused) = readOrRefused(family) { draws in
            var bytes = family.bytes(&draws)
            for _ in 0..<Int.random(in: 1...4, using: &draws) {
                bytes[Int.random(in: 0..<bytes.count, using: &draws)] = UInt8(
                    truncatingIfNeeded: draws.next())
            }
            return bytes
        }
        #expect(read > 0 && refused > 0, "\(read) read, \(refused) refused")
    }

    /// How many of 2000 inputs are messages, which are written as the same bytes, and how many are refused.
    private func readOrRefused(_ family: Family, _ input: (inout Draws) -> [UInt8]) -> (Int, Int) {
        var (read, refused) = (0, 0)
        for seed in UInt64(0)..<2000 {
            var draws = Draws(seed)
            let bytes = input(&draws)
            do throws(WireError) {
                #expect(try family.readAndWrite(bytes) == bytes, "seed \(seed)")
                read += 1
            } catch { refused += 1 }
        }
        return (read, refused)
    }

    @Test(arguments: Family.all)
    fileprivate func `Bytes that were never a message are refused or mean one; none crashes`(family: Family) {
        let (_, refused) = readOrRefused(family) { draws in
            [wireVersion, UInt8.random(in: 0..<9, using: &draws)] + draws.bytes(upTo: 64)
        }
        #expect(refused > 1000)
    }

    @Test(arguments: Family.all)
    fileprivate func `Another version of the protocol is refused with its number`(family: Family) {
        var draws = Draws(1)
        var bytes = family.bytes(&draws)
        bytes[0] = wireVersion + 1
        #expect(throws: WireError.version(theirs: wireVersion + 1)) { try family.readAndWrite(bytes) }
    }

    @Test(arguments: Family.all) fileprivate func `An unknown kind is refused with its number`(family: Family)
    {
        #expect(throws: WireError.unknownKind(99)) { try family.readAndWrite([wireVersion, 99]) }
        #expect(throws: WireError.unknownKind(0)) { try family.readAndWrite([wireVersion, 0]) }
    }

    @Test func `The bytes of a message do not change between versions of this program`() throws {
        #expect(WorkerMessage.heartbeat.encoded == [wireVersion, 2])
        #expect(
            CoordinatorMessage.assign(
                CoordinatorMessage.Assignment(
                    lease: LeaseID(258), attempt: 3, trials: [5, 1 << 40], isBatched: true)
            ).encoded == [
                wireVersion, 3,
                2, 1, 0, 0, 0, 0, 0, 0,
                3, 0, 0, 0,
                2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0,
                1,
            ])
        #expect(
            SlotReply.ready(kernel: "β", commit: "c").encoded
                == [wireVersion, 1, 2, 0, 0, 0, 0xCE, 0xB2, 1, 0, 0, 0, 0x63])
    }
}
