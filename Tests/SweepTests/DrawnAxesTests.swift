import Testing
import Text

@testable import Sweep

private let text = """
    name: base
    model: vib
    dataset: {name: gaussian, correlations: [0.5, 0.9]}
    training: {steps: 100}
    beta: 0.1

    """

private func spec(_ rest: String = "", set overrides: [String] = []) throws(SweepError) -> SweepSpec {
    try SweepSpec(
        parsing: text + rest, file: "s.yaml", overrides: overrides.map { Override($0) })
}

private func message(_ rest: String, set overrides: [String] = []) -> String? {
    do throws(SweepError) {
        _ = try spec(rest, set: overrides)
        return nil
    } catch { return error.message }
}

extension SweepSpec {
    fileprivate func numbers(_ path: String) -> [Double] {
        guard let axis = axes.first(where: { $0.path == path }) else { return [] }
        return (0..<axis.count).compactMap { axis.values[$0].number }
    }
}

@Suite struct DrawnAxesTests {
    /// The expected numbers are of a program in Python: SplitMix64 after the first eight bytes of
    /// hashlib.sha256(b"uniform SEED PATH"), math.exp, and 12 digits by decimal.Decimal. Trial identifiers contain them.
    @Test func `Drawn numbers have known values`() throws {
        let beta = try spec(set: ["beta={log_uniform: [1e-4, 1], count: 4}"])
        #expect(beta.numbers("beta") == [0.0266968746681, 0.573213649957, 0.00612125228252, 0.305157388048])
        let other = try spec(set: ["beta={log_uniform: [1e-4, 1], count: 3, seed: 3}"])
        #expect(other.numbers("beta") == [0.0956496101636, 0.0171621674384, 0.0180296557287])
        let decay = try spec(set: ["training.weight_decay={uniform: [0, 2], count: 3}"])
        #expect(decay.numbers("training.weight_decay") == [1.15536987234, 0.73963230664, 1.64211558424])
    }

    @Test func `A whole axis takes whole numbers of the closed interval, none of them twice`() throws {
        // The draws are 3 3 3 3 2 4 3 4 2 4 1.
        #expect(try spec(set: ["depth={uniform: [1, 4], count: 4}"]).numbers("depth") == [3, 2, 4, 1])
        // The draws are 99 32 18 18 24.
        let widths = try spec(set: ["width={log_uniform: [16, 1024], count: 4}"])
        #expect(widths.numbers("width") == [99, 32, 18, 24])
        let seeds = try spec(set: ["seed={uniform: [0, 9007199254740991], count: 50}"]).numbers("seed")
        #expect(seeds.allSatisfy { $0 >= 0 && $0 <= 9_007_199_254_740_991 && $0 == $0.rounded() })
        #expect(Set(seeds).count == 50 && seeds.contains { $0 > 4e15 })
        let most = DrawnValues(
            DrawnValues.Rule(
                isLogarithmic: false, first: -3, last: 3, count: 7000, seed: 1, isWhole: true, path: "x"))
        for number in -3...3 {
            let share = most.numbers.count { $0 == Double(number) }
            #expect(share > 850 && share < 1150)
        }
    }

    @Test(arguments: [
        "beta={log_uniform: [1e-4, 1], count: 5}", "training.weight_decay={uniform: [0, 1e-3], count: 5}",
        "width={uniform: [1, 30], count: 5, seed: 9}", "depth={log_uniform: [1, 6], count: 5}",
    ])
    func `The first numbers of a longer axis are those of the shorter one`(rule: String) throws {
        let (short, long) = (
            try spec(set: [rule]), try spec(set: [rule.replacing("count: 5", with: "count: 6")])
        )
        let path = String(rule.prefix { $0 != "=" })
        #expect(long.numbers(path).count == 6 && Set(long.numbers(path)).count == 6)
        #expect(long.numbers(path).prefix(5) == short.numbers(path)[...])
        // `extend` takes the argument that a difference suggests.
        let difference = try #require(SweepDifference(from: short, to: long))
        #expect(difference.additions == [rule.replacing("count: 5", with: "count: 6").asRuleArgument])
        #expect(try spec(set: difference.additions ?? []) == long)
    }

