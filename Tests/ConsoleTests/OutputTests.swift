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
            #expect(end.message?.contains("can't write to standard output: No space left on device;") == true)
        }
    }

    @Test func `A reader that has read enough is no fault`() {
        for fault in [0, EPIPE] {
            let end = checkedEnd(.done, outputFault: fault)
            #expect(end.code == .done && end.message == nil)
        }
    }

    @Test func `A write says which error it met`() {
        let full = open("/dev/full", O_WRONLY)
        defer { close(full) }
        #expect(writeText("text", to: full) == ENOSPC)
        #expect(writeText("text", to: -1) == EBADF)
        #expect(writeText("", to: full) == 0)
    }

    @Test func `Text that is overwritten is no wider than the terminal, and COLUMNS narrows it`() {
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        defer { close(terminal) }
        var size = winsize(ws_row: 24, ws_col: 60, ws_xpixel: 0, ws_ypixel: 0)
        #expect(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
        for (asked, columns) in [(nil, 60), (200, 60), (40, 40)] as [(Int?, Int)] {
            #expect(overwritableColumns(terminal, asked: asked) == columns)
        }
        #expect(overwritableColumns(-1, asked: nil) == 80 && overwritableColumns(-1, asked: 200) == 200)
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
