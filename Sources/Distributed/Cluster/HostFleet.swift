/// Decides what to do on each host of a cluster, and when: probe it, send what it lacks, start the worker,
/// and do all of that again, after growing delays, if it fails. A value: events go in, effects come out;
/// times are milliseconds of the caller's clock.
public struct HostFleet: Sendable {
    /// Task of one ssh process. A host has at most one at a time.
    public enum Step: Hashable, Sendable {
        /// Looks at what the host has.
        case probe
        case bundle
        case data
        /// Starts the worker, which lives as long as this process.
        case start
    }

    /// Something that happened, for `handle`.
    public enum Event: Equatable, Sendable {
        /// The hosts of the cluster from now on, in order.
        case hosts([HostSettings])
        /// The worker of a host is about to start there.
        case started(host: String)
        /// A host's process has ended.
        case ended(host: String, StepEnd)
        /// A host's step can't even begin on this machine.
        case impossible(host: String, String)
        /// A host isn't allowed to work, for this reason. It has no process. It is probed again now and then,
        /// as that may change.
        case barred(host: String, String)
        case tick
        /// The caller was stopped for this long. No step was slow in that time.
        case stoodStill(milliseconds: Int64)
        /// The run ends. Running workers hear it from the coordinator, and no other host is needed.
        case finish
        /// All hosts must end.
        case stop
    }

    /// Something for the caller to do.
    public enum Effect: Equatable, Sendable {
        case begin(Step, HostSettings)
        /// Close its standard input, which makes it end, and kill it if it doesn't.
        case end(host: String)
        case tell(Note)
    }

    /// News for a person who watches the run.
    public enum Note: Equatable, Sendable {
        case sending(host: String, Step)
        /// The failure is the last of `times` in a row. The host is tried again after this many milliseconds.
        case failed(host: String, HostFailure, times: Int, retryMilliseconds: Int64)
        case barred(host: String, String)
        case added(host: String)
        case removed(host: String)
        case changed(host: String)
    }

    enum Phase: Equatable, Sendable {
        /// The host has no process.
        case waiting(until: Int64)
        case doing(Step, since: Int64)
        case running(since: Int64)
        /// The process was told to end. The failure, if any, is counted once it has ended.
        case ending(HostFailure?)
    }

    struct Host: Equatable, Sendable {
        var settings: HostSettings
        var phase: Phase
        /// Failures in a row.
        var failures = 0
        /// Sending steps that were reported since a worker last ran. Each is reported once.
        var announced: Set<Step> = []
        var lastFailure: HostFailure?
        /// Steps still to be done before the start.
        var missing: [Step] = []
        /// The files that its last probe missed.
        var missingFiles: [String] = []
        /// Reason why it isn't allowed to work; nil if it is.
        var bar: String?
        /// Whether the file no longer has it. It is forgotten once its process has ended.
        var isRemoved = false
    }

    /// Delay after a first failure, in milliseconds. It doubles with each further one.
    public static let firstBackOff: Int64 = 2000
    /// Longest delay after a failure, in milliseconds.
    public static let longestBackOff: Int64 = 120_000
    /// A worker that ran for this many milliseconds was right. A failure after that counts as the first.
    public static let longEnough: Int64 = 60_000
    /// Milliseconds until a host that isn't allowed to work is probed again.
    public static let barredLook: Int64 = 5000
    /// Time limit of a step that only looks or starts, in milliseconds.
    public static let patience: Int64 = 180_000
    /// Most steps under way at a time, so that a start of many hosts doesn't choke this machine's line.
    public static let maxAtOnce = 24

    private(set) var hosts: [Host] = []
    private(set) var isEnding = false

    /// Creates a fleet without hosts.
    public init() {}

    /// Time by which to handle `tick`; nil: not before another event.
    public var nextDeadline: Int64? {
        let hasRoom = canBegin
        return hosts.compactMap { host -> Int64? in
            switch host.phase {
            case .waiting(let until): hasRoom ? until : nil
            case .doing(.probe, let since), .doing(.start, let since): since + Self.patience
            case .doing, .running, .ending: nil
            }
        }.min()
    }

