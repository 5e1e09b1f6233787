/// The characters that installed fonts have, according to fontconfig.
struct Glyphs {
    private let fontList = GnuplotProcess(program: "fc-list", milliseconds: 10_000)
    private var known: [Unicode.Scalar: Bool] = [:]

    /// The characters of a text that no font has, in order of appearance. Empty where fontconfig can't tell.
    mutating func missing(in text: String) -> [Unicode.Scalar] {
        var asked: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars
        where !scalar.isASCII && !scalar.properties.isDefaultIgnorableCodePoint && !asked.contains(scalar) {
            asked.append(scalar)
        }
        let unknown = asked.filter { known[$0] == nil }
        // Usually one font has them all.
        if unknown.count > 1, hasFont(of: unknown) {
            for scalar in unknown { known[scalar] = true }
        }
        for scalar in asked where known[scalar] == nil { known[scalar] = hasFont(of: [scalar]) }
        return asked.filter { known[$0] == false }
    }

    private func hasFont(of scalars: [Unicode.Scalar]) -> Bool {
        let codes = scalars.map { String($0.value, radix: 16) }.joined(separator: " ")
        guard case .done(let fonts) = fontList.run([":charset=\(codes)", "family"]) else { return true }
        return !fonts.isEmpty
    }

    /// "'損' (U+640D)".
    static func text(of scalar: Unicode.Scalar) -> String {
        let code = String(scalar.value, radix: 16, uppercase: true)
        return "'\(scalar)' (U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code))"
    }
}

extension String {
    func replacing(_ scalars: [Unicode.Scalar], with other: Unicode.Scalar) -> String {
        String(String.UnicodeScalarView(unicodeScalars.map { scalars.contains($0) ? other : $0 }))
    }
}
