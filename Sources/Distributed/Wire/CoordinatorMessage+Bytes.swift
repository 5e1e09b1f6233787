import Sweep

extension CoordinatorMessage {
    private enum MessageType: UInt8 {
        case welcome = 1, refuse, assign, heartbeat, accepted, revoke, finish, fetch, recall
    }

    public var encoded: [UInt8] {
        switch self {
        case .welcome(let welcome):
            var writer = ByteWriter(kind: MessageType.welcome.rawValue)
            writer.write(welcome.sweep)
            writer.write(welcome.heartbeatMilliseconds)
            writer.write(welcome.trialLimitSeconds)
            return writer.bytes
        case .refuse(let reason):
            var writer = ByteWriter(kind: MessageType.refuse.rawValue)
            writer.write(reason)
            return writer.bytes
        case .assign(let assignment):
            var writer = ByteWriter(kind: MessageType.assign.rawValue)
            writer.write(assignment.lease.value)
            writer.write(assignment.attempt)
            writer.write(list: assignment.trials) { $0.write($1) }
            writer.write(assignment.isBatched)
            return writer.bytes
        case .heartbeat: return ByteWriter(kind: MessageType.heartbeat.rawValue).bytes
        case .accepted(let trials):
            var writer = ByteWriter(kind: MessageType.accepted.rawValue)
            writer.write(list: trials) { $0.write($1) }
            return writer.bytes
        case .revoke(let lease, let trials):
            var writer = ByteWriter(kind: MessageType.revoke.rawValue)
            writer.write(lease.value)
            writer.write(list: trials) { $0.write($1) }
            return writer.bytes
        case .fetch(let trial, let file, let offset):
            var writer = ByteWriter(kind: MessageType.fetch.rawValue)
            writer.write(trial)
            writer.write(file)
            writer.write(offset)
            return writer.bytes
        case .recall: return ByteWriter(kind: MessageType.recall.rawValue).bytes
        case .finish: return ByteWriter(kind: MessageType.finish.rawValue).bytes
        }
    }

    public init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try ByteReader(bytes)
        switch MessageType(rawValue: reader.kind) {
        case .welcome:
            self = .welcome(
                Welcome(
                    sweep: try reader.readBytes(limit: WireLimit.sweep),
                    heartbeatMilliseconds: try reader.read(),
                    trialLimitSeconds: try reader.read()))
        case .refuse: self = .refuse(reason: try reader.readText())
        case .assign:
            self = .assign(
                Assignment(
                    lease: LeaseID(try reader.read()), attempt: try reader.readAttempt(),
                    trials: try reader.readTrials(), isBatched: try reader.readBool()))
        case .heartbeat: self = .heartbeat
        case .accepted: self = .accepted(try reader.readTrials())
        case .revoke: self = .revoke(LeaseID(try reader.read()), try reader.readTrials())
        case .fetch:
            self = .fetch(trial: try reader.read(), file: try reader.read(), offset: try reader.read())
        case .recall: self = .recall
        case .finish: self = .finish
        case nil: throw .unknownKind(reader.kind)
        }
        try reader.end()
    }
}

extension SlotRequest {
    private enum MessageType: UInt8 { case sweep = 1, run }

    public var encoded: [UInt8] {
        switch self {
        case .sweep(let sweep):
            var writer = ByteWriter(kind: MessageType.sweep.rawValue)
            writer.write(sweep)
            return writer.bytes
        case .run(let trials):
            var writer = ByteWriter(kind: MessageType.run.rawValue)
            writer.write(list: trials) { $0.write($1) }
            return writer.bytes
        }
    }

    public init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try ByteReader(bytes)
        switch MessageType(rawValue: reader.kind) {
        case .sweep: self = .sweep(try reader.readBytes(limit: WireLimit.sweep))
        case .run: self = .run(trials: try reader.readTrials())
        case nil: throw .unknownKind(reader.kind)
        }
        try reader.end()
    }
}

extension SlotReply {
    private enum MessageType: UInt8 { case ready = 1, done, failed, progress }

    public var encoded: [UInt8] {
        switch self {
        case .ready(let kernel, let commit):
            var writer = ByteWriter(kind: MessageType.ready.rawValue)
            writer.write(kernel)
            writer.write(commit)
            return writer.bytes
        case .done(
            let trial, let id, let body, let files, let continuedFrom, let seconds, let measuring, let peak):
            var writer = ByteWriter(kind: MessageType.done.rawValue)
            writer.write(trial)
            writer.write(id.text)
            writer.write(body)
            writer.write(files)
            writer.write(continuedFrom)
            writer.write(seconds)
            writer.write(measuring)
            writer.write(peak)
            return writer.bytes
        case .failed(let trial, let cause, let seconds, let peak):
            var writer = ByteWriter(kind: MessageType.failed.rawValue)
            writer.write(trial)
            writer.write(cause)
            writer.write(seconds)
            writer.write(peak)
            return writer.bytes
        case .progress(let progress):
            var writer = ByteWriter(kind: MessageType.progress.rawValue)
            progress.write(to: &writer)
            return writer.bytes
        }
    }

    public init(decoding bytes: [UInt8]) throws(WireError) {
        var reader = try ByteReader(bytes)
        switch MessageType(rawValue: reader.kind) {
        case .ready: self = .ready(kernel: try reader.readText(), commit: try reader.readText())
        case .done:
            self = .done(
                trial: try reader.read(), id: try reader.readID(),
                body: try reader.readBytes(limit: WireLimit.body), files: try reader.readFiles(),
                continuedFrom: try reader.read(), seconds: try reader.readSeconds(),
                measuringSeconds: try reader.readSeconds(), peakMemoryBytes: try reader.read())
        case .failed:
            self = .failed(
                trial: try reader.read(), cause: try reader.readText(), seconds: try reader.readSeconds(),
                peakMemoryBytes: try reader.read())
        case .progress: self = .progress(try TrialProgress(from: &reader))
        case nil: throw .unknownKind(reader.kind)
        }
        try reader.end()
    }
}

extension ByteReader {
    fileprivate mutating func readTrials() throws(WireError) -> [UInt64] {
        try readList { reader throws(WireError) in try reader.read() }
    }
}
