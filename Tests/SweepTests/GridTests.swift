import TestSupport
import Testing
import Text

@testable import Sweep

extension Draws {
    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }
}

/// A random sweep of images: some axes, some zipped, some conditions.
private func randomSweep(_ draws: inout Draws) -> String {
    let choices = [
        ("depth", ["[2, 3, 4]", "{range: [2, 5]}"]),
        ("width", ["[16, 32, 64]", "{log: [16, 64], count: 3}", "[64, 8, 20]"]),
        (
            "training.batch_size",
            ["[32, 64, 128]", "{linear: [10, 30], count: 3}", "{range: [10, 20], step: 4}"]
        ),
        ("training.learning_rate", ["[1e-3, .01, 1]", "{log: [1e-3, 1], count: 3}"]),
        ("activation", ["[relu, tanh, linear]"]),
        ("seed", ["[3, 1, 2]", "{range: [0, 3]}"]),
        ("dataset.scale", ["[unit, symmetric]"]),
    ]
    let chosen = choices.shuffled(using: &draws).prefix(Int.random(in: 1...5, using: &draws))
    var text = WrongFiles.images + "axes:\n"
    for (path, values) in chosen { text += "  \(path): \(draws.pick(values))\n" }
    let numeric = chosen.map(\.0).filter { !["activation", "dataset.scale"].contains($0) }
    if numeric.count >= 2, Bool.random(using: &draws) {
        text += "zip: [\(numeric.shuffled(using: &draws).prefix(2).joined(separator: ", "))]\n".replacing(
            "[", with: "[["
        )
        .replacing("]", with: "]]")
    }
    var conditions: [String] = []
    for _ in 0..<Int.random(in: 0...3, using: &draws) where !numeric.isEmpty {
        conditions.append(randomCondition(numeric, depth: 2, &draws))
    }
    if !conditions.isEmpty { text += "where:\n" + conditions.map { "  - '\($0)'\n" }.joined() }
    return text
}

private func randomCondition(_ axes: [String], depth: Int, _ draws: inout Draws) -> String {
    switch depth == 0 ? 0 : Int.random(in: 0...3, using: &draws) {
    case 1: return "not (\(randomCondition(axes, depth: depth - 1, &draws)))"
    case 2:
        return "(" + randomCondition(axes, depth: depth - 1, &draws) + ") and "
            + randomCondition(axes, depth: depth - 1, &draws)
    case 3:
        return randomCondition(axes, depth: depth - 1, &draws) + " or "
            + randomCondition(axes, depth: depth - 1, &draws)
    default:
        let signs = Condition.Operator.allCases.map(\.rawValue)
        let (axis, sign) = (draws.pick(axes), draws.pick(signs))
        // A value that is compared for equality must be one of the axis.
        let values = [
            "depth": ["2", "3", "4"], "width": ["64"], "training.learning_rate": ["1e-3", "1"],
            "seed": ["1", "2"],
        ]
        let constants =
            sign == "==" || sign == "!=" ? values[axis, default: axes] : ["2", "3", "20", "32", "0.01"]
        let other = Bool.random(using: &draws) ? draws.pick(axes) : draws.pick(constants)
        return "\(axis) \(sign) \(other)"
    }
}

/// Whether a condition holds, the slow way.
private func holds(_ condition: Condition, _ values: [String: JSONValue]) -> Bool {
    switch condition {
    case .not(let inner): return !holds(inner, values)
    case .and(let left, let right): return holds(left, values) && holds(right, values)
    case .or(let left, let right): return holds(left, values) || holds(right, values)
    case .comparison(let left, let sign, let right):
        func number(_ operand: Condition.Operand) -> Double {
            switch operand {
            case .number(let number): number
            case .axis(let path): values[path]?.number ?? .nan
            case .text: .nan
            }
        }
        let (a, b) = (number(left), number(right))
        switch sign {
        case .less: return a < b
        case .atMost: return a <= b
        case .greater: return a > b
        case .atLeast: return a >= b
        case .equal: return a == b
        case .notEqual: return a != b
        }
    }
}

/// Every point in order: the first axis slowest, zipped axes together, `where` tested at each.
private func bruteForce(_ sweep: SweepSpec) -> [[Int]] {
    var points: [[Int]] = [[]]
    for axis in sweep.axes {
        points = points.flatMap { point in (0..<axis.count).map { point + [$0] } }
    }
    return points.filter { point in
        let digits = Dictionary(uniqueKeysWithValues: zip(sweep.axes.map(\.path), point))
        let values = Dictionary(uniqueKeysWithValues: zip(sweep.axes, point).map { ($0.path, $0.values[$1]) })
        return sweep.zip.allSatisfy { group in Set(group.map { digits[$0] }).count == 1 }
            && sweep.conditions.allSatisfy { holds($0, values) }
    }
}

