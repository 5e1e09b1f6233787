/// Why a file can't be read as ONNX.
public struct ONNXFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// Path of the file at fault.
    public let file: String
    /// What is wrong with it, in words that follow its name.
    public let words: String
    /// The file and what is wrong.
    public var description: String { "\(file): \(words)" }

    init(_ file: String, _ words: String) { (self.file, self.words) = (file, words) }
}
