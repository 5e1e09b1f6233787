import Testing
import Text

@testable import Sweep

private func file(_ rest: String, dataset: String = "inputs: 8, norm: 5") -> String {
    """
    name: s
    model: mlp
    dataset: {name: teacher, \(dataset)}
    \(rest)
    """
}

private func message(_ text: String) -> String {
    do {
        _ = try SweepSpec(parsing: text, file: "s.yaml")
        return ""
    } catch { return error.message }
}

@Test func `A teacher's trial has its defaults`() throws {
    let sweep = try SweepSpec(parsing: file("training: {steps: 5}"), file: "s.yaml")
    let settings = sweep.grid[0].settings
    #expect(
        settings.dataset
            == Dataset(
                TeacherData(
                    task: .classification, inputs: 8, depth: 2, width: 4, norm: 5, seed: 0, trainPoints: 128,
                    testPoints: 1024)))
    #expect(settings.training.loss == .logistic)
    #expect(settings.network.hidden == [64] && settings.network.activation == .relu)
    #expect(!settings.network[Setting.biases])
    #expect(settings.measures.weightNorms == nil)
    let again = try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "sweep.json")
    #expect(again == sweep)
}

@Test func `Norms of weights are measured where asked or their tolerance is given`() throws {
    func norms(_ measures: String) throws -> TrialSettings.WeightNorms? {
        let text = file(
            "training: {epochs: 5}\nmeasures: {\(measures)}", dataset: "inputs: 8, norm: 5, task: regression")
        let sweep = try SweepSpec(parsing: text, file: "s.yaml")
        #expect(try SweepSpec(parsing: sweep.canonicalJSON.canonicalText, file: "s.json") == sweep)
        return sweep.grid[0].settings.measures.weightNorms
    }
    #expect(try norms("weight_norms: true") == .init())
    #expect(try norms("weight_norms: {tolerance: 1e-3}") == .init(tolerance: 1e-3))
    #expect(try norms("weight_norms: false") == nil)
}

@Test func `Wrong settings of a teacher are named`() {
    let steps = "training: {steps: 5}"
    let cases: [(text: String, message: String)] = [
        (
            file(steps, dataset: "inputs: 8"),
            "s.yaml:3:17: dataset: a teacher needs 'inputs', the number of x's components, and 'norm', its "
                + "weights' norm"
        ),
        (
            file(steps, dataset: "inputs: 8, norm: 5, task: regresion"),
            "dataset.task: 'regresion' must be one of classification or regression (did you mean 'regression'?)"
        ),
        (
            file("training: {steps: 5, loss: cross_entropy}"),
            "training.loss: cross_entropy does not fit an mlp on teacher: take logistic"
        ),
        (
            file("training: {steps: 5, batch_size: 200}"),
            "training.batch_size: a batch of 200 is larger than the 128 training points"
        ),
        (
            file(steps + "\nfigures: [{name: a, x: step, y: stable_rank}]\naxes: {measures.trace_at: [log]}"),
            "figures.y: stable_rank is not measured: set measures.weight_norms"
        ),
        (
            file(
                steps + "\naxes: {depth: [1, 2]}\nfigures: [{name: a, x: depth, y: train_loss, theory: true}]"
            ),
            "figures.theory: the theory has no train_loss"
        ),
        (
            """
            name: s
            model: vib
            dataset: {name: teacher, inputs: 8, norm: 5}
            beta: 0.1
            training: {steps: 5}
            """,
            "a teacher's data are for an mlp"
        ),
        (
            """
            name: s
            model: mlp
            dataset: mnist
            training: {steps: 5, loss: logistic}
            """,
            "training.loss: logistic does not fit an mlp on mnist: take cross_entropy or mean_squared_error"
        ),
        (
            """
            name: s
            model: resnet
            dataset: mnist
            biases: false
            training: {steps: 5}
            """,
            "biases: not used here: it needs model to be mlp or cnn, and it is resnet"
        ),
    ]
    for (text, due) in cases { #expect(message(text).contains(due), "\(message(text))") }
}

/// Settings that were added later may not change the identifiers of trials that do not use them.
@Test func `Earlier trials keep their identifiers`() throws {
    let text = """
        name: ids
        model: mlp
        dataset: {name: gaussian, correlations: [0.9, 0.8], inputs: 10, targets: 2, test_points: 1024}
        depth: 1
        activation: relu
        width: 16
        training: {steps: 200, weight_decay: 1e-3}
        measures: {trace_at: log}
        """
    #expect(
        try SweepSpec(parsing: text, file: "s.yaml").grid[0].id.text == "ebc10f164b0da44261599518d34069fc")
}
