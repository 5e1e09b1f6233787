import CPosix
import Glibc

/// Number of processors that this process may use, at least 1: those that its affinity allows (`taskset`,
/// Slurm, cpusets), but no more than its control groups' quota of processor time pays for (containers,
/// `CPUQuota=` of systemd).
public func coreCount() -> Int {
    let allowed = Int(cposix_allowed_processors())
    let group = smallFile("/proc/self/cgroup").map {
        ControlGroup(cgroup: $0, mountinfo: smallFile("/proc/self/mountinfo") ?? "")
    }
    return coreCount(allowed: allowed, quota: group.flatMap { processorQuota($0, smallFile) })
}

/// Rounds the quota down: a slot keeps a whole processor busy, so a fraction of one pays for no slot.
func coreCount(allowed: Int, quota: Double?) -> Int {
    max(1, min(allowed, quota.map { Int(min($0, 1e6)) } ?? allowed))
}

/// The control groups' quota of processor time, in processors; nil if no group has a quota.
///
/// - Parameter read: returns the text of a file, or nil if there is none.
func processorQuota(_ group: ControlGroup, _ read: (String) -> String?) -> Double? {
    // A group gets no more than the groups above it allow.
    let unified = group.unified.compactMap { folder in
        // "max 100000", "50000 100000"
        read(folder + "/cpu.max").flatMap { text in
            let words = text.split(whereSeparator: \.isWhitespace)
            return words.count == 2 ? share(String(words[0]), of: String(words[1])) : nil
        }
    }
    let single = group.folders(of: "cpu").compactMap { folder in
        share(read(folder + "/cpu.cfs_quota_us") ?? "", of: read(folder + "/cpu.cfs_period_us") ?? "")
    }
    return (unified + single).min()
}

/// The quota in processors; nil if there is none: "max", or -1.
private func share(_ quota: String, of period: String) -> Double? {
    func number(_ text: String) -> Double? { Double(text.filter { !$0.isWhitespace }) }
    guard let quota = number(quota), quota > 0, let period = number(period), period > 0 else { return nil }
    return quota / period
}
