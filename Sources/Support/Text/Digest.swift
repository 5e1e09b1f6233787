import CSodium

/// The SHA-256 of some bytes (FIPS 180-4), or where it says so another digest, by libsodium.
public struct Digest: Equatable, Hashable, Sendable {
    /// 32 bytes.
    public let bytes: [UInt8]

    public init(of message: [UInt8]) { self = message.withUnsafeBufferPointer { Digest(of: $0) } }

    /// Of memory that is not this process's own, such as a mapped file.
    public init(of message: UnsafeBufferPointer<UInt8>) {
        var output = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        crypto_hash_sha256(&output, message.baseAddress, UInt64(message.count))
        bytes = output
    }

    /// The BLAKE2b-256 (RFC 7693) of memory, in a third of the time: for what only this machine reads again.
    public init(fastOf message: UnsafeBufferPointer<UInt8>) {
        _ = Digest.isTuned
        var output = [UInt8](repeating: 0, count: 32)
        crypto_generichash(&output, 32, message.baseAddress, UInt64(message.count), nil, 0)
        bytes = output
    }

    /// libsodium has looked what the CPU can do.
    private static let isTuned = sodium_init() >= 0

    public init(of text: String) { self.init(of: Array(text.utf8)) }

    fileprivate init(bytes: [UInt8]) { self.bytes = bytes }

    /// The first `count` bytes in lower-case hexadecimal.
    public func hexadecimal(bytes count: Int = 32) -> String {
        func digit(_ value: UInt8) -> UInt8 {
            value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
        }
        var text: [UInt8] = []
        text.reserveCapacity(2 * count)
        for byte in bytes.prefix(count) {
            text.append(digit(byte >> 4))
            text.append(digit(byte & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The SHA-256 of bytes that come piece by piece.
public struct DigestStream {
    private var state = crypto_hash_sha256_state()

    public init() { crypto_hash_sha256_init(&state) }

    public mutating func update(_ piece: some Sequence<UInt8>) {
        let bytes = Array(piece)
        crypto_hash_sha256_update(&state, bytes, UInt64(bytes.count))
    }

    /// The digest of all that came.
    public consuming func finish() -> Digest {
        var output = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        crypto_hash_sha256_final(&state, &output)
        return Digest(bytes: output)
    }
}
