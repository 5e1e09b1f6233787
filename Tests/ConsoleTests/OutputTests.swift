import Glibc
import Testing

@testable import Console

@Suite struct OutputTests {
    @Test
    func `A command that did everything else ends with code 4 and the reason; other codes stay`() {
        for (code, expected) in [
            (ExitCode.done, ExitCode.internal), (.incomplete, .internal), (.wrongUse, .wrongUse),
            (.interrupted, .interrupted), (.internal, .internal),
        ] {
            let end = checkedEnd(code, outputFault: ENOSPC)
            #expect(end.code == expected)
            #expect(end.words?.contains("standard output cannot be written: No space left on device") == true)
        }
    }

    @Test func `A reader that has read enough is no fault`() {
        for fault in [0, EPIPE] {
            let end = checkedEnd(.done, outputFault: fault)
            #expect(end.code == .done && end.words == nil)
        }
    }

    @Test func `A write says which error it met`() {
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        #expect(writeText("text", to: full) == ENOSPC)
        #expect(writeText("text", to: -1) == EBADF)
        #expect(writeText("", to: full) == 0)
    }

    @Test func `Bytes that are no text are shown as such, text is not`() {
        func shown(_ bytes: [UInt8]) -> String? { shownIfForeign(bytes.map { CChar(bitPattern: $0) }) }
        #expect(shown(Array("bad".utf8) + [0xff] + Array("utf8".utf8)) == "bad\\xffutf8")
        #expect(shown([0xc3]) == "\\xc3")
        #expect(shown([0x1b, 0xed, 0xa0, 0x80]) == "\\x1b\\xed\\xa0\\x80")
        #expect(shown(Array("größe-日本".utf8)) == nil)
        #expect(shown([]) == nil)
    }
}
