import Files
import Glibc
import Synchronization

// All that the programs write for people and other programs goes through here, and is checked.

/// The `errno` with which standard output first refused something; 0 where it took everything.
private let outputFault = Atomic<Int32>(0)

/// Writes to standard output; false where that takes no more.
@discardableResult public func printOut(_ text: String) -> Bool { writeOut(text + "\n") }

/// Writes to standard error.
public func printError(_ text: String) { _ = writeText(text + "\n", to: STDERR_FILENO) }

func writeOut(_ text: String) -> Bool {
    // What comes after a gap would be mistaken for the whole.
    guard outputFault.load(ordering: .relaxed) == 0 else { return false }
    let code = writeText(text, to: STDOUT_FILENO)
    guard code != 0 else { return true }
    outputFault.store(code, ordering: .relaxed)
    return false
}

/// - Returns: the `errno` of the write that failed, or 0.
func writeText(_ text: String, to descriptor: Int32) -> Int32 {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        if count < 0, errno == EAGAIN {
            // Another program made it not wait; this one does.
            var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            _ = poll(&room, 1, -1)
            continue
        }
        guard count > 0 else { return count < 0 ? errno : EIO }
        bytes = bytes.dropFirst(count)
    }
    return 0
}

/// Ends the program. Where standard output did not take all that it was given, says so, and a program that did
/// everything else ends with code 4.
public func endProgram(_ code: ExitCode) -> Never {
    let (code, words) = checkedEnd(code, outputFault: outputFault.load(ordering: .relaxed))
    if let words { printError(words) }
    exit(code.rawValue)
}

/// - Parameter outputFault: the `errno` of standard output, 0 where there is none.
func checkedEnd(_ code: ExitCode, outputFault: Int32) -> (code: ExitCode, words: String?) {
    // A reader that closed its pipe (`| head`) has read all that it wanted.
    guard outputFault != 0, outputFault != EPIPE else { return (code, nil) }
    let words =
        "error: standard output cannot be written: \(systemMessage(outputFault)): what this command "
        + "had to say is not all there"
    return (code == .done || code == .incomplete ? .internal : code, words)
}

// MARK: - A program's beginning

/// Bytes: with less, libraries and their threads crash without a word.
private let leastStack: UInt64 = 512 << 10

/// Makes a program ready, before it looks at its command line: signals that a write would bring become errors of
/// that write, standard descriptors are there, and names that are not text are refused.
public func beginProgram() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    openStandardDescriptors()
    if let stack = ProcessLimit.stack.value, stack < leastStack, let advice = ProcessLimit.stack.advice {
        printError("error: this program needs \(leastStack >> 10) KiB of stack: \(advice)")
        exit(ExitCode.wrongUse.rawValue)
    }
    guard let fault = foreignBytes() else { return }
    printError("error: \(fault)")
    exit(ExitCode.wrongUse.rawValue)
}

/// A file opened later must not get the number of standard output, and messages with it.
private func openStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
        // To write to a closed output stays an error.
        _ = open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_RDWR)
    }
}

/// Variables of the environment that name a folder.
private let folderVariables = ["HOME", "RANKSWEEP_DATA", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR"]

/// Strings hold text. A name in other bytes would become another name, and another file.
private func foreignBytes() -> String? {
    for (place, argument) in CommandLine.unsafeArgv.words.enumerated() where place > 0 {
        guard let shown = shownIfForeign(argument) else { continue }
        return "argument \(place) is not UTF-8: '\(shown)': rename the file, or name it otherwise"
    }
    for name in folderVariables {
        guard let value = getenv(name),
            let shown = shownIfForeign(Array(UnsafeBufferPointer(start: value, count: strlen(value))))
        else { continue }
        return "$\(name) is not UTF-8: '\(shown)': set it to a folder whose name is"
    }
    var bytes = [CChar](repeating: 0, count: 4096)
    guard getcwd(&bytes, bytes.count) != nil, let shown = shownIfForeign(Array(bytes.prefix { $0 != 0 }))
    else {
        return nil
    }
    return "the current folder's name is not UTF-8: '\(shown)': rename it, or call from another"
}

/// The bytes with those that are not ASCII as `\xff`; nil where they are UTF-8.
func shownIfForeign(_ characters: [CChar]) -> String? {
    let bytes = characters.map { UInt8(bitPattern: $0) }
    guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
    let digits = Array("0123456789abcdef")
    return String(
        bytes.flatMap { byte -> [Character] in
            (0x20..<0x7f).contains(byte)
                ? [Character(UnicodeScalar(byte))]
                : ["\\", "x", digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        })
}

extension UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
    /// The strings of a list that ends with nil, without their zeros.
    fileprivate var words: [[CChar]] {
        var words: [[CChar]] = []
        var next = self
        while let word = next.pointee {
            words.append(Array(UnsafeBufferPointer(start: word, count: strlen(word))))
            next += 1
        }
        return words
    }
}
