/// State of a host, for a person who asks.
public struct HostStatus: Equatable, Sendable {
    /// Phase of a host's work.
    public enum State: String, Sendable {
        case waiting, looking, starting, running, ending
        /// The host isn't allowed to work, so nothing is started there.
        case revoked
        case sendingWorker = "sending_worker"
        case sendingData = "sending_data"
    }

    /// Host as the cluster file names it.
    public let host: String
    /// Phase of its work.
    public let state: State
    /// Time until the next try; nil unless it waits.
    public let retryMilliseconds: Int64?
    /// Failures in a row; 0 for a host that runs.
    public let failures: Int
    /// The last of these failures.
    public let failure: HostFailure?
    /// Reason why it isn't allowed to work; nil if it is.
    public let bar: String?

    /// Reason why it doesn't work, in words; nil if there is none.
    public var why: String? { bar ?? failure?.words }
}

extension HostFleet {
    /// States of all hosts in the order of the file, then of those that were removed from it.
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
