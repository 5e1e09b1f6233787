import Glibc

/// An environment variable; nil if it is unset or empty.
public func environmentValue(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    let text = String(cString: value)
    return text.isEmpty ? nil : text
}

/// The environment as NAME=VALUE, without entries that are not UTF-8; child processes inherit
/// those unchanged.
public func environmentList() -> [String] {
    var list: [String] = []
    var entry = environ
    while let text = entry.pointee {
        if let text = String(validatingCString: text) { list.append(text) }
        entry += 1
    }
    return list
}

/// The choice of OpenBLAS's kernel for a process that computes.
public enum BLASKernel: Equatable, Sendable {
    /// The one that OpenBLAS chooses for the CPU.
    case automatic
    /// The one that OPENBLAS_CORETYPE names.
    case environment
    case named(String)
}

/// The environment of a process that computes. OpenBLAS reads its kernel from there when it is loaded and
/// uses one thread. Swift prints no backtrace: the signal of a crash says enough.
public func numericEnvironment(_ kernel: BLASKernel) -> [String] {
    let own = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "SWIFT_BACKTRACE"]
    let dropped = kernel == .environment ? own : own + ["OPENBLAS_CORETYPE"]
    var list = environmentList().filter { entry in !dropped.contains { entry.hasPrefix($0 + "=") } }
    list += ["OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1", "SWIFT_BACKTRACE=enable=no"]
    if case .named(let name) = kernel { list.append("OPENBLAS_CORETYPE=\(name)") }
    return list
}

/// The folder of the data sets: `asked` if given, else $RANKSWEEP_DATA, else ~/.cache/ranksweep.
public func dataDirectory(_ asked: String?) -> String {
    asked ?? environmentValue("RANKSWEEP_DATA") ?? (homeDirectory() ?? ".") + "/.cache/ranksweep"
}

/// $HOME, or, if it is unset, the home folder that the system has for this user; nil if neither is known.
public func homeDirectory() -> String? {
    if let home = environmentValue("HOME") { return home }
    guard let entry = getpwuid(getuid()), let home = entry.pointee.pw_dir, home.pointee != 0 else {
        return nil
    }
    return String(cString: home)
}

/// The name of this machine, or "unknown".
public func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The CPU's name from /proc/cpuinfo, or "unknown".
public func cpuName() -> String {
    guard let file = fopen("/proc/cpuinfo", "re") else { return "unknown" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 1024)
    while fgets(&line, Int32(line.count), file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") else { continue }
        return String(
            text[text.index(after: colon)...].split(whereSeparator: \.isWhitespace).joined(separator: " "))
    }
    return "unknown"
}

/// A path that means the same in every process.
package func absolutePath(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    if path == "~" || path.hasPrefix("~/"), let home = homeDirectory() {
        return home + path.dropFirst()
    }
    var bytes = [CChar](repeating: 0, count: 4096)
    guard getcwd(&bytes, bytes.count) != nil else { return path }
    let here = String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return here + "/" + path
}

/// The path of a program on $PATH.
package func findProgram(_ name: String) -> String? {
    let folders = (environmentValue("PATH") ?? "/usr/bin:/bin").split(separator: ":")
    return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
}
