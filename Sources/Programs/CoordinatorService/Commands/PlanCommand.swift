import Console
import Glibc
import Scheduling
import Sweep
import Text

let planCommand = Command(
    "plan", "shows what a sweep would run, and its cost; starts nothing",
    operands: ["SWEEP"],
    options: overrideOptions + [jsonOption],
    examples: [
        "ranksweep plan sweeps/gaussian-vib.yaml",
        "ranksweep plan sweeps/gaussian-vib.yaml --set seed=0,1 --set 'beta={log: [1e-3, 1], count: 10}'",
    ],
    run: runPlan)

private func runPlan(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let plan = Plan(try readSpec(arguments.operands[0], arguments), slots: coreCount())
    printOut(arguments.has("--json") ? plan.json.canonicalText : plan.text)
    return .done
}

/// The trials that a sweep would run, and their cost.
struct Plan {
    let spec: SweepSpec
    let slots: Int
    let cost: GridCost
    let shards: Int

    init(_ spec: SweepSpec, slots: Int) {
        self.spec = spec
        self.slots = slots
        cost = spec.grid.cost()
        let trials = spec.grid.count
        shards = plannedShards(
            trials: trials, slots: slots, secondsPerTrial: trials == 0 ? 0 : cost.seconds / Double(trials))
    }

    private var seeds: Int { spec.axes.first { $0.path == "seed" }?.count ?? 1 }
    private var points: Int {
        // A condition may involve the seed. Then the number of points can't be separated from the number of
        // seeds.
        let product = spec.grid.count / max(1, seeds)
        return product * seeds == spec.grid.count ? product : spec.grid.count
    }

    /// Seconds on this machine with every slot busy.
    var seconds: Double { max(cost.seconds / Double(slots), cost.maxSeconds) }

    var text: String {
        let product =
            points * seeds == spec.grid.count
            ? " = \(countText(points, "point")) × \(countText(seeds, "seed"))" : ""
        var lines = [
            "sweep    \(spec.name) (\(spec.model)), digest \(spec.digest)",
            "trials   \(groupedText(spec.grid.count))\(product)",
        ]
        for (index, axis) in spec.axes.enumerated() {
            lines.append(
                "\(index == 0 ? "axes  " : "      ")   \(axis.path): \(axis.count) "
                    + "(\(axis.values.isDrawn ? "drawn: " : "")\(axis.valuesText))")
        }
        for group in spec.zip {
            let how = spec.sobol.contains(group) ? "are points of a Sobol sequence" : "advance together"
            lines.append("zip      \(group.joined(separator: ", ")) \(how)")
        }
        for condition in spec.conditions { lines.append("where    \(condition.text)") }
        let each =
            cost.leastSeconds == cost.maxSeconds
            ? durationText(seconds: cost.leastSeconds)
            : "\(durationText(seconds: cost.leastSeconds)) to \(durationText(seconds: cost.maxSeconds))"
        lines += [
            "shards   about \(groupedText(shards)) for a worker of \(countText(slots, "slot"))",
            "cost     \(spec.mayStopEarly ? "at most" : "about") \(each) a trial, \(roundedText(cost.coreHours)) core-hours in all; here "
                + "\(aboutText(seconds: seconds)) on \(countText(slots, "core"))",
            "         (counted operations at the speed of one core of a 2024 server"
                + "\(cost.isSampled ? ", of sampled trials" : ""); yours may be twice as slow)",
        ]
        lines += [partsText] + epochLines
        if let bytes = cost.memoryBytes {
            lines.append("memory   at most about \(sizeText(decimal: Double(bytes))) a trial")
        }
        if cost.weightFiles > 0 {
            lines.append(
                "weights  \(weightsText), \(sizeText(decimal: cost.weightBytes)) in all, "
                    + "in the run directory's folder weights")
        }
        if spec.figures.isEmpty {
            lines.append("figures  none asked for; tables/summary.dat is always written")
        }
        for (index, figure) in spec.figures.enumerated() {
            lines.append("\(index == 0 ? "figures" : "       ")  \(figure.name): \(describe(figure))")
        }
        return lines.joined(separator: "\n")
    }

    private var weightsText: String {
        let files =
            cost.isSampled
            ? "about " + countText(Int(cost.weightFiles), "file") : countText(Int(cost.weightFiles), "file")
        return switch spec.weights {
        case .none: ""
        case .final: "after the last step: \(files)"
        case .best: "at the lowest test loss of the trace: \(files)"
        case .steps: "after the steps listed: \(files)"
        }
    }

    /// "of which training 3 %, local_rank 97 %", and how to turn off a measure that the sweep doesn't ask for.
    private var partsText: String {
        var words: [String] = []
        for part in cost.parts {
            let share = 100 * part.seconds / max(cost.seconds, .leastNormalMagnitude)
            let percent = share < 0.5 ? "under 1 %" : "\(Int(share.rounded())) %"
            words.append("\(part.name) \(percent)")
        }
        var text = "         of which " + words.joined(separator: ", ")
        if !spec.asksForLocalRank,
            cost.parts.contains(where: { $0.name == MeasureDeclaration.localRank.name })
        {
            text += "\n         (local_rank is on unless the sweep says 'measures: {local_rank: false}')"
        }
        return text
    }

