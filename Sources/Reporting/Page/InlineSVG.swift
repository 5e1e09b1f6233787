/// A picture's file as a part of a page: without its prologue, title and description, and with ids that no
/// other picture of the page has. gnuplot uses the same ids in all its pictures.
struct InlineSVG {
    /// Markup from `<svg` to `</svg>`.
    let markup: String
    /// In pixels, where the picture says so.
    let width: Int?

    /// nil for a text without a picture.
    ///
    /// - Parameters:
    ///   - prefix: goes before each id: letters, digits and hyphens.
    ///   - label: describes the picture to readers who can't see it.
    init?(_ text: String, prefix: String, label: String) {
        let bytes = Array(text.utf8)
        guard let start = bytes.firstRange(of: Array("<svg".utf8))?.lowerBound,
            let end = bytes.lastRange(of: Array("</svg>".utf8))?.upperBound, start < end
        else { return nil }
        var rest = bytes[start..<end]
        // Only the picture's own title and description, which come before anything drawn.
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
        let copy = Copy(source: rest, prefix: Array(prefix.utf8))
        copy.write(to: &output)
        markup = String(decoding: output, as: UTF8.self)
        width = InlineSVG.width(in: rest)
    }

    /// A copy with unique ids. gnuplot gives each plot an id and repeats them after the 26th, so ids without
    /// a reference are left out.
    private struct Copy {
        let source: ArraySlice<UInt8>
        let prefix: [UInt8]
        private let referred: Set<[UInt8]>
        private static let definitions = [" id='", " id=\""].map { Array($0.utf8) }
        private static let references = ["href='#", "href=\"#", "url(#"].map { Array($0.utf8) }

        init(source: ArraySlice<UInt8>, prefix: [UInt8]) {
            self.source = source
            self.prefix = prefix
            var referred: Set<[UInt8]> = []
            Copy.scan(source) { index, mark, isReference in
                let name = Copy.name(in: source, from: index + mark.count)
                if isReference { referred.insert(name) }
                return mark.count
            } other: { _ in
            }
            self.referred = referred
        }

        func write(to output: inout [UInt8]) {
            output.reserveCapacity(output.count + source.count + source.count / 8)
            var defined: Set<[UInt8]> = []
            var copied = output
            Copy.scan(source) { index, mark, isReference in
                let name = Copy.name(in: source, from: index + mark.count)
                if !isReference, !referred.contains(name) || !defined.insert(name).inserted {
                    // Skips the closing quote, too.
                    return mark.count + name.count + 1
                }
                copied += mark + prefix
                return mark.count
            } other: { byte in
                copied.append(byte)
            }
            output = copied
        }

        /// The name up to the closing quote or bracket.
        private static func name(in source: ArraySlice<UInt8>, from start: Int) -> [UInt8] {
            Array(source[min(start, source.endIndex)...].prefix { !"'\")".utf8.contains($0) })
        }

        /// Visits each byte, or each id mark inside a tag, but nothing in displayed text.
        ///
        /// - Parameter mark: returns how many bytes it took.
        private static func scan(
            _ source: ArraySlice<UInt8>, mark: (Int, [UInt8], Bool) -> Int, other: (UInt8) -> Void
        ) {
            // The source begins inside the <svg tag.
            var isTag = true
            var index = source.startIndex
            while index < source.endIndex {
                let byte = source[index]
                if byte == UInt8(ascii: "<") { isTag = true }
                if byte == UInt8(ascii: ">") { isTag = false }
                let rest = source[index...]
                if isTag, byte == 0x20, let found = definitions.first(where: { rest.starts(with: $0) }) {
                    index += mark(index, found, false)
                } else if isTag, byte == UInt8(ascii: "h") || byte == UInt8(ascii: "u"),
                    let found = references.first(where: { rest.starts(with: $0) })
                {
                    index += mark(index, found, true)
                } else {
                    other(byte)
                    index += 1
                }
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