    @Test func `Axes with one rule and one seed have different numbers`() throws {
        let rule = "{log_uniform: [1e-4, 1], count: 100}"
        let sweep = try spec(set: ["beta=\(rule)", "training.learning_rate=\(rule)"])
        let (one, other) = (sweep.numbers("beta"), sweep.numbers("training.learning_rate"))
        #expect(one.count == 100 && Set(one).isDisjoint(with: other))
        // The logarithms fill their interval evenly: each decade has about a quarter.
        for decade in -4..<0 {
            let low = Spacing.exponential(Double(decade) * 2.302585092994046)
            let share = (one + other).count { $0 >= low && $0 < low * 10 }
            #expect(share > 30 && share < 70, "\(decade)")
        }
        #expect(try spec(set: ["beta=\(rule.replacing("}", with: ", seed: 1}"))"]).numbers("beta") != one)
    }

    @Test func `The normal form keeps the rule and reads back as the same sweep`() throws {
        let sweep = try spec(
            """
            axes:
              training.learning_rate: {log_uniform: [1e-4, 1e-1], count: 12, seed: 7}
              width: {uniform: [100, 60000], count: 12}
              depth: {uniform: [1, 4], count: 12}
              training.batch_size: {uniform: [10, 99], count: 12}
              seed: {range: [0, 3]}
            zip: [[width, depth]]
            sobol: [[training.batch_size, training.learning_rate]]
            where: [training.learning_rate < 0.05, depth > 1]
            """)
        let json = sweep.canonicalJSON
        #expect(
            json["axes"]?.array?.first?.canonicalText
                == #"{"training.learning_rate":{"count":12,"log_uniform":[0.0001,0.1],"seed":7}}"#)
        #expect(json["zip"]?.canonicalText == #"[["width","depth"]]"#)
        #expect(json["sobol"]?.canonicalText == #"[["training.learning_rate","training.batch_size"]]"#)
        let again = try SweepSpec(parsing: json.canonicalText, file: "sweep.json")
        #expect(again == sweep && again.digest == sweep.digest)
        #expect(try Grid(parsing: Array(sweep.gridJSON.canonicalText.utf8)) == sweep.grid)
        #expect(sweep.grid.count % 3 == 0 && sweep.grid.count < 12 * 12 * 3)
        for index in stride(from: 0, to: sweep.grid.count, by: 7) {
            let axes = sweep.grid[index].axesObject
            #expect(try #require(axes["training.learning_rate"]?.number) < 0.05)
            #expect(try #require(axes["depth"]?.number) > 1)
        }
        // Another seed is another sweep.
        let other = json.canonicalText.replacing(#""seed":7"#, with: #""seed":8"#)
        #expect(try SweepSpec(parsing: other, file: "sweep.json").digest != sweep.digest)
    }

    @Test func `Axes that advance together are drawn independently and may repeat a number`() throws {
        let sweep = try spec(
            """
            axes:
              training.learning_rate: {log_uniform: [1e-4, 1e-1], count: 20}
              depth: {uniform: [1, 4], count: 20}
            zip: [[depth, training.learning_rate]]
            """)
        #expect(sweep.grid.count == 20)
        #expect(
            sweep.numbers("depth") == [3, 3, 3, 3, 2, 4, 3, 4, 2, 4, 1, 4, 3, 3, 3, 3, 3, 3, 4, 4])
        #expect(Set((0..<20).map { sweep.grid[$0].id }).count == 20)
    }