@Test func `The grid is the one that brute force gives`() throws {
    var sweeps = 0
    for seed in 0..<600 {
        var draws = Draws(UInt64(seed))
        let text = randomSweep(&draws)
        let sweep: SweepSpec
        do throws(SweepError) {
            sweep = try SweepSpec(parsing: text, file: "s.yaml")
        } catch {
            // Conditions may drop everything; zipped axes may differ in length; nothing else may be wrong.
            let expected = error.faults.allSatisfy {
                switch $0.problem {
                case .gridEmpty, .zipUnequal: true
                default: false
                }
            }
            #expect(expected, "seed \(seed): \(error.message)\n\(text)")
            continue
        }
        sweeps += 1
        let points = bruteForce(sweep)
        #expect(sweep.grid.count == points.count, "seed \(seed)\n\(text)")
        guard sweep.grid.count == points.count else { continue }
        for (index, point) in points.enumerated() {
            #expect(sweep.grid.positions(at: index) == point, "seed \(seed), trial \(index)\n\(text)")
            #expect(sweep.grid.index(ofPositions: point) == index, "seed \(seed), trial \(index)\n\(text)")
        }
        let again = try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "sweep.json")
        #expect(again == sweep, "seed \(seed)\n\(text)")
        #expect(again.digest == sweep.digest, "seed \(seed)\n\(text)")
        #expect(again.grid[points.count - 1].id == sweep.grid[points.count - 1].id, "seed \(seed)")
    }
    #expect(sweeps > 200)
}

@Test func `A dropped point has no index`() throws {
    let sweep = try SweepSpec(
        parsing: WrongFiles.images
            + "axes: {depth: [2, 3], width: [8, 16]}\nwhere: depth == 2 or width == 8\n",
        file: "s.yaml")
    #expect(sweep.grid.index(ofPositions: [1, 1]) == nil)
    #expect(sweep.grid.index(ofPositions: [1, 0]) == 2)
}

@Test func `Conditions are written as they are read`() throws {
    let axes = ConditionAxes([
        Axis(path: "depth", values: .range(lower: 1, upper: 9, step: 1)),
        Axis(path: "activation", values: .list([.string("relu"), .string("tanh")])),
    ])
    for (text, normal) in [
        ("depth>1 and depth<=3 or activation==relu", "depth > 1 and depth <= 3 or activation == 'relu'"),
        ("depth > 1 and (depth <= 3 or 2 != depth)", "depth > 1 and (depth <= 3 or 2 != depth)"),
        ("not (depth > 1 and depth < 3)", "not (depth > 1 and depth < 3)"),
        ("not not depth == 1e0", "not not depth == 1"),
        ("depth == 1 or (depth == 2 or depth == 3)", "depth == 1 or (depth == 2 or depth == 3)"),
    ] {
        let condition = try ConditionParser.parse(text, axes: axes)
        #expect(condition.text == normal)
        #expect(try ConditionParser.parse(condition.text, axes: axes) == condition)
    }
}

@Test func `No text of an override crashes the reader`() {
    let fragments = [
        "beta", "=", "0.1", ",", "[", "]", "{", "}", "log: ", "count: 3", "[1, 2]", "'", "#", ": ", "hidden",
        "dataset",
        "name: ", "mnist", "training.", "steps", "&", "*", "!", "-", "\u{1b}", "é", "range: [0, 3]",
        "measures.trace_at", "end",
    ]
    for seed in 0..<3000 {
        var draws = Draws(UInt64(seed))
        let paths = ["beta=", "hidden=", "dataset=", "training.steps=", "measures.trace_at=", "seed=", ""]
        let text =
            draws.pick(paths)
            + (0..<Int.random(in: 0...6, using: &draws)).map { _ in draws.pick(fragments) }.joined()
        do throws(SweepError) {
            let sweep = try SweepSpec(
                parsing: WrongFiles.vib + "beta: 1", file: "s.yaml", overrides: [Override(text)])
            _ = sweep.grid[0].id
        } catch {
            #expect(error.message.hasPrefix("--set ") || error.message.hasPrefix("s.yaml"), "seed \(seed)")
            #expect(!error.message.contains("\u{1b}"), "seed \(seed)")
        }
    }
}

@Test func `No mutation of a sweep file crashes the reader`() {
    let seeds = [
        WrongFiles.vib
            + "axes: {beta: {log: [1e-3, 1], count: 4}, depth: [1, 2]}\nwhere: ['depth > 1 or beta < 0.5']\n",
        WrongFiles.images + "zip: [[width, seed]]\naxes:\n  width: [8, 16]\n  seed: {range: [0, 2]}\n"
            + "figures:\n  - {name: a, x: step, y: {metric: local_rank, threshold: 0.1, layer: each}}\n"
            + "measures: {local_rank: {points: 10}, trace_at: [1, 2]}\nquick: {seed: [0]}\n",
    ].map { Array($0.utf8) }
    let inserts = [
        "[", "]", "{", "}", ": ", "\n", "- ", "1e9", "-", "'", "\"", "&a", "*a", "!", "999999999999", "#",
        "\t", ",",
    ]
    for seed in 0..<6000 {
        var draws = Draws(UInt64(seed))
        var text = draws.pick(seeds)
        for _ in 0..<Int.random(in: 1...4, using: &draws) {
            let position = Int.random(in: 0..<text.count, using: &draws)
            switch Int.random(in: 0..<4, using: &draws) {
            case 0: text.remove(at: position)
            case 1: text[position] = UInt8.random(in: 0...255, using: &draws)
            case 2: text.insert(contentsOf: Array(draws.pick(inserts).utf8), at: position)
            default:
                let end = Int.random(in: position..<min(text.count, position + 12), using: &draws)
                text.insert(
                    contentsOf: text[position...end], at: Int.random(in: 0..<text.count, using: &draws))
            }
        }
        do throws(SweepError) {
            let sweep = try SweepSpec(parsing: text, file: "s.yaml")
            let again = try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "sweep.json")
            #expect(again == sweep, "seed \(seed)")
            _ = sweep.grid[sweep.grid.count - 1].id
            _ = sweep.grid.cost()
        } catch {
            #expect(error.message.hasPrefix("s.yaml:"), "seed \(seed): \(error.message)")
        }
    }
}
