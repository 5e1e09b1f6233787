import CSodium

/// A digest of some bytes, by libsodium: SHA-256 (FIPS 180-4), unless an initialiser says otherwise.
public struct Digest: Equatable, Hashable, Sendable {
    /// 32 bytes.
    public let bytes: [UInt8]

    /// The SHA-256 of some bytes.
    public init(of message: [UInt8]) { self = message.withUnsafeBufferPointer { Digest(of: $0) } }

    /// The SHA-256 of memory that this process does not own, such as a mapped file.
    public init(of message: UnsafeBufferPointer<UInt8>) {
        var output = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        crypto_hash_sha256(&output, message.baseAddress, UInt64(message.count))
        bytes = output
    }

    /// The BLAKE2b-256 (RFC 7693) of memory, in a third of the time: for digests that only this machine
    /// reads again.
    public init(fastOf message: UnsafeBufferPointer<UInt8>) {
        _ = Digest.isTuned
        var output = [UInt8](repeating: 0, count: 32)
        crypto_generichash(&output, 32, message.baseAddress, UInt64(message.count), nil, 0)
        bytes = output
    }

    /// Whether libsodium has detected the CPU's features.
    private static let isTuned = sodium_init() >= 0

    /// The SHA-256 of a text's UTF-8.
    public init(of text: String) { self.init(of: Array(text.utf8)) }

    fileprivate init(bytes: [UInt8]) { self.bytes = bytes }

    /// All bytes in base64 (RFC 4648).
    public var base64: String {
        let variant = sodium_base64_VARIANT_ORIGINAL
        var text = [CChar](repeating: 0, count: sodium_base64_encoded_len(bytes.count, variant))
        sodium_bin2base64(&text, text.count, bytes, bytes.count, variant)
        return String(decoding: text.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

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

/// The SHA-256 of bytes that arrive in chunks.
public struct DigestStream {
    private var state = crypto_hash_sha256_state()

    /// Starts a digest of no bytes.
    public init() { crypto_hash_sha256_init(&state) }

    /// Appends bytes.
    public mutating func update(_ chunk: some Sequence<UInt8>) {
        let bytes = Array(chunk)
        crypto_hash_sha256_update(&state, bytes, UInt64(bytes.count))
    }

    /// The digest of all bytes appended.
    public consuming func finish() -> Digest {
        var output = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        crypto_hash_sha256_final(&state, &output)
        return Digest(bytes: output)
    }
}
