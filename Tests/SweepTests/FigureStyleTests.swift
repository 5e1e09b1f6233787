import Testing
import Text

@testable import Sweep

private func sweep(_ figure: String, _ more: String = "") throws -> SweepSpec {
    try SweepSpec(
        parsing: """
            name: s
            model: mlp
            dataset: mnist
            axes:
              width: [10, 20]
              training.learning_rate: [0.1, 0.01]
              activation: [relu, tanh]
              seed: [0, 1]
            training: {epochs: 1}
            \(more)
            figures:
              - \(figure)
            """, file: "s.yaml")
}

private func message(_ figure: String, _ more: String = "") -> String? {
    do {
        _ = try sweep(figure, more)
        return nil
    } catch { return (error as? SweepError)?.message ?? "another error" }
}

private let plain = "{name: f, x: width, y: accuracy}"
private let deficit = "measures: {independence_deficit: {classes: [0, 1, 4, 12]}}"

@Suite struct FigureStyleTests {
    @Test func `A figure and the section style have the same keys, which read back as they are`() throws {
        let style =
            "size: [3.4, 2.5], font: Times New Roman, font_size: 7, xlabel: units, ylabel: [a, b], xlim: [auto, 30], "
            + "ylim: [[0, 1], [auto, auto]], legend: top_left, interval: stderr, style: bars, columns: 2, header: none"
        let own = try sweep("{name: f, x: width, y: [accuracy, train_loss], \(style)}")
        let all = try sweep("{name: f, x: width, y: [accuracy, train_loss]}", "style: {\(style)}")
        let found = own.figures[0].style
        #expect(found == all.style && all.figures[0].style == FigureStyle())
        #expect(found.size == .inches(width: 3.4, height: 2.5) && found.fontSize == 7)
        #expect(found.ylabel(1) == "b" && found.ylim(0) == .init(low: 0, high: 1))
        #expect(found.xlim == .init(low: nil, high: 30) && found.kind == .bars && found.interval == .stderr)
        for spec in [own, all] {
            let again = try SweepSpec(parsing: spec.canonicalJSON.canonicalText, file: "sweep.json")
            #expect(again == spec)
        }
    }

    @Test
    func `Looks change neither digest nor trials, and a difference of looks is none of trials`() throws {
        let before = try sweep(plain)
        for after in [
            try sweep(plain, "style: {size: column}"),
            try sweep("{name: f, x: width, y: accuracy, size: page}"),
        ] {
            #expect(after.digest == before.digest && after.grid == before.grid)
            #expect(after.canonicalJSON != before.canonicalJSON)
            #expect(try #require(SweepDifference(from: before, to: after)).isOfTrials == false)
        }
    }

    @Test func `What a figure says goes before the section style`() throws {
        let spec = try sweep(
            "{name: f, x: width, y: accuracy, size: page}", "style: {size: column, columns: 3}")
        let style = spec.figures[0].style.filled(from: spec.style)
        #expect(style.size == .page && style.columns == 3)
    }

    @Test(arguments: [
        (
            "size: collumn",
            "s.yaml:12:44: figures.size: 'collumn' must be one of screen, column, page or slide (did you mean 'column'?)"
        ),
        ("size: [3]", "s.yaml:12:44: figures.size: [width, height] is due, in inches"),
        ("size: [3, 0.2]", "figures.size: 0.2 is out of bounds"),
        ("font_size: 5", "figures.font_size: 5 is out of bounds: it must be"),
        ("font: \"a,b\"", "figures.font: 'a,b' is no font's name"),
        ("xlim: [2, 1]", "figures.xlim: the low end 2 is not below the high end 1"),
        ("xlim: 3", "figures.xlim: expected a list, found '3'"),
        ("ylim: [[0, 1], [0, 1]]", "figures.ylim: 2 values for 1 quantities"),
        ("yscale: log, ylim: [0, 1]", "figures.ylim: 0 has no place on a log axis"),
        ("legend: rihgt", "did you mean 'right'?"),
        ("interval: sem", "figures.interval: 'sem' must be one of"),
        ("style: heatmap", "a heatmap has two axes of numbers, x and y, and a metric as 'color'"),
        ("columns: 0", "figures.columns: 0 is out of bounds"),
        ("siz: page", "no such key (did you mean 'size'?)"),
    ])
    func `Wrong looks are named with their place`(look: String, due: String) throws {
        let found = try #require(message("{name: f, x: width, y: accuracy, \(look)}"))
        #expect(found.contains(due), "\(found)")
    }

