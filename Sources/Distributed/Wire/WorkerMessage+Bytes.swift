import Records
import Sweep

extension WorkerMessage {
    private enum MessageType: UInt8 { case hello = 1, heartbeat, report, failure, goodbye, chunk, progress }

    /// The message as bytes, with the protocol's version first.
    public var encoded: [UInt8] {
        switch self {
        case .hello(let hello):
            var writer = ByteWriter(kind: MessageType.hello.rawValue)
            writer.write(hello.program)
            writer.write(hello.host)
            writer.write(hello.process)
            writer.write(hello.slots)
            writer.write(hello.cpu)
            writer.write(hello.kernel)
            writer.write(list: hello.held) { writer, held in
                writer.write(held.lease.value)
                writer.write(held.trial)
                writer.write(held.attempt)
                writer.write(held.stage.rawValue)
                writer.write(held.isBatched)
            }
            writer.write(hello.remainingMilliseconds ?? .max)
            writer.write(hello.checkpointMilliseconds)
            writer.write(hello.commit)
            return writer.bytes
        case .heartbeat: return ByteWriter(kind: MessageType.heartbeat.rawValue).bytes
        case .progress(let list):
            var writer = ByteWriter(kind: MessageType.progress.rawValue)
            writer.write(list: list) { $1.write(to: &$0) }
            return writer.bytes
        case .report(let report):
            var writer = ByteWriter(kind: MessageType.report.rawValue)
            writer.write(report.lease.value)
            writer.write(report.trial)
            writer.write(report.id.text)
            writer.write(report.attempt)
            writer.write(report.body)
            writer.write(report.files)
            report.provenance.write(to: &writer)
            return writer.bytes
        case .failure(let failure):
            var writer = ByteWriter(kind: MessageType.failure.rawValue)
            writer.write(failure.lease.value)
            writer.write(failure.trial)
            writer.write(failure.attempt)
            writer.write(failure.cause)
            writer.write(failure.log)
            failure.provenance.write(to: &writer)
            return writer.bytes
        case .chunk(let chunk):
            var writer = ByteWriter(kind: MessageType.chunk.rawValue)
            writer.write(chunk.trial)
            writer.write(chunk.file)
            writer.write(chunk.offset)
            writer.write(chunk.bytes)
            return writer.bytes
        case .goodbye: return ByteWriter(kind: MessageType.goodbye.rawValue).bytes
        }
    }

    /// Reads a message from bytes; throws if they aren't exactly one message of this version.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try ByteReader(bytes)
        switch MessageType(rawValue: reader.kind) {
        case .hello: self = .hello(try Hello(from: &reader))
        case .heartbeat: self = .heartbeat
        case .progress:
            self = .progress(
                try reader.readList { reader throws(WireError) in try TrialProgress(from: &reader) })
        case .report:
            self = .report(
                Report(
                    lease: LeaseID(try reader.read()), trial: try reader.read(), id: try reader.readID(),
                    attempt: try reader.readAttempt(), body: try reader.readBytes(limit: WireLimit.body),
                    files: try reader.readFiles(), provenance: try Provenance(from: &reader)))
        case .failure:
            self = .failure(
                Failure(
                    lease: LeaseID(try reader.read()), trial: try reader.read(),
                    attempt: try reader.readAttempt(),
                    cause: try reader.readText(), log: try reader.readText(),
                    provenance: try Provenance(from: &reader)))
        case .chunk:
            self = .chunk(
                Chunk(
                    trial: try reader.read(), file: try reader.read(), offset: try reader.read(),
                    bytes: try reader.readBytes(limit: WireLimit.chunk)))
        case .goodbye: self = .goodbye
        case nil: throw .unknownKind(reader.kind)
        }
        try reader.end()
    }
}

extension WorkerMessage.Hello {
    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        self.init(
            program: try reader.readText(), host: try reader.readText(), process: try reader.read(),
            slots: try reader.read(), cpu: try reader.readText(), kernel: try reader.readText(),
            held: try reader.readList { reader throws(WireError) in
                WorkerMessage.HeldTrial(
                    lease: LeaseID(try reader.read()), trial: try reader.read(),
                    attempt: try reader.readAttempt(),
                    stage: try reader.readStage(), isBatched: try reader.readBool())
            })
        let remaining: UInt64 = try reader.read()
        remainingMilliseconds = remaining == .max ? nil : remaining
        checkpointMilliseconds = try reader.read()
        commit = try reader.readText()
    }
}

extension TrialProgress {
    func write(to writer: inout ByteWriter) {
        writer.write(trial)
        writer.write(permille)
        writer.write(from)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        self.init(trial: try reader.read(), permille: try reader.read(), from: try reader.read())
    }
}

extension Provenance {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(host)
        writer.write(process)
        writer.write(slot)
        writer.write(cpu)
        writer.write(kernel)
        writer.write(startMilliseconds)
        writer.write(seconds)
        writer.write(peakMemoryBytes)
        writer.write(continuedFrom)
        writer.write(measuringSeconds)
        writer.write(commit)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        self.init(
            host: try reader.readText(), process: try reader.read(), slot: try reader.read(),
            cpu: try reader.readText(), kernel: try reader.readText(),
            startMilliseconds: try reader.readTime(),
            seconds: try reader.readSeconds(), peakMemoryBytes: try reader.read(),
            continuedFrom: try reader.read(), measuringSeconds: try reader.readSeconds(),
            commit: try reader.readText())
    }
}

extension ByteWriter {
    mutating func write(_ files: [KeptFile]) {
        write(list: files) { writer, file in
            writer.write(file.step)
            writer.write(file.bytes)
        }
    }
}

extension ByteReader {
    mutating func readFiles() throws(WireError) -> [KeptFile] {
        try readList { reader throws(WireError) in
            KeptFile(step: try reader.read(), bytes: try reader.read())
        }
    }

    mutating func readStage() throws(WireError) -> WorkerMessage.HeldTrial.Stage {
        let number: UInt8 = try read()
        guard let stage = WorkerMessage.HeldTrial.Stage(rawValue: number) else { throw .unknownKind(number) }
        return stage
    }

    mutating func readID() throws(WireError) -> TrialID {
        guard let id = TrialID(try readText()) else { throw .badIdentifier }
        return id
    }
}
