import Testing
import Text

@testable import Console

@Suite struct CommandLineTests {
    private static let command = CommandSpec(
        "tool run", "runs", operands: ["FILE"],
        options: [
            OptionSpec("--out", "DIR", "where to"), OptionSpec("--set", "K=V", "sets", isRepeatable: true),
            OptionSpec("--slots", "N", "how many"), OptionSpec(flag: "--quick", "quick"),
            OptionSpec(flag: "--secret", "ours", isHidden: true),
        ],
        details: "Paragraph.", examples: ["tool run x"])

    @Test func `Options, values, flags and operands come in any order`() throws {
        let arguments = try Arguments(
            ["--set", "a=1", "file", "--out=x=y", "--set", "b=2", "--quick"], for: Self.command)
        #expect(arguments.operands == ["file"])
        #expect(arguments["--out"] == "x=y")
        #expect(arguments.all("--set") == ["a=1", "b=2"])
        #expect(arguments.has("--quick") && !arguments.has("--slots"))
    }

    @Test func `After -- everything is an operand`() throws {
        #expect(try Arguments(["--", "--out"], for: Self.command).operands == ["--out"])
    }

    @Test func `Help wins over what else is wrong`() throws {
        #expect(try Arguments(["--help", "--nonsense"], for: Self.command).wantsHelp)
        #expect(try Arguments(["-h"], for: Self.command).wantsHelp)
    }

    @Test(arguments: [
        (["file", "--ot", "x"], "tool run: no option '--ot'; did you mean '--out'?"),
        (["file", "--zzzzzz"], "tool run: no option '--zzzzzz'"),
        (["file", "--secre"], "tool run: no option '--secre'"),
        (["file", "--out"], "tool run: --out needs a value: --out DIR"),
        (["file", "--out", "--quick"], "tool run: --out needs a value: --out DIR"),
        (["file", "--out="], "tool run: --out needs a value: --out DIR"),
        (["file", "--out", "a", "--out", "b"], "tool run: --out is given twice"),
        (["file", "--quick=yes"], "tool run: --quick takes no value"),
        ([], "tool run: FILE is missing"),
        (["file", "another"], "tool run: 'another' is one argument too many"),
    ])
    func `Wrong use is explained in one sentence`(words: [String], message: String) {
        #expect(throws: UsageError(message)) { try Arguments(words, for: Self.command) }
    }

    @Test func `A number must be one, and within bounds`() throws {
        #expect(try Arguments(["f", "--slots", "8"], for: Self.command).integer("--slots", in: 1...8) == 8)
        #expect(try Arguments(["f"], for: Self.command).integer("--slots", in: 1...8) == nil)
        for text in ["0", "9", "two", "1.5", "99999999999999999999"] {
            #expect(throws: UsageError("--slots must be a whole number from 1 to 8, not '\(text)'")) {
                try Arguments(["f", "--slots", text], for: Self.command).integer("--slots", in: 1...8)
            }
        }
    }

    @Test func `Help names everything that is not hidden`() {
        #expect(
            Self.command.help(width: 80) == """
                tool run - runs

                usage: tool run FILE [options]

                options:
                  --out DIR  where to
                  --set K=V  sets
                  --slots N  how many
                  --quick    quick
                  --help     this text

                Paragraph.

                examples:
                  tool run x
                """)
    }

    @Test func `Long words are wrapped between words`() {
        #expect(wrap("one two three four", 9) == ["one two", "three", "four"])
        #expect(wrap("extraordinarily", 5) == ["extraordinarily"])
    }
}

@Suite struct WordsTests {
    @Test(arguments: [
        (0, "0.0 s"), (0.0006, "0.6 ms"), (0.04, "40 ms"), (3.26, "3.3 s"), (9.96, "10 s"),
        (59.4, "59 s"), (59.6, "1 min 00 s"),
        (425, "7 min 05 s"), (3599.9, "1 h 00 min"), (12_000, "3 h 20 min"), (360_000, "4 d 4 h"),
        (.infinity, "for ever"), (-1, "0.0 s"),
    ])
    func `Durations are as exact as one wants`(seconds: Double, text: String) {
        #expect(durationText(seconds: seconds) == text)
    }

