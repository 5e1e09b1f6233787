import Foundation
import Testing
import Text

/// A sweep with measures of the catalogue's table, from its file to its figures.
@Suite struct MeasuredRunTests {
    @Test
    func `A sweep with them runs, its records have their metrics, and figures of them are drawn`() throws {
        let work = try Workspace()
        try work.write(
            """
            name: ranks
            model: mlp
            dataset: {name: gaussian, correlations: [0.5, 0.9, 0.7], test_points: 200}
            axes: {width: [4, 8], seed: {range: [0, 2]}}
            training: {steps: 50, batch_size: 16}
            measures: {effective_rank: {points: 64}, weight_displacement: true, trace_at: {log: 5}, local_rank: false}
            figures:
              - {name: along, x: step, y: [effective_rank, {metric: weight_displacement, layer: each}], panels: width}
              - {name: end, x: width, y: [{metric: participation_ratio, layer: 1}, diffusion_exponent]}
            """, to: "s.yaml")
        let run = try work.run("run", "s.yaml", "--out", "run", "--workers", "1")
        #expect(run.code == 0, "\(run.all)")
        let lines = try String(decoding: work.bytes("run/records.ndjson"), as: UTF8.self).split(
            separator: "\n")
        #expect(lines.count == 4)
        for line in lines {
            let record = try JSONValue(parsing: line.utf8)
            for key in ["effective_rank", "rankme", "participation_ratio", "diffusion_exponent"] {
                #expect(record["metrics"]?[key]?.array?.count == 2, "\(key)")
            }
            #expect(record["trace"]?.array?.count == 5)
        }
        let along = try String(decoding: work.bytes("run/tables/along.dat"), as: UTF8.self)
        #expect(along.contains("effective_rank_last"))
        let script = try String(decoding: work.bytes("run/figures/end.gp"), as: UTF8.self)
        #expect(script.contains("participation ratio of layer 1") && script.contains("diffusion exponent"))
        let summary = try String(decoding: work.bytes("run/tables/summary.dat"), as: UTF8.self)
        #expect(summary.contains("weight_displacement_layer2:mean"))
    }
}
