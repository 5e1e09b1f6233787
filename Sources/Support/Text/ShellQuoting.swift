/// The text as one word of a POSIX shell, in single quotes where the shell needs them.
public func shellQuoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "-_./:=,@%+".utf8.contains(byte)
        }
    }
    if isPlain, !text.isEmpty { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}

/// A path as one word of a shell that no command takes for an option.
public func shellPath(_ path: String) -> String {
    shellQuoted(path.hasPrefix("-") ? "./" + path : path)
}

/// A command for use in a sentence: in quotes, unless it contains some, because it must be copied unchanged.
public func quotedCommand(_ command: String) -> String {
    command.contains("'") ? command : "'\(command)'"
}
