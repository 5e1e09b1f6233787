import Testing

@testable import Text

// MARK: JSON

@Test func `Objects are written sorted by their bytes without white space`() {
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
func `Numbers are written in the shortest form`(number: Double, text: String) throws {
    #expect(JSONValue.text(of: number) == text)
    #expect(try JSONValue(parsing: text.utf8) == .number(number))
}

@Test func `A canonical object is passed on as it is written`() throws {
    let text = #"{"":[],"a":{"b":[1,-0.5,1e-08,"x y"],"c":true},"z":null}"#
    let object = try #require(CanonicalObject(Array(text.utf8)))
    #expect(object["a"].map { Array($0) } == Array(#"{"b":[1,-0.5,1e-08,"x y"],"c":true}"#.utf8))
    #expect(object[""].map { Array($0) } == Array("[]".utf8))
    #expect(object["z"].map { Array($0) } == Array("null".utf8))
    #expect(object["b"] == nil)
}

@Test(arguments: [
    "", "{", "[]", "1", "{} ", " {}", #"{"a":1,}"#, #"{"b":1,"a":1}"#, #"{"a":1,"a":1}"#, #"{"a": 1}"#,
    #"{"a":1.0}"#,
    #"{"a":01}"#, #"{"a":-0}"#, #"{"a":1e5}"#, #"{"a":.5}"#, #"{"a":-}"#, #"{"a":1e999}"#, #"{"a":0.10}"#,
    #"{"a":1e-8}"#, #"{"a":tru}"#, #"{"a":[1,]}"#, #"{"a":[1}"#, #"{"a"}"#, #"{"a":1"#, #"{"a":1}}"#,
    #"{"a":"\u0061"}"#, #"{a:1}"#, "{\"a\":\"\n\"}",
    // A line break precedes a space, but a backslash doesn't.
    #"{"a b":1,"a\nb":2}"#, #"{"é b":1,"é\nb":2}"#,
])
func `Text that is not canonical is no canonical object`(text: String) {
    #expect(CanonicalObject(Array(text.utf8)) == nil)
}

@Test func `Strings are escaped as little as JSON allows`() {
    let text = "a\"b\\c/d\n\t\r\u{1}\u{1f} é 猫 🐈"
    #expect(JSONValue.string(text).canonicalText == #""a\"b\\c/d\n\t\r\u0001\u001f é 猫 🐈""#)
}

@Test func `Written text reads back equal`() throws {
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

@Test(arguments: [
    ("", JSONError.Problem.unexpectedEnd, 0), ("{", .unexpectedEnd, 1), ("[1", .unexpectedEnd, 2),
    ("[1,]", .unexpectedByte, 3),
    (#"{"a":}"#, .unexpectedByte, 5), ("nul", .unexpectedEnd, 3), ("nulL", .unexpectedByte, 3),
    ("1 2", .rest, 2),
    ("'a'", .unexpectedByte, 0), (#"{"a":1,}"#, .unexpectedByte, 7), (#"{"a":1,"a":1}"#, .repeatedKey, 7),
    ("01", .number, 0), ("1.", .unexpectedEnd, 2), (".5", .unexpectedByte, 0), ("+1", .unexpectedByte, 0),
    ("1e999", .number, 0), ("NaN", .unexpectedByte, 0), (#""\x""#, .escape, 2), (#""\ud800""#, .escape, 7),
    (#""\u12g4""#, .escape, 5), ("\"a\nb\"", .unexpectedByte, 2), (#"{1:2}"#, .unexpectedByte, 1),
    (String(repeating: "[", count: 200), .depth, 129),
])
func `Text that is not JSON is refused with its location`(
    text: String, problem: JSONError.Problem, offset: Int
) {
    #expect(throws: JSONError(problem: problem, offset: offset)) { try JSONValue(parsing: text.utf8) }
}

@Test func `Escapes and spaces are read`() throws {
    let text = " { \"a\\u00e9\\ud83d\\ude00\\/\\b\\f\" :\t[ 1 , -2.5E+3\n, true , null ] }\r\n"
    let value = JSONValue.object(["aé😀/\u{8}\u{c}": .array([.number(1), .number(-2500), .bool(true), .null])])
    #expect(try JSONValue(parsing: text.utf8) == value)
    #expect(throws: JSONError(problem: .utf8, offset: 1)) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
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
func `Digests are the published ones`(message: String, digest: String) {
    #expect(Digest(of: message).hexadecimal() == digest)
    #expect(Digest(of: Array(message.utf8)) == Digest(of: message))
    #expect(Digest(of: message).hexadecimal(bytes: 4) == String(digest.prefix(8)))
}

@Test func `A million letters have the published digest`() {
    let digest = Digest(of: [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
    #expect(digest.hexadecimal() == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    // Also where they come in pieces, of no special size.
    var stream = DigestStream()
    for size in [0, 1, 63, 64, 65, 9807, 990_000] {
        stream.update(repeatElement(UInt8(ascii: "a"), count: size))
    }
    #expect(stream.finish() == digest)
}

// MARK: Spelling

@Test(arguments: [
    ("widht", "width"), ("dpeth", "depth"), ("Width", "width"), ("bet", "beta"), ("sed", "seed"),
    ("learnngrate", "learning_rate"),
])
func `A misspelt word has a suggestion`(word: String, meant: String) {
    #expect(nearestSpelling(to: word, among: ["beta", "depth", "learning_rate", "seed", "width"]) == meant)
}

@Test func `A strange word has no suggestion`() {
    #expect(nearestSpelling(to: "colour", among: ["beta", "depth", "seed", "width"]) == nil)
    #expect(nearestSpelling(to: "x", among: []) == nil)
}

@Test(arguments: [
    ("", "", 0), ("a", "", 1), ("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3),
    ("ca", "abc", 3),
])
func `Edit distances are those of optimal string alignment`(one: String, other: String, distance: Int) {
    #expect(editDistance(Array(one), Array(other)) == distance)
    #expect(editDistance(Array(other), Array(one)) == distance)
}

// MARK: Rounding

@Test(arguments: [
    (665_012_345.0, 4, "665000000"), (6.65e8, 4, "665000000"), (-664_999_999.9, 4, "-665000000"),
    (0.000316227766017, 6, "0.000316228"), (0.1 + 0.2, 15, "0.3"), (9.9996, 4, "10"), (1e-7, 3, "1e-07"),
    (123_456_789, 1, "100000000"), (1e23, 3, "1e+23"), (2.5e-285, 2, "2.5e-285"), (0, 4, "0"),
    (1000, 2, "1000"), (0.001, 3, "0.001"), (999.96, 4, "1000"), (1.7e308, 1, "1.7e+308"),
])
func `A rounded number is written with no more digits`(number: Double, digits: Int, text: String) {
    #expect(JSONValue.text(of: number.rounded(toDigits: digits)) == text)
}

@Test func `Rounding keeps numbers near in every size`() {
    for exponent in -289...289 {
        for lead in [1.0, 1.2345, 3.16228, 9.9994, 9.99999] {
            let number = lead * (Double("1e\(exponent)") ?? 1)
            let rounded = number.rounded(toDigits: 4)
            #expect(abs(rounded - number) <= 0.5001e-3 * abs(number), "\(number)")
            let digits = "\(rounded)".prefix { $0 != "e" }.filter(\.isNumber)
            let trimmed = digits.drop { $0 == "0" }.reversed().drop { $0 == "0" }
            #expect(trimmed.count <= 4, "\(number) gives \(rounded)")
        }
    }
    #expect(Double.infinity.rounded(toDigits: 3) == .infinity && Double.nan.rounded(toDigits: 3).isNaN)
}

@Suite struct ShellQuotingTests {
    @Test func `Plain words stay as they are; all others are one word whatever they hold`() {
        #expect(shellQuoted("a-b_c/d.e:f=g,h@i%j+1") == "a-b_c/d.e:f=g,h@i%j+1")
        #expect(shellQuoted("a b") == "'a b'")
        #expect(shellQuoted("it's $x") == "'it'\\''s $x'")
        #expect(shellQuoted("") == "''")
        #expect(shellQuoted("~") == "'~'" && shellQuoted("a\nb") == "'a\nb'")
    }

    @Test func `A path is no option, and a sentence quotes no quotes`() {
        #expect(shellPath("-y") == "./-y" && shellPath("- y") == "'./- y'" && shellPath("a/-y") == "a/-y")
        #expect(quotedCommand("ranksweep status a") == "'ranksweep status a'")
        #expect(quotedCommand("ranksweep status 'a b'") == "ranksweep status 'a b'")
    }
}
