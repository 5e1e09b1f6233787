import Records
import Sweep
import TestSupport
import Testing

@testable import Scheduling
@testable import Wire

private let provenance = Provenance(
    host: "node7", process: 4711, slot: 1, cpu: "A CPU", kernel: "Haswell",
    startMilliseconds: 1_700_000_000_000,
    seconds: 12.5, peakMemoryBytes: 1 << 28, continuedFrom: 300)
private let chunk = [UInt8](repeating: 7, count: 40)

private func workerMessages(_ id: TrialID) -> [WorkerMessage] {
    func held(_ trial: UInt64) -> WorkerMessage.HeldTrial {
        WorkerMessage.HeldTrial(lease: LeaseID(1), trial: trial, attempt: 1)
    }
    func report(_ trial: UInt64, _ files: [KeptFile]) -> WorkerMessage {
        .report(
            WorkerMessage.Report(
                lease: LeaseID(1), trial: trial, id: id, attempt: 1,
                body: Array(#"{"metrics":{},"outcome":"measured"}"#.utf8), files: files,
                provenance: provenance))
    }
    return [
        .hello(
            WorkerMessage.Hello(
                program: "0.1.0", host: "node7", process: 4711, slots: 2, cpu: "A CPU", kernel: "Haswell",
                held: (0..<5).map { held($0) })),
        .hello(
            WorkerMessage.Hello(
                program: "0.1.0", host: "node8", process: 1, slots: 1, cpu: "", kernel: "", held: [])),
        .heartbeat, report(0, []), report(3, []), report(4, [KeptFile(step: 1, bytes: 40)]),
        .failure(
            WorkerMessage.Failure(
                lease: LeaseID(1), trial: 1, attempt: 1, cause: "its process was killed",
                provenance: provenance)),
        .failure(
            WorkerMessage.Failure(
                lease: LeaseID(2), trial: 2, attempt: 1, cause: "", provenance: provenance)),
        .chunk(Chunk(trial: 4, file: 0, offset: 0, bytes: chunk)), .goodbye,
    ]
}

private func coordinatorMessages() -> [CoordinatorMessage] {
    [
        .welcome(
            CoordinatorMessage.Welcome(
                sweep: Array(#"{"name":"s"}"#.utf8), heartbeatMilliseconds: 1000, trialLimitSeconds: 600)),
        .refuse(reason: "its key was revoked"),
        .assign(CoordinatorMessage.Assignment(lease: LeaseID(1), attempt: 1, trials: [0, 1, 2, 3])),
        .assign(CoordinatorMessage.Assignment(lease: LeaseID(2), attempt: 2, trials: [1])), .heartbeat,
        .assign(
            CoordinatorMessage.Assignment(
                lease: LeaseID(3), attempt: 1, trials: [0, 1, 4, 5], isBatched: true)),
        .accepted([0, 3]), .revoke(LeaseID(1), [2]), .fetch(trial: 0, file: 0, offset: 0), .finish,
    ]
}

private func slotReplies(_ id: TrialID) -> [SlotReply] {
    [
        .ready(kernel: "Haswell"),
        .done(
            trial: 0, id: id, body: Array(#"{"metrics":{},"outcome":"measured"}"#.utf8),
            files: [KeptFile(step: 3, bytes: 99)], continuedFrom: 2, seconds: 0.5, peakMemoryBytes: 1 << 20),
        .failed(trial: 1, cause: "no such data set", seconds: 0.25, peakMemoryBytes: 1 << 20),
    ]
}

@Suite(.timeLimit(.minutes(30))) struct MessageFuzzTests {
    let id: TrialID

    init() throws { id = try #require(TrialID("0123456789abcdef0123456789abcdef")) }

    /// An accepted message has one form: its bytes are those that came.
    private func check(_ bytes: [UInt8], _ again: ([UInt8]) throws(WireError) -> [UInt8]) throws {
        guard let encoded = try? again(bytes) else { return }
        if encoded != bytes { throw NotTheSame() }
    }

    @Test func `A worker's`() throws {
        try fuzz(workerMessages(id).map(\.encoded), rounds: 20_000) { bytes in
            try check(bytes) { bytes throws(WireError) in try WorkerMessage(decoding: bytes).encoded }
        }
    }

    @Test func `A coordinator's`() throws {
        try fuzz(coordinatorMessages().map(\.encoded), rounds: 20_000) { bytes in
            try check(bytes) { bytes throws(WireError) in try CoordinatorMessage(decoding: bytes).encoded }
        }
    }

    @Test func `A worker's to its slot, and back`() throws {
        let requests: [SlotRequest] = [.sweep(Array(#"{"name":"s"}"#.utf8)), .run(trials: [7, 9])]
        let corpus = requests.map(\.encoded) + slotReplies(id).map(\.encoded)
        try fuzz(corpus, rounds: 20_000) { bytes in
            try check(bytes) { bytes throws(WireError) in try SlotRequest(decoding: bytes).encoded }
            try check(bytes) { bytes throws(WireError) in try SlotReply(decoding: bytes).encoded }
        }
    }

    /// However a stream is cut, its frames are the same, and so is the place where it is given up.
    @Test func `Frames of a stream`() throws {
        func frames(_ bytes: [UInt8], chunk: Int) -> (frames: [[UInt8]], isLost: Bool) {
            var (buffer, frames) = (FrameBuffer(), [[UInt8]]())
            for start in stride(from: 0, to: bytes.count, by: chunk) {
                buffer.append(bytes[start..<min(bytes.count, start + chunk)])
                do { while let frame = try buffer.next() { frames.append(frame) } } catch {
                    return (frames, true)
                }
            }
            return (frames, false)
        }
        let streams = (0..<3).map { count in
            workerMessages(id).prefix(3 * count + 1).flatMap { FrameBuffer.frame($0.encoded) }
        }
        try fuzz(streams, rounds: 3000) { bytes in
            let whole = frames(bytes, chunk: max(1, bytes.count))
            for chunk in [3, 64] {
                let parts = frames(bytes, chunk: chunk)
                if parts.frames != whole.frames || parts.isLost != whole.isLost { throw NotTheSame() }
            }
        }
    }
}

/// Messages that can be read and mean nonsense, to those who act on them.
@Suite(.timeLimit(.minutes(30))) struct ConversationFuzzTests {
    let id: TrialID

    init() throws { id = try #require(TrialID("0123456789abcdef0123456789abcdef")) }

    /// Readable ones, many more than chance would leave.
    private func readable(_ corpus: [[UInt8]], _ mangler: inout Mangler) -> [UInt8] {
        mangler.below(3) == 0 ? corpus[mangler.below(corpus.count)] : mangler.next()
    }

    @Test func `No worker's messages break the dispatcher's invariants or write unrequested files`()
        throws
    {
        let corpus = workerMessages(id).map(\.encoded)
        var heard = 0
        try forEachRound(400) { label, draws in
            var mangler = Mangler(draws: draws, corpus: corpus, words: [])
            var dispatcher = Dispatcher(trialCount: 6, sweep: Array(#"{"name":"s"}"#.utf8))
            var now = Instant(milliseconds: 0)
            for _ in 0..<40 {
                let worker = WorkerID(UInt64(mangler.below(3)))
                guard let message = try? WorkerMessage(decoding: readable(corpus, &mangler)) else { continue }
                heard += 1
                now = now + Int64(mangler.below(6000))
                let event: DispatchEvent =
                    if case .report(let report) = message {
                        .report(ValidatedReport(report, line: report.body, outcome: "measured"), from: worker)
                    } else {
                        .message(message, from: worker)
                    }
                for effect in dispatcher.handle(event, at: now) {
                    guard case .write(_, _, _, let bytes) = effect else { continue }
                    // The piece itself, and no other.
                    guard case .chunk(let chunk) = message, chunk.bytes == bytes else { throw NotTheSame() }
                }
                _ = dispatcher.handle(.tick, at: now)
                if let broken = dispatcher.brokenInvariant() {
                    throw Broken(label: label, what: broken, message: message)
                }
            }
        }
        #expect(heard > 1000)
    }

    @Test func `Neither a coordinator's messages nor a slot's stop a worker`() throws {
        let (messages, replies) = (coordinatorMessages().map(\.encoded), slotReplies(id).map(\.encoded))
        var heard = 0
        try forEachRound(400) { label, draws in
            var mangler = Mangler(draws: draws, corpus: messages + replies, words: [])
            var now = Instant(milliseconds: 0)
            var session = WorkerSession(
                hello: WorkerMessage.Hello(
                    program: "0.1.0", host: "node7", process: 1, slots: 2, cpu: "", kernel: "", held: []),
                at: now)
            _ = session.handle(.slotReady(0, kernel: "Haswell"), at: now)
            for _ in 0..<40 {
                now = now + Int64(mangler.below(3000))
                if mangler.below(2) == 0 {
                    guard let reply = try? SlotReply(decoding: readable(replies, &mangler)) else { continue }
                    heard += 1
                    _ = session.handle(
                        .slotReply(mangler.below(2), reply, unixMilliseconds: 1_700_000_000_000), at: now)
                } else {
                    guard let message = try? CoordinatorMessage(decoding: readable(messages, &mangler)) else {
                        continue
                    }
                    heard += 1
                    _ = session.handle(.message(message), at: now)
                }
                _ = session.handle(.tick, at: now)
                if session.nextDeadline.milliseconds < 0 { throw NeverWakes(label: label) }
            }
        }
        #expect(heard > 1000)
    }

    struct Broken: Error {
        let label: String
        let what: String
        let message: WorkerMessage
    }

    struct NeverWakes: Error { let label: String }
}
