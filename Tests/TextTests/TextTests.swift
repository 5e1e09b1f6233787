import Testing

@testable import Text

// MARK: JSON

@Test func objectsAreWrittenSortedByTheirBytesWithoutWhiteSpace() {
    let value = JSONValue.object([
        "b": .array([.null, .bool(true), .bool(false)]), "a": .object([:]), "Z": .array([]), "é": .number(1),
        "a.b": .string(""),
    ])
    #expect(value.canonicalText == #"{"Z":[],"a":{},"a.b":"","b":[null,true,false],"é":1}"#)
}

@Test(arguments: [
    (0.0, "0"), (-0.0, "0"), (1, "1"), (-5, "-5"), (0.1, "0.1"), (1e-8, "1e-08"), (1e21, "1e+21"),
    (123456.789, "123456.789"), (9_007_199_254_740_991, "9007199254740991"),
    (.leastNonzeroMagnitude, "5e-324"),
    (1.7976931348623157e308, "1.7976931348623157e+308"), (0.30000000000000004, "0.30000000000000004"),
])
func numbersAreWrittenInTheShortestForm(number: Double, text: String) throws {
    #expect(JSONValue.text(of: number) == text)
    #expect(try JSONValue(parsing: text.utf8) == .number(number))
}

@Test func stringsAreEscapedAsLittleAsJSONAllows() {
    let text = "a\"b\\c/d\n\t\r\u{1}\u{1f} é 猫 🐈"
    #expect(JSONValue.string(text).canonicalText == #""a\"b\\c/d\n\t\r\u0001\u001f é 猫 🐈""#)
}

@Test func whatIsWrittenReadsBackEqual() throws {
    var state: UInt64 = 1
    func draw(_ count: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) % count
    }
    func value(depth: Int) -> JSONValue {
        switch draw(depth == 0 ? 4 : 6) {
        case 0: return .null
        case 1: return .bool(draw(2) == 0)
        case 2:
            let number = Double(bitPattern: draw(1 << 31) << 33 | draw(1 << 31))
            return .number(number.isFinite && number != 0 ? number : 1.5)
        case 3:
            return .string(
                String(
                    (0..<draw(8)).map { _ in ["a", "\"", "\\", "\n", "é", "\u{2}"][Int(draw(6))] }.joined()))
        case 4: return .array((0..<draw(4)).map { _ in value(depth: depth - 1) })
        default:
            let members = (0..<draw(4)).map { ("k\($0)", value(depth: depth - 1)) }
            return .object(Dictionary(uniqueKeysWithValues: members))
        }
    }
    for trial in 0..<500 {
        let original = value(depth: 4)
        let read = try JSONValue(parsing: original.canonicalText.utf8)
        #expect(read == original, "value \(trial)")
        #expect(read.canonicalText == original.canonicalText, "value \(trial)")
    }
}

@Test(arguments: ["", "{", "[1", "{\"a\":}", "nul", "1 2", "'a'"])
func whatIsNotJSONIsRefused(text: String) {
    #expect(throws: (any Error).self) { try JSONValue(parsing: text.utf8) }
}

@Test func membersAreReachedByTheirKeys() {
    let value = JSONValue.object([
        "n": .number(2), "s": .string("x"), "a": JSONValue([1, 2]), "t": .bool(true),
    ])
    #expect(value["n"]?.number == 2)
    #expect(value["s"]?.string == "x")
    #expect(value["a"]?.array?.count == 2)
    #expect(value["t"]?.bool == true)
    #expect(value["none"] == nil)
    #expect(value["n"]?.string == nil)
    #expect(JSONValue.number(1)["n"] == nil)
}

// MARK: SHA-256

@Test(arguments: [
    // FIPS 180-4's examples (NIST).
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
])
func digestsAreThePublishedOnes(message: String, digest: String) {
    #expect(Digest(of: message).hexadecimal() == digest)
    #expect(Digest(of: Array(message.utf8)) == Digest(of: message))
    #expect(Digest(of: message).hexadecimal(bytes: 4) == String(digest.prefix(8)))
}

@Test func aMillionLettersHaveThePublishedDigest() {
    let digest = Digest(of: [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
    #expect(digest.hexadecimal() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
}

// MARK: Spelling

@Test(arguments: [
    ("widht", "width"), ("dpeth", "depth"), ("Width", "width"), ("bet", "beta"), ("sed", "seed"),
    ("learnngrate", "learningRate"),
])
func aMisspeltWordHasASuggestion(word: String, meant: String) {
    #expect(nearestSpelling(to: word, among: ["beta", "depth", "learningRate", "seed", "width"]) == meant)
}

@Test func aStrangeWordHasNoSuggestion() {
    #expect(nearestSpelling(to: "colour", among: ["beta", "depth", "seed", "width"]) == nil)
    #expect(nearestSpelling(to: "x", among: []) == nil)
}

@Test(arguments: [
    ("", "", 0), ("a", "", 1), ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3),
    ("ca", "abc", 3),
])
func editDistancesAreThoseOfOptimalStringAlignment(one: String, other: String, distance: Int) {
    #expect(editDistance(Array(one), Array(other)) == distance)
    #expect(editDistance(Array(other), Array(one)) == distance)
}
