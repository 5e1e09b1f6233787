/// Why a file gives no network or no numbers.
public struct ONNXFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path of the file.
    public let file: String
    /// The fault and what to do about it, in words that follow the file's name: "is empty".
    public let what: String

    /// Creates the fault of a file. Control characters of its names become '?', and a very long line loses its middle.
    public init(file: String, what: String) {
        self.file = file
        let line = what.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : String($0) }
        self.what = (line.count > 1000 ? line.prefix(500) + ["…"] + line.suffix(400) : line[...]).joined()
    }

    /// The file, the fault, and what to do about it.
    public var description: String { "\(file): \(what)" }
}

extension ONNXFault {
    /// The fault of a file in another format, known by its first bytes.
    init?(file: String, start: [UInt8], size: Int) {
        func begins(_ text: String, at offset: Int = 0) -> Bool {
            start.dropFirst(offset).starts(with: text.utf8)
        }
        let export = "export the network, from PyTorch with torch.onnx.export(model, inputs, 'net.onnx')"
        let header = start.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        let formats = [
            (begins("PK\u{3}\u{4}"), "a zip archive, as PyTorch and Keras write", export),
            (
                start.first == 0x80 && start.count > 1 && (2...5).contains(start[1]),
                "a Python pickle, as old versions of PyTorch write", export
            ),
            (
                begins("HDF\r\n", at: 1), "an HDF5 file, as Keras writes",
                "export the network, from Keras with model.export('net.onnx', format='onnx')"
            ),
            (
                begins("{", at: 8) && header < UInt64(size), "a safetensors file: weights without a network",
                export
            ),
            (begins("NUMPY", at: 1), "an array of NumPy", export),
            (begins("TFL3", at: 4), "a TensorFlow Lite model", "convert it with tf2onnx"),
            (begins("GGUF"), "a GGUF file", export),
            (begins("version https://git-lfs"), "a pointer of Git LFS", "fetch the file with 'git lfs pull'"),
            (begins("<!") || begins("<html"), "a web page", "download it again"),
        ]
        guard let (_, format, advice) = formats.first(where: \.0) else { return nil }
        self.init(file: file, what: "is not an ONNX file, but \(format); \(advice)")
    }
}