    /// Number of hosts whose worker runs.
    public var runningCount: Int {
        hosts.count { if case .running = $0.phase { true } else { false } }
    }

    /// The files that a host needs, as its last probe named them.
    public func missingFiles(of host: String) -> [String] {
        index(of: host).map { hosts[$0].missingFiles } ?? []
    }

    /// Number of hosts in the file.
    public var count: Int { hosts.count { !$0.isRemoved } }

    /// Handles an event. Returns the effects, in the order in which they must be performed.
    public mutating func handle(_ event: Event, at now: Int64) -> [Effect] {
        var effects: [Effect] = []
        switch event {
        case .hosts(let list): replace(by: list, at: now, &effects)
        case .started(let name):
            if let index = index(of: name), case .doing(.start, _) = hosts[index].phase {
                hosts[index].phase = .running(since: now)
                hosts[index].announced = []
            }
        case .ended(let name, let end):
            if let index = index(of: name) {
                hosts[index].bar = nil
                noteEnd(index, end, at: now, &effects)
            }
        case .barred(let name, let why):
            if let index = index(of: name) { bar(index, why, at: now, &effects) }
        case .impossible(let name, let why):
            if let index = index(of: name), case .doing = hosts[index].phase {
                fail(index, .here(why), at: now, &effects)
                removeGone()
            }
        case .tick: endOverdue(at: now, &effects)
        case .stoodStill(let gap):
            for index in hosts.indices {
                guard case .doing(let step, let since) = hosts[index].phase else { continue }
                hosts[index].phase = .doing(step, since: min(now, since + gap))
            }
        case .finish, .stop:
            isEnding = true
            for index in hosts.indices {
                switch hosts[index].phase {
                case .waiting, .ending: break
                case .running where event == .finish: break
                case .doing, .running: end(index, nil, &effects)
                }
            }
        }
        beginDue(at: now, &effects)
        return effects
    }

    private func index(of name: String) -> Int? { hosts.firstIndex { $0.settings.host == name } }

    // MARK: - Steps

    private var canBegin: Bool {
        let underWay = hosts.count { if case .doing = $0.phase { true } else { false } }
        return !isEnding && underWay < Self.maxAtOnce
    }

    private mutating func beginDue(at now: Int64, _ effects: inout [Effect]) {
        for index in hosts.indices {
            guard case .waiting(let until) = hosts[index].phase, until <= now, canBegin else { continue }
            begin(.probe, index, at: now, &effects)
        }
    }

    private mutating func begin(_ step: Step, _ index: Int, at now: Int64, _ effects: inout [Effect]) {
        hosts[index].phase = .doing(step, since: now)
        if step == .bundle || step == .data, hosts[index].announced.insert(step).inserted {
            effects.append(.tell(.sending(host: hosts[index].settings.host, step)))
        }
        effects.append(.begin(step, hosts[index].settings))
    }

    private mutating func end(_ index: Int, _ failure: HostFailure?, _ effects: inout [Effect]) {
        hosts[index].phase = .ending(failure)
        effects.append(.end(host: hosts[index].settings.host))
    }

    private mutating func endOverdue(at now: Int64, _ effects: inout [Effect]) {
        for index in hosts.indices {
            guard case .doing(let step, let since) = hosts[index].phase, step == .probe || step == .start,
                now >= since + Self.patience
            else { continue }
            end(index, .tooSlow, &effects)
        }
    }

    private mutating func noteEnd(
        _ index: Int, _ end: StepEnd, at now: Int64, _ effects: inout [Effect]
    ) {
        switch hosts[index].phase {
        case .waiting: return
        case .ending(let failure):
            if let failure, !isEnding {
                fail(index, failure, at: now, &effects)
            } else {
                hosts[index].phase = .waiting(until: now)
            }
        case .running(let since):
            if now - since >= Self.longEnough { hosts[index].failures = 0 }
            if isEnding {
                hosts[index].phase = .waiting(until: now)
            } else {
                fail(index, HostFailure(of: .start, end, hasRun: true), at: now, &effects)
            }
        case .doing(let step, _):
            if isEnding {
                hosts[index].phase = .waiting(until: now)
            } else {
                noteEnd(of: step, index, end, at: now, &effects)
            }
        }
        removeGone()
    }

