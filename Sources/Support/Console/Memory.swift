import Glibc

/// Memory that this process may still use, in bytes: the smaller of what the machine has available and what
/// the limit of its control group leaves. nil if neither can be read.
public func availableMemoryBytes() -> UInt64? {
    let group = ControlGroup(
        cgroup: smallFile("/proc/self/cgroup") ?? "", mountinfo: smallFile("/proc/self/mountinfo") ?? "")
    let meminfo = smallFile("/proc/meminfo") ?? ""
    let left =
        group.unified.compactMap {
            availableMemoryBytes(
                meminfo: meminfo, limit: smallFile($0 + "/memory.max"), use: smallFile($0 + "/memory.current")
            )
        }
        + group.folders(of: "memory").compactMap {
            availableMemoryBytes(
                meminfo: meminfo, limit: smallFile($0 + "/memory.limit_in_bytes"),
                use: smallFile($0 + "/memory.usage_in_bytes"))
        }
    return left.min() ?? availableMemoryBytes(meminfo: meminfo, limit: nil, use: nil)
}

/// Applies the rule of `availableMemoryBytes()` to the contents of the kernel's files.
///
/// - Parameters:
///   - meminfo: /proc/meminfo.
///   - limit: memory.max of the control group (memory.limit_in_bytes); "max" means no limit.
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

/// The contents of one of the kernel's small files, or nil if it cannot be read.
func smallFile(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count), as: UTF8.self)
}
