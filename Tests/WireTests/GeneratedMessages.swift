import Records
import Sweep
import TestSupport
import Wire

extension Draws {
    /// Any number, the smallest and largest ones often.
    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number {
        switch next() % 5 {
        case 0: .min
        case 1: .max
        case 2: Number(truncatingIfNeeded: next() % 10)
        default: Number(truncatingIfNeeded: next())
        }
    }

    mutating func bytes(upTo limit: Int) -> [UInt8] {
        let count = Int.random(in: 0...limit, using: &self)
        return (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    mutating func text() -> String {
        let letters: [Character] = ["a", "Z", " ", "\n", "\u{0}", "é", "β", "\u{1F9EA}", "\"", "\\"]
        let count = Int.random(in: 0...40, using: &self)
        return String((0..<count).map { _ in letters[Int(next() % UInt64(letters.count))] })
    }

    mutating func seconds() -> Double {
        switch next() % 4 {
        case 0: 0
        case 1: .leastNonzeroMagnitude
        case 2: WireLimit.seconds
        default: Double.random(in: 0...1e5, using: &self)
        }
    }

    mutating func trials() -> [UInt64] {
        (0..<Int.random(in: 0...20, using: &self)).map { _ in number() }
    }

    mutating func files() -> [KeptFile] {
        (0..<Int.random(in: 0...4, using: &self)).map { _ in KeptFile(step: number(), bytes: number()) }
    }

    mutating func progress() -> TrialProgress {
        TrialProgress(trial: number(), permille: number(), from: number())
    }

    /// Never nil: 32 hexadecimal digits make an identifier.
    mutating func id() -> TrialID? {
        let digits = Array("0123456789abcdef")
        return TrialID(String((0..<32).map { _ in digits[Int(next() % 16)] }))
    }

    mutating func provenance() -> Provenance {
        Provenance(
            host: text(), process: number(), slot: number(), cpu: text(), kernel: text(),
            startMilliseconds: number() & (WireLimit.milliseconds - 1), seconds: seconds(),
            peakMemoryBytes: number(),
            continuedFrom: number(), measuringSeconds: seconds(), commit: text())
    }
}

extension Draws {
    mutating func workerMessage() -> WorkerMessage {
        switch next() % 7 {
        case 0:
            let held = (0..<Int.random(in: 0...20, using: &self)).map { _ in
                WorkerMessage.HeldTrial(
                    lease: LeaseID(number()), trial: number(), attempt: number() % (WireLimit.attempt + 1),
                    stage: WorkerMessage.HeldTrial.Stage.allCases[Int(next() % 3)],
                    isBatched: next() % 2 == 0)
            }
            return .hello(
                WorkerMessage.Hello(
                    program: text(), host: text(), process: number(), slots: number(), cpu: text(),
                    kernel: text(), held: held,
                    remainingMilliseconds: next() % 2 == 0 ? nil : number() % .max,
                    checkpointMilliseconds: number(), commit: text()))
        case 1: return .heartbeat
        case 2:
            guard let id = id() else { return .heartbeat }
            return .report(
                WorkerMessage.Report(
                    lease: LeaseID(number()), trial: number(), id: id,
                    attempt: number() % (WireLimit.attempt + 1),
                    body: bytes(upTo: 300), files: files(), provenance: provenance()))
        case 3:
            return .failure(
                WorkerMessage.Failure(
                    lease: LeaseID(number()), trial: number(), attempt: number() % (WireLimit.attempt + 1),
                    cause: text(), log: text(), provenance: provenance()))
        case 4:
            return .chunk(
                Chunk(trial: number(), file: number(), offset: number(), bytes: bytes(upTo: 300)))
        case 5: return .progress((0..<Int.random(in: 0...20, using: &self)).map { _ in progress() })
        default: return .goodbye
        }
    }

    mutating func coordinatorMessage() -> CoordinatorMessage {
        switch next() % 9 {
        case 0:
            return .welcome(
                CoordinatorMessage.Welcome(
                    sweep: bytes(upTo: 300), heartbeatMilliseconds: number(), trialLimitSeconds: number()))
        case 1: return .refuse(reason: text())
        case 2:
            return .assign(
                CoordinatorMessage.Assignment(
                    lease: LeaseID(number()), attempt: number() % (WireLimit.attempt + 1), trials: trials(),
                    isBatched: next() % 2 == 0))
        case 3: return .heartbeat
        case 4: return .accepted(trials())
        case 5: return .fetch(trial: number(), file: number(), offset: number())
        case 6: return .revoke(LeaseID(number()), trials())
        case 7: return .recall
        default: return .finish
        }
    }

    mutating func slotRequest() -> SlotRequest {
        next() % 2 == 0 ? .sweep(bytes(upTo: 300)) : .run(trials: trials())
    }

    mutating func slotReply() -> SlotReply {
        switch next() % 4 {
        case 0: return .ready(kernel: text(), commit: text())
        case 1:
            guard let id = id() else { return .ready(kernel: "") }
            return .done(
                trial: number(), id: id, body: bytes(upTo: 300), files: files(), continuedFrom: number(),
                seconds: seconds(), measuringSeconds: seconds(), peakMemoryBytes: number())
        case 2: return .progress(progress())
        default:
            return .failed(
                trial: number(), cause: text(), seconds: seconds(), peakMemoryBytes: number())
        }
    }
}
