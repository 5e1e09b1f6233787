import Foundation
import Sweep
import Testing
import Text

@testable import Reporting

private func script(_ figure: String, _ body: (Double, Int) -> [String: JSONValue]) throws -> String {
    try withFolder { folder in
        try Rates(figure, body).report(folder)
        return try text(of: folder + "/figures/f.gp")
    }
}

private func ones(_ rate: Double, _ seed: Int) -> [String: JSONValue] {
    metrics(["train_loss": 1, "test_loss": 1])
}

/// The height of a script's SVG.
private func size(_ script: String) throws -> (width: Double, height: Double) {
    let match = try #require(script.firstMatch(of: #/terminal svg size (\d+),(\d+)/#))
    return (try #require(Double(match.1)), try #require(Double(match.2)))
}

@Suite struct LayoutTests {
    @Test func `A long title has as many lines as it needs, and what is below it moves down`() throws {
        let words = (1...42).map { "word\($0)" }.joined(separator: " ")
        #expect(words.count > 270)
        let long = try script(
            "{name: f, title: \"\(words)\", x: training.learning_rate, y: train_loss}", ones)
        let short = try script("{name: f, title: short, x: training.learning_rate, y: train_loss}", ones)
        let lines = long.matches(of: #/set label \d+ '\{\/:Bold ([^}]+)\}' at screen 0.5,([0-9.]+)/#)
        #expect(lines.map { String($0.1) }.joined(separator: " ") == words)
        let (width, height) = try size(long)
        // 14.67 pixels of bold text are about 9.6 pixels a character.
        #expect(lines.allSatisfy { Double($0.1.count) * 9.6 <= width } && lines.count > 4)
        let shortHeight = try size(short).height
        // Lines of 14.67 pixels are 18.33 apart, and the subtitle stands below the last. The short title is larger.
        #expect(abs(height - shortHeight - 18.33 * Double(lines.count - 1)) < 1)
        let places = lines.compactMap { Double($0.2) }.map { (1 - $0) * height }
        #expect(zip(places, places.dropFirst()).allSatisfy { abs($1 - $0 - 18.33) < 0.2 })
        let subtitle = try #require(
            long.firstMatch(of: #/at screen 0.5,([0-9.]+) center noenhanced/#).flatMap { Double($0.1) })
        #expect((1 - subtitle) * height > places[places.count - 1] + 15)
    }

    @Test func `Lines are broken between words, and in words that are longer than a line`() {
        // In ems of DejaVu Sans: "one two" is 4.4 wide, "three" 2.7, "incompr" 4.5.
        #expect(WrappedText.lines(of: "one two three", in: 4.6, breaksWords: true) == ["one two", "three"])
        #expect(
            WrappedText.lines(of: "a incomprehensible", in: 4.6, breaksWords: true) == [
                "a", "incompr", "ehensibl", "e",
            ])
        #expect(
            WrappedText.lines(of: "σ_{a} incomprehensible b", in: 4.6, breaksWords: false) == [
                "σ_{a}", "incomprehensible", "b",
            ])
        #expect(
            WrappedText.lines(of: "local rank (σ > 0.1)", in: 7, breaksWords: false) == [
                "local rank", "(σ > 0.1)",
            ])
        // Characters of East Asia are twice as wide.
        #expect(WrappedText.lines(of: "損失損失", in: 2.7, breaksWords: true) == ["損失", "損失"])
        #expect(WrappedText.lines(of: "", in: 4, breaksWords: true) == [""])
    }

    @Test func `An axis's name that is longer than its panel has two lines, and room beside them`() throws {
        let name = WrappedText(
            "share of seeds where I(X;T) rises, then falls, of the last hidden layer", in: 24,
            sizes: 0.85...1,
            isEnhanced: true)
        #expect(name.size == 0.85 && name.lines.count == 2)
        #expect(name.lines.allSatisfy { WrappedText.width($0) * 0.85 <= 24 })
        func layout(_ label: String) -> FigureLayout {
            FigureLayout(
                FigureLayout.Content(xLabel: label, yLabels: [label, "loss"], title: "t", notes: ["s"]),
                FigureStyle())
        }
        let long = layout(String(repeating: "effective rank ", count: 10)), short = layout("loss")
        #expect(long.yLabel(String(repeating: "effective rank ", count: 10)).contains("\\neffective rank"))
        #expect(short.yLabel("loss").hasPrefix("set ylabel 'loss' font \",11\" offset screen "))
        #expect(long.width > short.width && long.height > short.height)
        #expect(
            long.frame(row: 0, panel: 0).left * long.width > short.frame(row: 0, panel: 0).left * short.width)
    }

    @Test func `Texts on several lines keep what gnuplot would take for its own`() {
        #expect(quoted(lines: ["a"]) == "'a'")
        #expect(quoted(lines: ["it's", "\"q\" \\n `x`"]) == "\"it's\\n\\042q\\042 \\\\n \\140x\\140\"")
    }
}

@Suite struct LinearAxisTests {
    @Test func `A log axis that no mean is above 0 for is linear, and the subtitle says so`() throws {
        let figure = "{name: f, x: training.learning_rate, y: [train_loss, test_loss], yscale: log}"
        let drawn = try script(figure) { _, seed in
            metrics(["train_loss": -1 - Double(seed), "test_loss": 1 + Double(seed)])
        }
        #expect(drawn.contains("train_loss has no log axis: no mean is above 0"))
        #expect(!drawn.contains("test_loss has no log axis"))
        // A log axis never has the negative range of the panel before: gnuplot would warn.
        #expect(drawn.contains("unset logscale y\n    set yrange [-"))
        #expect(drawn.contains("\n    set logscale y"))
    }

    @Test func `Where some are above 0 the axis is log, and the others are counted`() throws {
        let figure = "{name: f, x: training.learning_rate, y: train_loss, yscale: log}"
        let drawn = try script(figure) { rate, seed in
            metrics(["train_loss": rate == 1 ? -2 : 1 + 0.1 * Double(seed)])
        }
        #expect(drawn.contains("1 point at 0 or below not shown (log axis)"))
        #expect(!drawn.contains("no log axis") && !drawn.contains("unset logscale y"))
    }

    @Test func `So has an x of zeros`() throws {
        try withFolder { folder in
            let figure = "{name: f, x: training.weight_decay, y: train_loss, xscale: log}"
            try Rates(figure, axis: "training.weight_decay", rates: "[0]") { _, _ in
                metrics(["train_loss": 1])
            }.report(folder)
            #expect(
                try text(of: folder + "/figures/f.gp").contains("x has no log axis: no value is above 0"))
        }
    }
}
