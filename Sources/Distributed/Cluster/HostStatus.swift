/// How a host does just now, for those who ask.
public struct HostStatus: Equatable, Sendable {
    public enum State: String, Sendable {
        case waiting, looking, starting, running, ending
        /// It may not work: nothing is begun there.
        case revoked
        case sendingWorker = "sending_worker"
        case sendingData = "sending_data"
    }

    public let host: String
    public let state: State
    /// Until it is tried again, where it waits.
    public let retryMilliseconds: Int64?
    /// In a row; 0 of one that runs.
    public let failures: Int
    /// The last of them.
    public let failure: HostFailure?
    /// Why it may not work, where it may not.
    public let bar: String?

    public var why: String? { bar ?? failure?.words }
}

extension HostFleet {
    /// Of all hosts, in the order of the file; those that were taken out of it last.
    public func facts(at now: Int64) -> [HostStatus] {
        hosts.map { host in
            let state: HostStatus.State
            var retry: Int64?
            var failures = host.failures
            switch host.phase {
            case .waiting where host.bar != nil: state = .revoked
            case .waiting(let until): (state, retry) = (.waiting, max(0, until - now))
            case .doing(.probe, _): state = .looking
            case .doing(.bundle, _): state = .sendingWorker
            case .doing(.data, _): state = .sendingData
            case .doing(.start, _): state = .starting
            case .running: (state, failures) = (.running, 0)
            case .ending: state = .ending
            }
            return HostStatus(
                host: host.settings.host, state: state, retryMilliseconds: retry, failures: failures,
                failure: failures > 0 ? host.lastFailure : nil, bar: state == .revoked ? host.bar : nil)
        }
    }
}
