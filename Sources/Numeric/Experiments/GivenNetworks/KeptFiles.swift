import Files
import Glibc
import LinearAlgebra
import Sweep

extension KeptNetwork {
    /// Writes a .safetensors file of the trial's parameters. It is not durable: a file that is lost with its
    /// machine is trained anew.
    ///
    /// - Returns: the file's size in bytes; nil where it can't be written (errno says why).
    public func write(of trial: Trial, to path: String) -> Int? {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { return nil }
        defer { close(file) }
        let header = trial.weightsHeader(step: step)
        guard writeAll(header, to: file), writeAll(littleEndian(values), to: file) else { return nil }
        return header.count + 4 * values.count
    }
}

/// The little-endian bytes of numbers, as files hold them.
func littleEndian(_ values: [Float]) -> [UInt8] {
    // A key path would take a hundred times as long: files of Jacobians have gigabytes.
    values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Array($0) }
}
