/// A picture's file as a part of a page: without its prologue, its title and its description, and with ids
/// that no other picture of the page has. gnuplot gives equal ids in all its pictures.
struct InlineSVG {
    /// Markup, from `<svg` to `</svg>`; nil of a text that holds no picture.
    let markup: String
    /// In pixels, where the picture says so.
    let width: Int?

    /// - Parameters:
    ///   - prefix: goes before each id: letters, digits and hyphens.
    ///   - label: says what the picture shows to those who cannot see it.
    init?(_ text: String, prefix: String, label: String) {
        let bytes = Array(text.utf8)
        guard let start = bytes.firstRange(of: Array("<svg".utf8))?.lowerBound,
            let end = bytes.lastRange(of: Array("</svg>".utf8))?.upperBound, start < end
        else { return nil }
        var rest = bytes[start..<end]
        // Only the picture's own, which come before anything drawn.
        for name in ["title", "desc"] {
            let head = rest.firstRange(of: Array("<g".utf8))?.lowerBound ?? rest.endIndex
            guard let open = rest[..<head].firstRange(of: Array("<\(name)>".utf8)),
                let close = rest[..<head].firstRange(of: Array("</\(name)>".utf8)),
                open.lowerBound < close.lowerBound
            else { continue }
            rest.removeSubrange(open.lowerBound..<close.upperBound)
        }
        let opening = Array("<svg".utf8)
        rest.removeFirst(opening.count)
        var output = opening + " role=\"img\" aria-label=\"\(HTML(label).source)\"".utf8
        InlineSVG.copy(rest, to: &output, prefix: Array(prefix.utf8))
        markup = String(decoding: output, as: UTF8.self)
        width = InlineSVG.width(in: rest)
    }

    /// Copies, with the prefix before each id and each reference to one: in tags only, not in what is shown.
    private static func copy(_ source: ArraySlice<UInt8>, to output: inout [UInt8], prefix: [UInt8]) {
        let marks = [" id='", " id=\"", "href='#", "href=\"#", "url(#"].map { Array($0.utf8) }
        // It begins within the tag of <svg.
        var isTag = true
        var index = source.startIndex
        output.reserveCapacity(output.count + source.count + source.count / 8)
        while index < source.endIndex {
            let byte = source[index]
            if byte == UInt8(ascii: "<") { isTag = true }
            if byte == UInt8(ascii: ">") { isTag = false }
            if isTag, byte == 0x20 || byte == UInt8(ascii: "h") || byte == UInt8(ascii: "u"),
                let mark = marks.first(where: { source[index...].starts(with: $0) })
            {
                output += mark
                output += prefix
                index += mark.count
            } else {
                output.append(byte)
                index += 1
            }
        }
    }

    /// The number in the first ` width="751"`.
    private static func width(in source: ArraySlice<UInt8>) -> Int? {
        let head = source.prefix { $0 != UInt8(ascii: ">") }
        guard let mark = head.firstRange(of: Array(" width=\"".utf8)) else { return nil }
        let digits = head[mark.upperBound...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}

extension ArraySlice<UInt8> {
    fileprivate func firstRange(of word: [UInt8]) -> Range<Int>? {
        var index = startIndex
        while index + word.count <= endIndex {
            if self[index] == word[0], self[index...].starts(with: word) { return index..<index + word.count }
            index += 1
        }
        return nil
    }

    fileprivate func lastRange(of word: [UInt8]) -> Range<Int>? {
        var index = endIndex - word.count
        while index >= startIndex {
            if self[index...].starts(with: word) { return index..<index + word.count }
            index -= 1
        }
        return nil
    }
}

extension [UInt8] {
    fileprivate func firstRange(of word: [UInt8]) -> Range<Int>? { self[...].firstRange(of: word) }
    fileprivate func lastRange(of word: [UInt8]) -> Range<Int>? { self[...].lastRange(of: word) }
}
