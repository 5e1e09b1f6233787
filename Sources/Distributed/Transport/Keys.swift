import CZeroMQ

/// Z85, the text of 32-bit words that ZeroMQ's keys are written in (ZeroMQ RFC 32).
enum Z85 {
    private static let alphabet = Array(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)
    /// Values by letter; 85 for what is no letter.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 85, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        return values
    }()

    /// The text of bytes, whose number must be a multiple of four.
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

    /// nil where the text is no Z85.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 5 == 0 else { return nil }
        var bytes: [UInt8] = []
        var word: UInt64 = 0
        for (place, letter) in text.enumerated() {
            let digit = values[Int(letter)]
            guard digit < 85 else { return nil }
            word = word * 85 + UInt64(digit)
            guard place % 5 == 4 else { continue }
            guard let whole = UInt32(exactly: word) else { return nil }
            bytes += (0..<4).map { UInt8(truncatingIfNeeded: whole >> (24 - 8 * UInt32($0))) }
            word = 0
        }
        return bytes
    }
}

/// Whom one talks to: a Curve25519 point, 32 bytes. No secret.
public struct PublicKey: Hashable, Comparable, Sendable {
    let bytes: [UInt8]

    init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// Of 40 letters of Z85.
    public init?(text: String) {
        guard let bytes = Z85.decode(text.utf8) else { return nil }
        self.init(bytes: bytes)
    }

    public var text: String { Z85.encode(bytes) }

    public static func < (a: PublicKey, b: PublicKey) -> Bool { a.text < b.text }
}

/// What proves who one is. It describes itself as no more than that, so that no message can hold it by
/// accident.
public struct SecretKey: Equatable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    let bytes: [UInt8]

    init?(text: String) {
        guard let bytes = Z85.decode(text.utf8), bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// For key files and the pipe to a local worker, and nowhere else.
    var text: String { Z85.encode(bytes) }

    public var description: String { "(a secret key)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A secret key and the public key that goes with it.
public struct KeyPair: Equatable, Sendable {
    public let publicKey: PublicKey
    public let secretKey: SecretKey

    /// A pair that nobody has had before.
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

/// What a worker needs to be let in, and to know its coordinator.
public struct WorkerKeys: Equatable, Sendable {
    public let pair: KeyPair
    public let coordinator: PublicKey

    public init(pair: KeyPair, coordinator: PublicKey) {
        self.pair = pair
        self.coordinator = coordinator
    }

    /// For a worker started here: it goes through a pipe, not through arguments or the environment, which
    /// others can read.
    public var handedDown: [UInt8] { Array("\(coordinator.text)\n\(pair.secretKey.text)\n".utf8) }

    public init?(handedDown bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        guard lines.count == 2, let coordinator = PublicKey(text: lines[0]),
            let secret = SecretKey(text: lines[1]), let pair = KeyPair(secret: secret)
        else { return nil }
        self.init(pair: pair, coordinator: coordinator)
    }
}
