import Foundation
import Testing
import Text

@Suite struct EntryFigureTests {
    @Test func `The plan says what a heatmap shows`() throws {
        let work = try Workspace()
        try work.write(
            """
            name: map
            model: mlp
            dataset: {name: teacher, inputs: 6, norm: 8}
            axes: {width: [4, 8], depth: [2, 3]}
            training: {steps: 5}
            figures: [{name: map, x: width, y: depth, color: test_loss}]
            """, to: "s.yaml")
        let plan = try work.run("plan", "s.yaml")
        #expect(plan.output.contains("test_loss, as colour, over width and depth\n"), "\(plan.all)")
    }

    @Test func `A list is drawn against its indices, and is in no summary`() throws {
        let work = try Workspace()
        try work.write(
            """
            name: lists
            model: mlp
            dataset: {name: teacher, inputs: 6, norm: 8, train_points: 40, test_points: 30}
            axes: {width: [4, 8], seed: {range: [0, 2]}}
            depth: 3
            training: {steps: 50, batch_size: 8, log_det: {weight: 0.001, layers: [1, 2]}}
            measures: {classification_dimension: true, independence_deficit: {penalty: 0.1}, local_rank: false}
            figures:
              - {name: components, x: entry, y: pca_accuracy, curves: width}
              - {name: weights, x: entry, y: {metric: decider_weights, threshold: 1}, panels: width}
              - {name: stars, style: star, classes: [0, 1], curves: width}
              - {name: best, style: star}
            """, to: "s.yaml")
        let run = try work.run("run", "s.yaml", "--out", "run", "--workers", "1")
        #expect(run.code == 0, "\(run.all)")
        #expect(!run.all.contains("warning"), "\(run.all)")
        let stars = try String(decoding: work.bytes("run/figures/stars.gp"), as: UTF8.self)
        #expect(stars.contains("# class 0 (R²") && stars.contains("# class 1 (R²"))
        let plan = try work.run("plan", "s.yaml").output
        #expect(plan.contains("stars: a star for each of the classes 0 and 1, a curve for each width\n"))
        #expect(plan.contains("best: a star of the class that the others determine best\n"))
        let table = try String(decoding: work.bytes("run/tables/components.dat"), as: UTF8.self)
        #expect(table.contains("entry [principal components]"))
        // The width 8 has the entries 1 ... 8.
        let last = table.split(separator: "\n").last.map { $0.split(separator: " ") } ?? []
        #expect(last.first == "8" && last.dropFirst().first.flatMap { Double($0) } != nil)
        let script = try String(decoding: work.bytes("run/figures/weights.gp"), as: UTF8.self)
        #expect(script.contains("weight in class (1)") && script.contains("set xlabel"))
        let summary = try String(decoding: work.bytes("run/tables/summary.dat"), as: UTF8.self)
        #expect(!summary.contains("pca_accuracy") && summary.contains("classification_dimension"))
        for (figure, words) in [
            ("{name: a, x: entry, y: accuracy}", "accuracy is no list"),
            ("{name: a, x: width, y: pca_accuracy}", "pca_accuracy is a list"),
        ] {
            let text = try String(decoding: work.bytes("s.yaml"), as: UTF8.self)
            let head = text.split(separator: "figures:")[0]
            try work.write(head + "figures: [\(figure)]\n", to: "wrong.yaml")
            let end = try work.run("plan", "wrong.yaml")
            #expect(end.code == 2 && end.errors.contains(words), "\(end.all)")
        }
    }
}
