import Records
import Sweep
import Testing
import Text

@testable import Reporting

private func spec(_ figure: String) throws -> SweepSpec {
    try SweepSpec(
        parsing: """
            name: layers
            model: mlp
            dataset: {name: gaussian, correlations: [0], inputs: 4, targets: 1, test_points: 16}
            axes: {initialisation: [gaussian, uniform], seed: [0, 1]}
            depth: 4
            width: 4
            training: {steps: 0, batch_size: 16}
            measures: {weight_product: {indices: [2, 3], tolerances: [0.1]}}
            figures: [{name: a, x: layer, \(figure)}]
            """, file: "s.yaml")
}

private func record(_ spec: SweepSpec, _ index: Int) throws -> Record {
    let trial = spec.grid[index]
    let scale = Double(index + 1)
    var body: [String: JSONValue] = [
        "outcome": .string("measured"),
        "metrics": .object([
            "product_root": .object([
                "2": .array([.number(scale), .number(2 * scale), .null]),
                "3": JSONValue([7.0, 8, 9]),
            ]),
            "product_rank": .object(["0.1": JSONValue([4, 3, 1])]),
        ]),
    ]
    if index < 2 {
        body["theory"] = .object(["product_root": .object(["2": JSONValue([0.5, 0.25, 0.125])])])
    }
    let line = recordLine(trial: trial, sweepDigest: spec.digest, body: .object(body))
    return try Record(parsing: Array(line.utf8))
}

@Test func `Against the layer a curve has a point for each, the mean over seeds, and its theory`() throws {
    let spec = try spec("y: {metric: product_root, threshold: 2}, curves: initialisation, theory: true")
    var data = FigureData(try #require(spec.figures.first), of: ReportScope(spec))
    for index in 0..<4 { data.add(try record(spec, index)) }
    let curves = try #require(data.panels.first?.curves)
    #expect(
        data.panels.count == 1
            && curves.map(\.label.text) == ["initialisation = gaussian", "initialisation = uniform"])
    #expect(curves[0].sorted.map(\.x) == [1, 2, 3])
    #expect(curves[0].sorted.map { $0.samples[0].mean } == [1.5, 3, nil])
    #expect(curves[1].sorted.map { $0.samples[0].mean } == [3.5, 7, nil])
    #expect(curves[0].sorted.map { $0.theory[0] } == [0.5, 0.25, 0.125])
    #expect(curves[1].sorted.map { $0.theory[0] } == [nil, nil, nil])
    let table = Table(sweepName: "layers", sweepDigest: "d", squaredLoss: true, data: data)
    #expect(
        table.columns.names.first == "layer"
            && table.text.contains("\n3 nan nan nan nan 0 0.125 \"gaussian\" 2 0 0\n"))
}

@Test func `The spec of a figure against the layer is read back as it was written`() throws {
    let spec = try spec("y: [{metric: product_root, threshold: 2}, product_rank], panels: initialisation")
    #expect(spec.figures.first?.x == .layer && spec.figures.first?.y.first?.layer == .each)
    let again = try SweepSpec(parsing: spec.canonicalJSON.canonicalText, file: "sweep.json")
    #expect(again.figures == spec.figures && again.digest == spec.digest)
}

@Test func `Against the layer, quantities have layers, and all of them`() throws {
    for (figure, words) in [
        ("y: test_loss", "test_loss has no layers"),
        ("y: {metric: local_rank, threshold: 0.1, layer: 2}", "leave 'layer' out"),
    ] {
        let error = #expect(throws: SweepError.self) { try spec(figure) }
        #expect(error.map { "\($0)".contains(words) } == true, "\(String(describing: error))")
    }
}