    /// Steps per epoch, where trials train for epochs.
    private var epochLines: [String] {
        cost.epochs.prefix(6).enumerated().map { position, epoch in
            let left =
                epoch.left == 0
                ? "" : "; the other \(countText(epoch.left, "point")) of each epoch's order are not used"
            return (position == 0 ? "epochs   " : "         ")
                + "\(countText(epoch.steps, "step")) an epoch: \(groupedText(epoch.points)) training points in batches of "
                + "\(groupedText(epoch.batch))\(left)"
        } + (cost.epochs.count > 6 ? ["         … and other sizes"] : [])
    }

    /// The kinds of theory that the figure shows: closed forms, bounds for networks that learn from a
    /// teacher, …
    private func theoryNames(_ figure: FigureSpec) -> String {
        let hasTeacher = spec.grid.count > 0 && spec.grid[0].settings.dataset.description is TeacherData
        var names: [String] = []
        for metric in figure.y.map(\.metric) {
            let name = hasTeacher && metric.hasBound ? "bound" : metric.hasTheory ? metric.theoryName : nil
            if let name, !names.contains(name) { names.append(name) }
        }
        return names.joined(separator: ", ")
    }

    private func layerText(_ layer: FigureSpec.Layer?) -> String {
        switch layer {
        case .number(let number)?: " of layer \(number)"
        case .last?: " of the last layer"
        case .each?: " of each layer"
        case .min?: " of the layer of least"
        case .hiddenMin?: " of the hidden layer of least"
        case nil: ""
        }
    }

    private func describe(_ figure: FigureSpec) -> String {
        if case .stars(let classes) = figure.form {
            let stars =
                classes.isEmpty
                ? ["a star of the class that the others determine best"]
                : ["a star for each of the classes \(listed(classes.map { String($0) }, "and"))"]
            return
                (stars
                + [
                    figure.curves.map { "a curve for each \($0)" },
                    figure.panels.map { "a panel for each \($0)" },
                ]
                .compactMap { $0 }).joined(separator: ", ")
        }
        let x =
            switch figure.x {
            case .axis(let path): path
            case .betaIB: "1/beta"
            case .step: "training step"
            case .metric(let quantity): "\(quantity.metric.key), along training"
            case .hiddenLayers: "hidden layers"
            case .summary(let quantity, let points): "\(quantity.metric.key), a point for each \(points)"
            case .entry: figure.y.first?.metric.list?.of ?? "entry"
            case .layer: "layer"
            }
        let y = figure.y.map { quantity in
            quantity.metric.key + (quantity.threshold.map { " at \(JSONValue.text(of: $0))" } ?? "")
                + layerText(quantity.layer)
        }
        var text = y.joined(separator: ", ") + (figure.isHeatmap ? ", as colour, over " : " against ") + x
        if let curves = figure.curves {
            text += figure.isHeatmap ? " and \(curves)" : ", a curve for each \(curves)"
        }
        if let panels = figure.panels { text += ", a panel for each \(panels)" }
        if figure.theory { text += ", with theory (\(theoryNames(figure)))" }
        if let fit = figure.fit { text += fit == .line ? ", with fitted lines" : ", with fitted powers" }
        return text
    }

    var json: JSONValue {
        var members = self.members
        if let bytes = cost.memoryBytes { members["memory_bytes"] = JSONValue(bytes) }
        return .object(members)
    }

    private var members: [String: JSONValue] {
        [
            "name": .string(spec.name), "model": .string(spec.model),
            "digest": .string(spec.digest), "trials": JSONValue(spec.grid.count), "points": JSONValue(points),
            "seeds": JSONValue(seeds), "slots": JSONValue(slots), "shards": JSONValue(shards),
            "axes": .array(
                spec.axes.map { .object(["path": .string($0.path), "count": JSONValue($0.count)]) }),
            "cost": .object([
                "model": .string("operations"), "core_hours": .number(cost.coreHours),
                "seconds_per_trial_least": .number(cost.leastSeconds),
                "seconds_per_trial_most": .number(cost.maxSeconds), "sampled": .bool(cost.isSampled),
                "parts": .array(
                    cost.parts.map {
                        .object(["name": .string($0.name), "core_hours": .number($0.seconds / 3600)])
                    }),
            ]),
            "epochs": .array(
                cost.epochs.map { epoch in
                    .object([
                        "points": JSONValue(epoch.points), "batch_size": JSONValue(epoch.batch),
                        "steps": JSONValue(epoch.steps), "points_left": JSONValue(epoch.left),
                    ])
                }),
            "weights": .object([
                "files": .number(cost.weightFiles.rounded()), "bytes": .number(cost.weightBytes.rounded()),
            ]),
            "figures": .array(spec.figures.map { .string($0.name) }),
        ]
    }
}