    private mutating func noteEnd(
        of step: Step, _ index: Int, _ end: StepEnd, at now: Int64, _ effects: inout [Effect]
    ) {
        guard end.isSuccess, step != .start else {
            fail(index, HostFailure(of: step, end, hasRun: false), at: now, &effects)
            return
        }
        if step == .probe {
            let report = ProbeReport(end.report)
            if let failure = report.failure(data: hosts[index].settings.data) {
                fail(index, failure, at: now, &effects)
                return
            }
            hosts[index].missingFiles = report.missing
            hosts[index].missing =
                (report.hasBundle ? [] : [.bundle]) + (report.missing.isEmpty ? [] : [.data])
        }
        let next = hosts[index].missing.isEmpty ? Step.start : hosts[index].missing.removeFirst()
        begin(next, index, at: now, &effects)
    }

    private mutating func bar(_ index: Int, _ why: String, at now: Int64, _ effects: inout [Effect]) {
        let isNews = hosts[index].bar != why && !hosts[index].isRemoved && !isEnding
        hosts[index].bar = why
        hosts[index].failures = 0
        hosts[index].phase = .waiting(until: now + Self.barredLook)
        if isNews { effects.append(.tell(.barred(host: hosts[index].settings.host, why))) }
        removeGone()
    }

    private mutating func fail(
        _ index: Int, _ failure: HostFailure, at now: Int64, _ effects: inout [Effect]
    ) {
        hosts[index].failures += 1
        let times = hosts[index].failures
        let wait = min(Self.longestBackOff, Self.firstBackOff << Int64(min(times - 1, 20)))
        hosts[index].phase = .waiting(until: now + wait)
        // The same failure again is only reported now and then.
        let isNews = failure.kind != hosts[index].lastFailure?.kind || times == 1
        if !hosts[index].isRemoved, isNews || times == 4 || times.isMultiple(of: 20) {
            effects.append(
                .tell(
                    .failed(
                        host: hosts[index].settings.host, failure, times: times, retryMilliseconds: wait)))
        }
        hosts[index].lastFailure = failure
    }

    // MARK: - Other hosts

    private mutating func replace(by list: [HostSettings], at now: Int64, _ effects: inout [Effect]) {
        let isFirst = hosts.isEmpty
        for index in hosts.indices where !hosts[index].isRemoved {
            let name = hosts[index].settings.host
            if list.contains(where: { $0.host == name }) { continue }
            hosts[index].isRemoved = true
            effects.append(.tell(.removed(host: name)))
            endForChange(index, &effects)
        }
        for settings in list {
            guard let index = index(of: settings.host) else {
                hosts.append(Host(settings: settings, phase: .waiting(until: now)))
                if !isFirst { effects.append(.tell(.added(host: settings.host))) }
                continue
            }
            if hosts[index].isRemoved {
                // Its old process is still ending. After that it starts anew.
                hosts[index].isRemoved = false
                effects.append(.tell(.added(host: settings.host)))
            } else if hosts[index].settings != settings {
                effects.append(.tell(.changed(host: settings.host)))
                endForChange(index, &effects)
            } else {
                continue
            }
            hosts[index].settings = settings
            hosts[index].failures = 0
            if case .waiting = hosts[index].phase { hosts[index].phase = .waiting(until: now) }
        }
        removeGone()
    }

    private mutating func endForChange(_ index: Int, _ effects: inout [Effect]) {
        switch hosts[index].phase {
        case .waiting: break
        case .ending: hosts[index].phase = .ending(nil)
        case .doing, .running: end(index, nil, &effects)
        }
    }

    private mutating func removeGone() {
        hosts.removeAll { host in
            if case .waiting = host.phase { host.isRemoved } else { false }
        }
    }
}