    @Test func `The smallest and the largest of many drawn values are checked before a run`() throws {
        func sweep(_ points: Int) throws -> SweepSpec {
            try SweepSpec(
                parsing: """
                    name: s
                    model: mlp
                    dataset: {name: mnist, train_points: \(points)}
                    training: {steps: 1}
                    axes: {training.batch_size: {uniform: [1, 50000], count: 2000}}

                    """, file: "s.yaml")
        }
        let largest = try #require(sweep(60_000).numbers("training.batch_size").max())
        #expect(try sweep(Int(largest)).grid.count == 2000)
        #expect(throws: SweepError.self) { try sweep(Int(largest) - 1) }
    }

    @Test func `A condition names drawn values as plan shows them`() throws {
        let rule = "axes: {seed: {range: [0, 2]}, width: {uniform: [1, 99], count: 6}}\n"
        let widths = try spec(rule).axes[1].valuesText.split(separator: ", ").map(String.init)
        #expect(widths.count == 6)
        #expect(try spec(rule + "where: width != \(widths[3])").grid.count == 10)
        let absent = try #require((1...99).first { !widths.contains(String($0)) })
        #expect(message(rule + "where: width == \(absent)")?.contains("equals no value of width") == true)
    }
}

extension String {
    /// The argument as a difference writes it: members in the order of their names, shortest numbers.
    fileprivate var asRuleArgument: String {
        guard let sign = firstIndex(of: "="),
            let value = try? YAMLReader.read(Array(self[index(after: sign)...].utf8)).json
        else { return self }
        let rule = value.canonicalText.filter { $0 != "\"" }.map { character in
            character == ":" || character == "," ? "\(character) " : "\(character)"
        }
        return self[...sign] + rule.joined()
    }
}

@Suite struct SobolTests {
    /// The numerators over 16 of scipy.stats.qmc.Sobol(16, scramble=False).random(16), scipy 1.17.1.
    @Test(arguments: [
        (0, [0, 8, 12, 4, 6, 14, 10, 2, 3, 11, 15, 7, 5, 13, 9, 1]),
        (1, [0, 8, 4, 12, 6, 14, 2, 10, 5, 13, 1, 9, 3, 11, 7, 15]),
        (2, [0, 8, 4, 12, 10, 2, 14, 6, 15, 7, 11, 3, 5, 13, 1, 9]),
        (7, [0, 8, 12, 4, 14, 6, 2, 10, 15, 7, 3, 11, 1, 9, 13, 5]),
        (15, [0, 8, 4, 12, 14, 6, 10, 2, 15, 7, 11, 3, 1, 9, 5, 13]),
    ])
    func `The sequence before its shift is scipy's`(dimension: Int, numerators: [UInt32]) {
        #expect((0..<16).map { SobolSequence.bits($0, dimension: dimension) } == numerators.map { $0 << 28 })
    }

    @Test func `All dimensions agree with scipy far along the sequence`() {
        // The numerators over 1024 of point 1000.
        let due: [UInt32] = [
            225, 99, 531, 693, 287, 929, 47, 921, 513, 71, 87, 261, 165, 393, 147, 379,
        ]
        #expect(SobolSequence.dimensions == 16)
        #expect((0..<16).map { SobolSequence.bits(1000, dimension: $0) } == due.map { $0 << 22 })
    }

