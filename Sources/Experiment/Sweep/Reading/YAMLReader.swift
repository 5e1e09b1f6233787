import CYAML
import Text

/// Reads one YAML document into a `YAMLNode` with libyaml's event parser. Refuses what a sweep file doesn't
/// need: anchors, aliases, tags, several documents, repeated keys, deep nesting, huge files.
package struct YAMLReader: ~Copyable {
    static let byteLimit = 1 << 20
    static let depthLimit = 32

    /// On the heap, because libyaml stores a pointer to the parser in the parser.
    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    /// The `--set` argument that is the location of every node, where the text isn't from a file.
    private let override: String?
    private let text: [UInt8]

    /// Reads a document. Throws a `SweepError.Fault` for the first mistake. Empty text gives an empty
    /// mapping.
    package static func read(_ bytes: [UInt8], override: String? = nil) throws(SweepError.Fault) -> YAMLNode {
        guard bytes.count <= byteLimit else {
            throw SweepError.Fault(.wholeFile, "", .fileTooLarge(bytes: bytes.count, limit: byteLimit))
        }
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        if let offset = firstInvalidUTF8(in: text) {
            throw SweepError.Fault(location(ofByte: offset, in: text, override: override), "", .notUTF8)
        }
        return try text.withUnsafeBufferPointer { (buffer) throws(SweepError.Fault) in
            let reader = YAMLReader(text: text, override: override)
            yaml_parser_set_encoding(reader.parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(reader.parser, buffer.baseAddress, buffer.count)
            return try reader.document()
        }
    }

    private init(text: [UInt8], override: String?) {
        self.text = text
        self.override = override
        parser.initialize(to: yaml_parser_t())
        precondition(yaml_parser_initialize(parser) == 1, "out of memory")
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    // MARK: Events

    private struct Event {
        enum EventType {
            case documentStart, documentEnd, streamEnd, other
            case scalar(String, quoted: Bool, oneLine: Bool)
            case sequenceStart, sequenceEnd, mappingStart, mappingEnd
        }
        var kind: EventType
        var location: SweepError.Location
        var column: Int
    }

    private func next() throws(SweepError.Fault) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxFault() }
        defer { yaml_event_delete(&event) }
        let location = location(of: event.start_mark)
        var kind = Event.EventType.other
        var anchor: UnsafeMutablePointer<yaml_char_t>?
        var tag: UnsafeMutablePointer<yaml_char_t>?
        switch event.type {
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_STREAM_END_EVENT: kind = .streamEnd
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        case YAML_ALIAS_EVENT: throw SweepError.Fault(location, "", .unsupported("an alias (*)"))
        case YAML_SEQUENCE_START_EVENT:
            kind = .sequenceStart
            (anchor, tag) = (event.data.sequence_start.anchor, event.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT:
            kind = .mappingStart
            (anchor, tag) = (event.data.mapping_start.anchor, event.data.mapping_start.tag)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            (anchor, tag) = (scalar.anchor, scalar.tag)
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            kind = .scalar(
                String(decoding: bytes, as: UTF8.self), quoted: scalar.style != YAML_PLAIN_SCALAR_STYLE,
                oneLine: event.start_mark.line == event.end_mark.line)
        default: break
        }
        if anchor != nil { throw SweepError.Fault(location, "", .unsupported("an anchor (&)")) }
        if tag != nil { throw SweepError.Fault(location, "", .unsupported("a tag (!)")) }
        return Event(kind: kind, location: location, column: Int(event.start_mark.column) + 1)
    }

    // MARK: The tree

    private func document() throws(SweepError.Fault) -> YAMLNode {
        var root: YAMLNode?
        while true {
            let event = try next()
            switch event.kind {
            case .streamEnd:
                return root
                    ?? YAMLNode(content: .mapping([]), location: override.map { .override($0) } ?? .wholeFile)
            case .documentStart:
                if root != nil { throw SweepError.Fault(event.location, "", .severalDocuments) }
                root = try node(try next(), depth: 1)
            default: continue
            }
        }
    }

    private func node(_ event: Event, depth: Int) throws(SweepError.Fault) -> YAMLNode {
        guard depth <= Self.depthLimit else {
            throw SweepError.Fault(event.location, "", .tooDeep(limit: Self.depthLimit))
        }
        switch event.kind {
        case .scalar(let text, let quoted, let oneLine):
            let column = oneLine ? event.column + (quoted ? 1 : 0) : nil
            let scalar = YAMLNode.Scalar(text: text, quoted: quoted, textColumn: column)
            return YAMLNode(content: .scalar(scalar), location: event.location)
        case .sequenceStart:
            var nodes: [YAMLNode] = []
            while true {
                let item = try next()
                if case .sequenceEnd = item.kind { break }
                nodes.append(try node(item, depth: depth + 1))
            }
            return YAMLNode(content: .sequence(nodes), location: event.location)
        default:
            return YAMLNode(content: .mapping(try entries(depth: depth)), location: event.location)
        }
    }

    private func entries(depth: Int) throws(SweepError.Fault) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var seen: [String: SweepError.Location] = [:]
        while true {
            let event = try next()
            if case .mappingEnd = event.kind { return entries }
            guard case .scalar(let key, _, _) = event.kind else {
                throw SweepError.Fault(event.location, "", .keyNotText)
            }
            if let first = seen[key] {
                throw SweepError.Fault(event.location, key, .repeatedKey(first: first))
            }
            seen[key] = event.location
            let value = try node(try next(), depth: depth + 1)
            entries.append(YAMLNode.Entry(key: key, keyLocation: event.location, value: value))
        }
    }

    // MARK: Locations

    private func location(of mark: yaml_mark_t) -> SweepError.Location {
        if let override { return .override(override) }
        return .file(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private func syntaxFault() -> SweepError.Fault {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "unknown mistake"
        if parser.pointee.error == YAML_READER_ERROR {
            let location = Self.location(
                ofByte: Int(parser.pointee.problem_offset), in: text, override: override)
            return SweepError.Fault(location, "", .syntax(problem, tab: false))
        }
        let index = Int(parser.pointee.problem_mark.index)
        // libyaml's index counts characters, not bytes.
        let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
        let at = scalars.index(scalars.startIndex, offsetBy: index, limitedBy: scalars.endIndex)
        let tab = at.map { $0 < scalars.endIndex && scalars[$0] == "\t" } ?? false
        return SweepError.Fault(location(of: parser.pointee.problem_mark), "", .syntax(problem, tab: tab))
    }

    private static func location(ofByte offset: Int, in text: [UInt8], override: String?)
        -> SweepError.Location
    {
        if let override { return .override(override) }
        let before = text.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let lineBytes = before.reversed().prefix { $0 != UInt8(ascii: "\n") }
        return .file(line: line, column: lineBytes.count { $0 & 0xC0 != 0x80 } + 1)
    }

    private static func firstInvalidUTF8(in text: [UInt8]) -> Int? {
        if String(validating: text, as: UTF8.self) != nil { return nil }
        var decoder = UTF8()
        var offset = 0
        var iterator = text.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): offset += UTF8.width(scalar)
            case .emptyInput: return offset
            case .error: return offset
            }
        }
    }
}
