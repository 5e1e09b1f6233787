import Glibc

/// Memory that this process may still use, in bytes: what the machine has to spare, and what its control
/// group leaves of its limit. nil where neither can be read.
public func availableMemoryBytes() -> UInt64? {
    let group = smallFile("/proc/self/cgroup").flatMap(unifiedGroup)
    let folder = group.map { "/sys/fs/cgroup" + ($0 == "/" ? "" : $0) }
    return availableMemoryBytes(
        meminfo: smallFile("/proc/meminfo") ?? "", limit: folder.flatMap { smallFile($0 + "/memory.max") },
        use: folder.flatMap { smallFile($0 + "/memory.current") })
}

/// - Parameters:
///   - meminfo: /proc/meminfo.
///   - limit: memory.max of the control group, "max" where there is none.
///   - use: its memory.current.
func availableMemoryBytes(meminfo: String, limit: String?, use: String?) -> UInt64? {
    func number(_ text: String?) -> UInt64? {
        text.flatMap { UInt64($0.filter { !$0.isWhitespace }) }
    }
    let line = meminfo.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
    let spare = number(line.map { String($0.dropFirst("MemAvailable:".count).prefix { $0 != "k" }) }).map {
        $0.multipliedReportingOverflow(by: 1024).partialValue
    }
    guard let limit = number(limit) else { return spare }
    let left = limit - min(limit, number(use) ?? 0)
    return spare.map { min($0, left) } ?? left
}

/// The group in cgroup v2's one line of /proc/self/cgroup, "0::/user.slice".
func unifiedGroup(_ text: String) -> String? {
    text.split(separator: "\n").first { $0.hasPrefix("0::") }.map { String($0.dropFirst(3)) }
}

private func smallFile(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
}