    @Test func `The points are shifted by the seed, and ends of intervals are no points`() throws {
        let rule = "{log_uniform: [1e-4, 1], count: 4}"
        let sweep = try spec(
            "sobol: [beta, training.learning_rate]\n",
            set: ["beta=\(rule)", "training.learning_rate=\(rule)"])
        // By a program in Python, from scipy's points and the shift's 53 bits.
        #expect(
            sweep.numbers("beta") == [0.000574878550078, 0.0574878550078, 0.574878550078, 0.00574878550078])
        #expect(
            sweep.numbers("training.learning_rate")
                == [0.00024755514288, 0.024755514288, 0.0024755514288, 0.24755514288])
        #expect(sweep.grid.count == 4 && sweep.sobol == [["beta", "training.learning_rate"]])
    }

    @Test func `Each part of the square has one of the first 16 points, for any seed`() throws {
        for seed in 0..<4 {
            func rule(_ low: Int) -> String { "{uniform: [\(low), \(low + 16)], count: 16, seed: \(seed)}" }
            let sweep = try spec(
                """
                axes: {sigma_shift: \(rule(-8)), training.weight_decay: \(rule(0))}
                sobol: [[training.weight_decay, sigma_shift]]
                """)
            let (x, y) = (sweep.numbers("sigma_shift"), sweep.numbers("training.weight_decay"))
            for split in [(1, 16), (2, 8), (4, 4), (8, 2), (16, 1)] {
                let cells = zip(x, y).map {
                    [
                        Int((($0 + 8) / Double(split.1)).rounded(.down)),
                        Int(($1 / Double(split.0)).rounded(.down)),
                    ]
                }
                #expect(Set(cells).count == 16, "seed \(seed), \(split)")
            }
        }
    }

    @Test func `A longer sequence begins with the shorter one`() throws {
        func sweep(_ count: Int) throws -> SweepSpec {
            try spec(
                "sobol: [[beta, width]]\n",
                set: [
                    "beta={log_uniform: [1e-3, 1], count: \(count)}",
                    "width={uniform: [8, 64], count: \(count)}",
                ])
        }
        let (short, long) = (try sweep(8), try sweep(32))
        for path in ["beta", "width"] { #expect(long.numbers(path).prefix(8) == short.numbers(path)[...]) }
        let difference = try #require(SweepDifference(from: short, to: long))
        #expect(
            difference.additions == [
                "beta={count: 32, log_uniform: [0.001, 1]}", "width={count: 32, uniform: [8, 64]}",
            ])
    }
}

@Suite struct WrongDrawsTests {
    private static let rate = "training.learning_rate: {log_uniform: [1e-4, 0.1], count: 8}"

