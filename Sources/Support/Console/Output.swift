import Files
import Glibc
import Synchronization

// All output of the programs, for people and for other programs, goes through this file and is checked.

/// The `errno` with which standard output first refused a write; 0 if it took everything.
private let outputFault = Atomic<Int32>(0)

/// Writes a line to standard output; returns false if that takes no more.
@discardableResult public func printOut(_ text: String) -> Bool { writeOut(text + "\n") }

/// Writes a line to standard error.
public func printError(_ text: String) { _ = writeText(text + "\n", to: STDERR_FILENO) }

func writeOut(_ text: String) -> Bool {
    // A reader would take what follows a gap for the whole.
    guard outputFault.load(ordering: .relaxed) == 0 else { return false }
    let code = writeText(text, to: STDOUT_FILENO)
    guard code != 0 else { return true }
    outputFault.store(code, ordering: .relaxed)
    return false
}

/// Writes all of the text.
///
/// - Returns: the `errno` of the write that failed, or 0.
func writeText(_ text: String, to descriptor: Int32) -> Int32 {
    writeAll(text.utf8, to: descriptor) ? 0 : errno
}

/// Ends the program. If standard output did not take everything, says so and replaces exit codes 0 and 1
/// by 4.
public func endProgram(_ code: ExitCode) -> Never {
    let (code, message) = checkedEnd(code, outputFault: outputFault.load(ordering: .relaxed))
    if let message { printError(message) }
    exit(code.rawValue)
}

/// The exit code, and the message if standard output failed.
///
/// - Parameter outputFault: the `errno` of standard output, 0 if it took everything.
func checkedEnd(_ code: ExitCode, outputFault: Int32) -> (code: ExitCode, message: String?) {
    // A reader that closed its pipe (`| head`) has read all it wanted.
    guard outputFault != 0, outputFault != EPIPE else { return (code, nil) }
    let message =
        "error: can't write to standard output: \(systemMessage(outputFault)); the output is incomplete"
    return (code == .done || code == .incomplete ? .internal : code, message)
}

// MARK: - Start of a program

/// The smallest stack in bytes: with less, libraries and their threads crash without a message.
private let minStack: UInt64 = 512 << 10

/// Prepares a program before it reads its command line. Signals that a write could raise become errors of
/// that write, standard descriptors are opened, and names that aren't text are refused.
public func beginProgram() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    openStandardDescriptors()
    if let stack = ProcessLimit.stack.value, stack < minStack, let advice = ProcessLimit.stack.advice {
        printError("error: this program needs \(minStack >> 10) KiB of stack: \(advice)")
        exit(ExitCode.wrongUse.rawValue)
    }
    guard let fault = foreignBytes() else { return }
    printError("error: \(fault)")
    exit(ExitCode.wrongUse.rawValue)
}

/// Opens missing standard descriptors: otherwise a file opened later would get the number of standard output,
/// and receive its messages.
private func openStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
        // Writing to a closed standard output stays an error.
        _ = open("/dev/null", descriptor == STDOUT_FILENO ? O_RDONLY : O_RDWR)
    }
}

/// Environment variables that name a folder.
private let folderVariables = ["HOME", "RANKSWEEP_DATA", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR"]

/// An error message if an argument, a folder variable or the current folder is not UTF-8. Strings hold text:
/// such a name would become another name, and so another file.
private func foreignBytes() -> String? {
    for (index, argument) in CommandLine.unsafeArgv.words.enumerated() where index > 0 {
        guard let shown = shownIfForeign(argument) else { continue }
        return "argument \(index) is not UTF-8: '\(shown)': rename the file, or name it otherwise"
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

/// The bytes as text, with those that are not ASCII as `\xff`; nil if they are UTF-8.
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
    /// The strings of a nil-terminated list, without their zero bytes.
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
