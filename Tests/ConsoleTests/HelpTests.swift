import Testing

@testable import Console

@Suite struct HelpTests {
    private static let command = CommandSpec(
        "tool run", "runs", operands: ["FILE", "new|old", "DIR…"],
        options: [
            OptionSpec("--out", "DIR", "where to"), OptionSpec("--set", "K=V", "sets", isRepeatable: true),
            OptionSpec("--size", "small|large", "how big, which is one of two words, as this long line says"),
            OptionSpec(flag: "--quick", "quick"), OptionSpec(flag: "--secret", "ours", isHidden: true),
        ],
        details: "A paragraph that was written\non two lines.\n\n.dot 'quoted' \\ α",
        examples: ["tool run x --set a=1 --set b=2 --out somewhere/else"])

    @Test func `Help fits into the width asked for`() {
        #expect(
            Self.command.help(width: 44) == """
                tool run - runs

                usage: tool run FILE new|old DIR…
                       [options]

                options:
                  --out DIR           where to
                  --set K=V           sets
                  --size small|large  how big, which is one
                                      of two words, as this
                                      long line says
                  --quick             quick
                  --help              this text

                A paragraph that was written on two lines.

                .dot 'quoted' \\ α

                examples:
                  tool run x --set a=1 --set b=2 \\
                      --out somewhere/else
                """)
    }

    @Test func `A command line that is continued can be pasted: only options begin a line`() {
        #expect(broken("a b c", width: 2) == "a b c")
        #expect(broken("a --b 'c d' --e", width: 10) == "a \\\n      --b 'c d' \\\n      --e")
    }

    @Test(arguments: [
        (["--"], ["--out", "--set", "--size", "--quick", "--help"]),
        (["--s"], ["--set", "--size"]),
        (["--quick", "--set", "a=1", "--out", "x", "--"], ["--set", "--size", "--help"]),
        (["--sec"], []),
        ([""], ["x.yaml", ":files"]),
        (["f", ""], ["new", "old"]),
        (["f", "n"], ["new"]),
        (["f", "new", ""], [":folders"]),
        (["f", "new", "d", ""], [":folders"]),
        (["--out", ""], [":folders"]),
        // Bash's words of --out=x and --set K=V.
        (["--out", "=", "x"], [":folders"]),
        (["--out", "="], [":folders"]),
        (["--set", "k", "=", "v", "f", ""], ["new", "old"]),
        (["--set", "k", "="], []),
        (["--set", "k", "=", "x"], []),
        (["--set", "k", "=", "-"], []),
        (["--set", "=", "k", "=", ""], []),
        // Zsh's and fish's words.
        (["--out="], [":folders"]),
        (["--out=x"], [":folders"]),
        (["--size=l"], ["large"]),
        (["--set=k="], []),
        (["--quick="], []),
        (["--quick=x"], []),
        (["--nonsense=x"], []),
        // A lone dash is an operand, and begins an option.
        (["-", ""], ["new", "old"]),
        (["-"], ["--out", "--set", "--size", "--quick", "--help"]),
        (["--size", ""], ["small", "large"]),
        (["--size", "l"], ["large"]),
        (["--", "--"], [":files"]),
    ])
    func `A completion is what may stand there`(words: [String], expected: [String]) {
        let completion = Self.command.completion(of: words) { placeholder in
            placeholder == "FILE" ? [Completion.Candidate("x.yaml", "a file")] : []
        }
        let lines = completion.text.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
        #expect(lines == expected)
    }

    @Test func `A manual page holds the help, and no text in it is an instruction`() {
        let page = Self.command.manPage(version: "tool 1", related: ["tool"])
        #expect(
            page == #"""
                .TH TOOL\-RUN 1 "" "tool 1" "User Commands"
                .SH NAME
                tool\-run \- runs
                .SH SYNOPSIS
                .B tool run
                \&FILE new|old DIR\[u2026] [options]
                .SH DESCRIPTION
                \&A paragraph that was written on two lines.
                .PP
                \&.dot \(aqquoted\(aq \e \[u03B1]
                .SH OPTIONS
                .TP
                .B \-\-out DIR
                \&where to
                .TP
                .B \-\-set K=V
                \&sets
                .TP
                .B \-\-size small|large
                \&how big, which is one of two words, as this long line says
                .TP
                .B \-\-quick
                \&quick
                .SH EXAMPLES
                .nf
                \&tool run x \-\-set a=1 \-\-set b=2 \-\-out somewhere/else
                .fi
                .SH "SEE ALSO"
                .BR tool (1)
                """#)
    }
}