    @Test(arguments: [
        ("axes: {width: {uniform: [1, 9]}}", "6:15: axes.width: missing: count is required"),
        (
            "axes: {width: {uniform: [9, 1], count: 3}}",
            "6:25: axes.width.uniform: expected the smaller end first: [a, b] with a below b, found [9, 1]"
        ),
        ("axes: {width: {uniform: [4, 4], count: 3}}", "6:25: axes.width.uniform: both ends are 4"),
        (
            "axes: {width: {uniform: [0, 4], count: 3}}",
            "6:26: axes.width.uniform: 0 is out of bounds: it must be at least 1 and at most 65536"
        ),
        (
            "axes: {width: {uniform: [1.5, 4], count: 3}}",
            "6:26: axes.width.uniform: 1.5 is not a whole number"
        ),
        (
            "axes: {width: {uniform: [4], count: 3}}",
            "6:25: axes.width.uniform: expected two numbers in a list: [first, last]"
        ),
        (
            "axes: {training.weight_decay: {log_uniform: [0, 1], count: 3}}",
            "6:46: axes.training.weight_decay.log_uniform: 0 has no logarithm: 'log_uniform' needs ends above 0"
        ),
        (
            "axes: {width: {uniform: [1, 4], count: 3, sede: 1}}",
            "6:43: axes.width.sede: no such key (did you mean 'seed'?)"
        ),
        (
            "axes: {width: {uniform: [1, 4], count: 3, seed: -1}}",
            "6:49: axes.width.seed: -1 is out of bounds: it must be at least 0 and at most 9007199254740991"
        ),
        (
            "axes: {width: {uniform: [1, 4], n: 3}}",
            "6:33: axes.width.n: 'n' is called 'count' here"
        ),
        (
            "axes: {width: {uniform: [1, 4], count: 1}}",
            "6:40: axes.width.count: 'count' must be from 2 to 1000000"
        ),
        (
            "axes: {seed: {uniform: [1, 400000], count: 200000}}",
            "6:44: axes.seed.count: at most 100000 numbers can be drawn"
        ),
        (
            "axes: {width: {uniform: [1, 4], count: 5}}",
            "6:8: axes.width: only 4 of 5 numbers differ, and an axis takes none twice unless it advances with others: "
                + "take a smaller count or ends further apart"
        ),
        (
            // Numbers are rounded to twelve digits.
            "axes: {training.weight_decay: {uniform: [1, 1.0000000001], count: 2000}}",
            "6:8: axes.training.weight_decay: only 11 of 2000 numbers differ, and an axis takes none twice unless it "
                + "advances with others: take a smaller count or ends further apart"
        ),
        (
            "axes: {activation: {uniform: [1, 4], count: 5}}",
            "6:20: axes.activation: 'uniform' makes numbers, and this setting has none: list its values"
        ),
        (
            "axes: {width: {uniform: [1, 4], log: [1, 4], count: 3}}",
            "6:33: axes.width.log: no such key; there are uniform, count and seed"
        ),
        (
            "width: {uniform: [1, 4], count: 3}",
            "6:8: width: expected one value; several make an axis, under 'axes'"
        ),
        (
            "axes: {\(rate), width: [1, 2, 3, 4, 5, 6, 7, 8]}\nsobol: [[training.learning_rate, width]]",
            "7:9: sobol.width: is not drawn: a Sobol sequence needs {uniform: [a, b], count: n} or "
                + "{log_uniform: [a, b], count: n}"
        ),
        (
            "axes: {\(rate), width: {uniform: [1, 9], count: 4}}\nsobol: [[training.learning_rate, width]]",
            "7:9: sobol: axes that advance together need equally many values: training.learning_rate has 8, width 4"
        ),
        (
            "axes: {\(rate)}\nsobol: [[training.learning_rate]]",
            "7:9: sobol: two axes at least advance together"
        ),
        (
            "axes: {\(rate)}\nsobol: [[training.learning_rate, widht]]",
            "7:9: sobol.widht: no such axis"
        ),
        (
            "axes: {\(rate)}\nsobol: [[training.learning_rate, beta]]",
            "7:9: sobol.beta: not an axis of this sweep but a setting with one value"
        ),
        (
            "axes: {\(rate), width: {uniform: [1, 900], count: 8}, seed: {uniform: [1, 90], count: 8}}\n"
                + "zip: [[seed, width]]\nsobol: [[training.learning_rate, width]]",
            "8:9: sobol.width: advances with others already"
        ),
        (
            "axes: {depth: {uniform: [1, 3], count: 10}, width: {uniform: [1, 3], count: 10}}\n"
                + "sobol: [[depth, width]]",
            "7:9: sobol: points 1 and 5 are the same: take a smaller count, another seed or ends further apart"
        ),
        ("sobol: 3", "6:8: sobol: expected a list, found '3'"),
    ])
    func `Each wrong form is refused with its location`(rest: String, due: String) {
        #expect(message(rest) == "s.yaml:\(due)")
    }

    @Test func `A Sobol sequence has at most 16 axes`() {
        let paths = Setting.all.filter { setting in
            let isOfVIBs = setting.uses.allSatisfy {
                $0.path == "model" && $0.words.contains("vib")
                    || $0.path == "encoder" && $0.words.contains("mlp")
            }
            switch setting.kind {
            case .integer(let range): return isOfVIBs && range.contains(2) && range.contains(3)
            case .number(let bounds): return isOfVIBs && bounds.contains(2) && bounds.contains(3)
            default: return false
            }
        }.map(\.path).filter { !["beta", "training.steps"].contains($0) }.prefix(17)
        #expect(paths.count == 17)
        let axes = paths.map { "  \($0): {log_uniform: [2, 3], count: 2}\n" }.joined()
        let list = paths.joined(separator: ", ")
        #expect(
            message("axes:\n\(axes)sobol: [\(list)]")?
                .contains("sobol: 17 axes; a Sobol sequence has at most 16 here") == true)
    }
}