    @Test func `A rest of less than a second is not shown in milliseconds`() {
        #expect(
            report(done: 999, rate: 14, left: 0.07).line(width: 120)
                .hasPrefix("999/1000 trials 99 % · under 1 s left"))
    }

    @Test func `Counts have their nouns, and thousands their spaces`() {
        #expect(countText(1, "trial") == "1 trial")
        #expect(countText(0, "trial") == "0 trials")
        #expect(countText(12_345_678, "trial") == "12 345 678 trials")
        #expect(groupedText(1234) == "1234")
        #expect(groupedText(-12_345) == "-12 345")
    }

    @Test(arguments: [
        (0.012345, "0.0123"), (12.345, "12.3"), (4560.7, "4561"), (0, "0"), (1, "1"),
        (99_999.4, "99 999"), (1e30, "1e+30"), (-1e300, "-1e+300"),
    ])
    func `Three digits are enough for a rate`(number: Double, text: String) {
        #expect(roundedText(number) == text)
    }

    private func report(done: Int, rate: Double?, left: Double? = nil, workers: Int = 2) -> ProgressReport {
        var report = ProgressReport(
            total: 1000, done: done, quarantined: 1, failures: 2, workers: workers, slots: 8, rate: rate)
        report.timeLeft = left.map { TimeLeft(seconds: $0, low: $0, high: $0) }
        return report
    }

    @Test
    func `The progress line tells most where there is room, and what matters most where there is little`() {
        let full = report(done: 250, rate: 5, left: 170).line(width: 120)
        #expect(
            full
                == "250/1000 trials 25 % · about 3 min left · 1 quarantined · 2 failures · 5/s · 2 workers, 8 slots"
        )
        let narrow = report(done: 250, rate: 5, left: 170).line(width: 42)
        #expect(narrow == "250/1000 trials 25 % · about 3 min left")
        #expect(report(done: 0, rate: nil, workers: 0).line(width: 60).contains("waiting for workers"))
        // Nothing but failures: that says nothing of how long the rest takes.
        let failing = report(done: 1, rate: 5, left: 25).line(width: 120)
        #expect(
            failing.hasPrefix("1/1000 trials 0 % · every attempt failed so far · 1 quarantined · 2 failures"))
        #expect(!failing.contains("left"))
        #expect(report(done: 10, rate: 0.01).line(width: 90).contains("0.6/min"))
        for width in 20..<100 {
            #expect(report(done: 250, rate: 5).line(width: width).count <= max(width, 22))
        }
    }

    @Test func `The rate is that of now, not of a run's past`() {
        var estimate = RateEstimate()
        #expect(estimate.perSecond == nil)
        estimate.update(done: 500, atMilliseconds: 0)
        #expect(estimate.perSecond == nil)
        for second in 1...30 {
            estimate.update(done: Double(500 + 4 * second), atMilliseconds: Int64(second) * 1000)
        }
        #expect(abs((estimate.perSecond ?? 0) - 4) < 1e-9)
        for second in 31...600 {
            estimate.update(done: Double(620 + second - 30), atMilliseconds: Int64(second) * 1000)
        }
        #expect(abs((estimate.perSecond ?? 0) - 1) < 0.01)
    }

    @Test
    func `Two slots of long trials: the rate stays between their ends, and falls when one is overdue`() {
        var estimate = RateEstimate()
        // Two trials each 120 s.
        for second in 0...359 {
            estimate.update(done: Double(2 * (second / 120)), atMilliseconds: Int64(second) * 1000)
            if second < 120 { #expect(estimate.perSecond == nil) }
            if second >= 120 { #expect(abs((estimate.perSecond ?? 0) - 2.0 / 120) < 1e-12) }
        }
        for second in 360...1000 { estimate.update(done: 4, atMilliseconds: Int64(second) * 1000) }
        #expect(abs((estimate.perSecond ?? 0) - 4.0 / (1000 - 240)) < 1e-12)
    }
    @Test func `One long trial has a share and an estimate from its fractions`() {
        var estimate = RateEstimate()
        for second in 0...370 {
            estimate.update(done: Double(second) / 1000, atMilliseconds: Int64(second) * 1000)
        }
        #expect(abs((estimate.perSecond ?? 0) - 0.001) < 1e-12)
        var report = ProgressReport(
            total: 1, done: 0, quarantined: 0, failures: 0, workers: 1, slots: 1, rate: estimate.perSecond)
        report.fraction = 0.37
        report.timeLeft = TimeLeft(seconds: 630, low: 600, high: 660)
        #expect(report.line(width: 100).hasPrefix("0/1 trials 37 % · about 10 min left"))
        report.fraction = 0.9999
        #expect(report.line(width: 100).hasPrefix("0/1 trials 99 %"))
        #expect(percentText(done: 1, fraction: 0, total: 1) == "100 %")
        #expect(percentText(done: 1, fraction: 1.5, total: 10) == "25 %")
    }
}

@Suite struct SizeTests {
    @Test(
        arguments: [
            ("2GiB", 2 << 30), ("2g", 2 << 30), ("1.5 G", 3 << 29), ("500M", 500 << 20),
            ("500MB", 500_000_000), ("64k", 65_536), ("1048576", 1_048_576), ("1T", 1 << 40), ("", nil),
            ("G", nil), ("-1G", nil), ("1X", nil), ("0", nil), ("0.1", nil), ("1e9", nil), ("nan", nil),
            ("1.2.3G", nil), ("9999999T", nil),
        ] as [(String, UInt64?)])
    func `A size has a unit, or is in bytes`(text: String, size: UInt64?) {
        #expect(bytes(ofSize: text) == size)
    }

    @Test func `Sizes in words are those that can be given`() {
        #expect(sizeText(2 << 30) == "2 GiB" && sizeText(300 << 20) == "300 MiB" && sizeText(1) == "1 byte")
        #expect(sizeText(3 << 29) == "1.5 GiB")
    }

    @Test func `The last twenty lines are kept, of which none steers a terminal`() {
        var log = LastLines()
        #expect(log.add("a\u{1b}[2Jb\nc".utf8) == ["a·[2Jb"])
        #expect(log.text == "a·[2Jb\nc")
        #expect(log.add("d\n".utf8) == ["cd"])
        for line in 0..<100 { _ = log.add("line \(line)\n".utf8) }
        #expect(log.lines.count == 20 && log.lines.first == "line 80" && log.lines.last == "line 99")
        _ = log.add([UInt8](repeating: UInt8(ascii: "x"), count: 100_000))
        #expect(log.text.utf8.count <= LastLines.maxBytes + 1001)
        #expect(log.lines.allSatisfy { $0.utf8.count <= 1000 })
        log.clear()
        #expect(log.text.isEmpty)
    }
}
