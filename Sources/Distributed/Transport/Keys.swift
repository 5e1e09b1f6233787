import CZeroMQ

/// Z85, the encoding in which ZeroMQ's keys are written as text (ZeroMQ RFC 32).
enum Z85 {
    private static let alphabet = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)
    /// Values by letter; 85 for bytes that are no letter.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 85, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    /// Encodes bytes, whose number must be a multiple of four.
    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count - bytes.count % 4, by: 4) {
            var word = bytes[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            var digits: [UInt8] = []
            for _ in 0..<5 {
                digits.append(alphabet[Int(word % 85)])
                word /= 85
            }
            text += digits.reversed()
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Decodes a text; nil if it isn't Z85.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 5 == 0 else { return nil }
        var bytes: [UInt8] = []
        var word: UInt64 = 0
        for (index, letter) in text.enumerated() {
            let digit = values[Int(letter)]
            guard digit < 85 else { return nil }
            word = word * 85 + UInt64(digit)
            guard index % 5 == 4 else { continue }
            guard let whole = UInt32(exactly: word) else { return nil }
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: whole >> (24 - 8 * UInt32($0))) }
            word = 0
        }
        return bytes
    }
}

/// Public key of a peer: a Curve25519 point, 32 bytes. It isn't secret.
public struct PublicKey: Hashable, Comparable, Sendable {
    let bytes: [UInt8]

    init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Reads a key from 40 letters of Z85.
    public init?(text: String) {
        guard let bytes = Z85.decode(text.utf8) else { return nil }
        self.init(bytes: bytes)
    }

    /// The key as 40 letters of Z85.
    public var text: String { Z85.encode(bytes) }

    /// Orders keys by their text.
    public static func < (a: PublicKey, b: PublicKey) -> Bool { a.text < b.text }
}

/// Secret key, by which its owner proves its identity. Its descriptions don't contain it, so that no message
/// can by accident.
public struct SecretKey: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    let bytes: [UInt8]

    init?(text: String) {
        guard let bytes = Z85.decode(text.utf8), bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// The key as 40 letters of Z85, only for key files and the pipe to a local worker.
    var text: String { Z85.encode(bytes) }

    /// A text that doesn't contain the key.
    public var description: String { "(a secret key)" }
    /// A text that doesn't contain the key.
    public var debugDescription: String { description }
    /// A mirror that doesn't contain the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A secret key and the public key that goes with it.
public struct KeyPair: Equatable, Sendable {
    /// The public key.
    public let publicKey: PublicKey
    /// The secret key.
    public let secretKey: SecretKey

    /// Creates a new, random pair.
    public static func fresh() throws(TransportError) -> KeyPair {
        var publicText = [CChar](repeating: 0, count: 41)
        var secretText = [CChar](repeating: 0, count: 41)
        guard zmq_curve_keypair(&publicText, &secretText) == 0,
            let publicKey = PublicKey(text: text(publicText)),
            let secretKey = SecretKey(text: text(secretText))
        else { throw .system(doing: "make", endpoint: "keys", detail: "this ZeroMQ was built without CURVE") }
        return KeyPair(publicKey: publicKey, secretKey: secretKey)
    }

    private init(publicKey: PublicKey, secretKey: SecretKey) {
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    init?(secret: SecretKey) {
        var publicText = [CChar](repeating: 0, count: 41)
        guard zmq_curve_public(&publicText, secret.text) == 0,
            let publicKey = PublicKey(text: Self.text(publicText))
        else { return nil }
        self.init(publicKey: publicKey, secretKey: secret)
    }

    private static func text(_ letters: [CChar]) -> String {
        String(decoding: letters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Keys by which a worker is admitted and knows its coordinator.
public struct WorkerKeys: Equatable, Sendable {
    /// The worker's own key pair.
    public let pair: KeyPair
    /// The coordinator's public key.
    public let coordinator: PublicKey

    /// Creates a worker's keys.
    public init(pair: KeyPair, coordinator: PublicKey) {
        self.pair = pair
        self.coordinator = coordinator
    }

    /// The keys as bytes for a worker that is started here. They go through a pipe, and not through arguments
    /// or the environment, which others can read.
    public var handedDown: [UInt8] { Array("\(coordinator.text)\n\(pair.secretKey.text)\n".utf8) }

    /// Reads the keys from the bytes of `handedDown`; nil if they are none.
    public init?(handedDown bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        guard lines.count == 2, let coordinator = PublicKey(text: lines[0]),
            let secret = SecretKey(text: lines[1]), let pair = KeyPair(secret: secret)
        else { return nil }
        self.init(pair: pair, coordinator: coordinator)
    }
}