    @Test func `The section style names what is wrong in it`() throws {
        #expect(
            try #require(message(plain, "style: {sise: page}")).contains(
                "style.sise: no such key (did you mean 'size'?)"))
        #expect(
            try #require(message(plain, "style: page")).contains("style: expected a mapping, found 'page'"))
    }

    @Test func `Options are read like keys, and named in errors`() throws {
        func style(_ name: String, _ text: String) throws -> FigureStyle {
            let key = try #require(FigureStyle.keys.first { $0.option == name })
            return try FigureStyle(options: [(key: key, text: text)])
        }
        #expect(try style("--size", "3.4,2.5").size == .inches(width: 3.4, height: 2.5))
        #expect(try style("--size", "column").size == .column)
        #expect(try style("--font-size", "9").fontSize == 9)
        #expect(try style("--xlabel", "a, b: [c]").xlabel == "a, b: [c]")
        #expect(try style("--xlim", "auto,2").xlim == .init(low: nil, high: 2))
        #expect { try style("--size", "pgae") } throws: {
            "\($0)" == "--size: 'pgae' must be one of screen, column, page or slide (did you mean 'page'?)"
        }
        #expect { try style("--xlim", "[1") } throws: { "\($0)".hasPrefix("--xlim: not YAML") }
    }

    @Test(arguments: [
        ("{name: f, style: star}", [0, 1, 4]), ("{name: f, style: star, classes: 4}", [4]),
        ("{name: f, style: star, classes: [4, 0], curves: width, panels: activation, size: column}", [4, 0]),
    ])
    func `A star has a class or several, or all whose weights are recorded to choose from`(
        figure: String, classes: [Double]
    ) throws {
        let spec = try sweep(figure, deficit)
        let found = spec.figures[0]
        #expect(found.hasStars && found.x == .entry && found.style.kind == nil)
        #expect(found.y.compactMap(\.threshold) == classes)
        #expect(found.y.last?.metric == .classDetermination)
        #expect(try SweepSpec(parsing: spec.canonicalJSON.canonicalText, file: "sweep.json") == spec)
    }

    @Test(arguments: [
        (
            "classes: 10",
            "12:37: figures.classes: no class 10: the networks have 10 outputs, for classes 0 to 9"
        ),
        (
            "classes: [0, 5]",
            "12:41: figures.classes: the weights of class 5 are not recorded: add it to "
                + "measures.independence_deficit.classes, which has 0, 1, 4 and 12"
        ),
        ("classes: [4, 4]", "12:41: figures.classes: class 4 is given twice"),
        ("classes: [4, four]", "12:41: figures.classes: 'four' is not a number"),
        ("classes: []", "12:37: figures.classes: an empty list"),
        ("class: 4", "12:28: figures.class: 'class' is called 'classes' here"),
        ("x: width, y: accuracy", "12:28: figures.x: a star has no 'x'"),
        ("ylim: [0, 1]", "12:28: figures.ylim: a star has no 'ylim'"),
        ("curves: depth", "12:36: figures.curves 'depth': "),
    ])
    func `What is wrong in a star is named with its place`(part: String, due: String) throws {
        let found = try #require(message("{name: f, style: star, \(part)}", deficit))
        #expect(found.contains("s.yaml:\(due)"), "\(found)")
    }

    @Test func `A star needs its measure, and another figure has no classes`() throws {
        #expect(
            try #require(message("{name: f, style: star}")).contains(
                "s.yaml:12:22: figures.style: class_determination is not measured: set measures.independence_deficit"
            ))
        #expect(
            try #require(message("{name: f, x: width, y: accuracy, classes: 1}", deficit)).contains(
                "s.yaml:12:47: figures.classes: 'classes' is for 'style: star'"))
        #expect(
            try #require(message("{name: f, style: stars}", deficit)).contains(
                "'stars' must be one of line, points, bars, box, heatmap or star (did you mean 'star'?)"))
        #expect(
            try #require(message(plain, "style: {style: star}")).contains(
                "must be one of line, points, bars or box"))
    }

    @Test func `A heatmap has two axes of numbers and a metric as colour`() throws {
        let heat = "name: f, x: width, y: training.learning_rate, color: accuracy"
        let spec = try sweep("{\(heat), panels: activation, style: heatmap}")
        let figure = spec.figures[0]
        #expect(
            figure.isHeatmap && figure.curves == "training.learning_rate"
                && figure.y.map(\.metric.key) == ["accuracy"])
        #expect(try SweepSpec(parsing: spec.canonicalJSON.canonicalText, file: "sweep.json") == spec)
        #expect(
            try #require(message("{\(heat)}")).contains("a heatmap has a cell for one value of activation"))
        #expect(
            try #require(message("{\(heat), panels: activation, theory: true}")).contains(
                "a heatmap has no 'theory'"))
        #expect(
            try #require(message("{name: f, x: width, y: activation, color: accuracy}"))
                .contains("the values of activation are not numbers"))
    }
}
