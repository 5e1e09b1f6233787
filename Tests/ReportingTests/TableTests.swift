import Foundation
import Records
import Sweep
import Testing

@testable import Reporting

private let figure = "{name: kl, x: beta, y: kl_nats, curves: depth}"

@Test func `A table has a block for each curve and names its columns`() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(
            figures: "{name: rank, x: beta, y: informative_directions, curves: depth}")
        try report(SyntheticRecords(spec: spec), in: folder)
        #expect(
            try text(of: folder + "/tables/rank.dat") == """
                # Figure rank of the sweep small
                # Sweep digest \(spec.digest)
                # Over seeds: mean, standard error, 95 % interval by Student's t; Q:n seeds in the mean of Q, \
                n trials measured; diverged and failed ones are in no mean. nan: no value
                # Units: beta [1], beta_ib = 1/beta [1], informative_directions [1]
                # Columns: 1:beta 2:beta_ib 3:informative_directions:mean 4:informative_directions:stderr \
                5:informative_directions:ci95_low 6:informative_directions:ci95_high \
                7:informative_directions:n 8:informative_directions:theory 9:depth 10:n 11:diverged 12:failed
                # index 0: depth 1
                0.1 10 5 0 5 5 3 5 1 3 0 0
                0.5 2 3 0 3 3 3 3 1 3 0 0


                # index 1: depth 2
                0.1 10 5 0 5 5 3 5 2 3 0 0
                0.5 2 3 0 3 3 3 3 2 3 0 0

                """)
    }
}

@Test func `Diverged trials are counted and not averaged`() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(figures: figure)
        // The last seed of beta 0.1 and depth 1, and all of beta 0.5 and depth 1.
        let outcome = try report(SyntheticRecords(spec: spec, diverged: [2, 6, 7, 8]), in: folder)
        #expect(outcome.records == 12)
        #expect(outcome.diverged == 4)
        let table = try text(of: folder + "/tables/kl.dat")
        let rows = rows(of: table)
        #expect(rows[0][6] == "2" && rows[0].suffix(3) == ["2", "1", "0"])
        #expect(rows[1] == ["0.5", "2", "nan", "nan", "nan", "nan", "0", rows[1][7], "1", "0", "3", "0"])
        let metrics = SyntheticRecords(spec: spec).lines.prefix(2)
        let values = try metrics.map {
            try #require(Record(parsing: Array($0.utf8)).metrics["kl_nats"]?.number)
        }
        #expect(Double(rows[0][2]) == (values[0] + values[1]) / 2)
    }
}

@Test func `Trials that differ in an unnamed axis are never averaged`() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(
            figures: "{name: kl, x: beta, y: kl_nats}", axes: ", bottleneck: [1, 2]")
        try report(SyntheticRecords(spec: spec), in: folder)
        let table = try text(of: folder + "/tables/kl.dat")
        #expect(
            table.split(separator: "\n").filter { $0.hasPrefix("# index") }.map(String.init) == [
                "# index 0: depth 1, bottleneck 1", "# index 1: depth 1, bottleneck 2",
                "# index 2: depth 2, bottleneck 1",
                "# index 3: depth 2, bottleneck 2",
            ])
        #expect(rows(of: table).allSatisfy { $0.suffix(3) == ["3", "0", "0"] })
    }
}

@Test func `An axis that advances with the seed is not averaged over`() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(
            figures: figure, axes: ", training.batch_size: [8, 16, 32]",
            more: "zip: [[seed, training.batch_size]]")
        try report(SyntheticRecords(spec: spec), in: folder)
        #expect(
            rows(of: try text(of: folder + "/tables/kl.dat")).allSatisfy { $0.suffix(3) == ["1", "0", "0"] })
        let summary = rows(of: try text(of: folder + "/tables/summary.dat"))
        #expect(summary.count == 12)
        #expect(summary.allSatisfy { $0.suffix(3) == ["1", "0", "0"] })
    }
}

@Test func `Drawn axes are sorted, and points with one value of x are not averaged`() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(
            figures: """
                {name: rate, x: training.learning_rate, y: kl_nats, curves: depth, panels: beta},
                {name: batch, x: training.batch_size, y: kl_nats, curves: depth, panels: beta}
                """,
            axes: ", training.batch_size: {uniform: [8, 10], count: 6}, "
                + "training.learning_rate: {log_uniform: [1e-3, 1], count: 6}",
            more: "zip: [[training.batch_size, training.learning_rate]]")
        try report(SyntheticRecords(spec: spec), in: folder)
        let rates = rows(of: try text(of: folder + "/tables/rate.dat"))
        #expect(rates.count == 24 && rates.allSatisfy { $0.suffix(3) == ["3", "0", "0"] })
        let x = rates.prefix(6).compactMap { Double($0[0]) }
        #expect(x.count == 6 && zip(x, x.dropFirst()).allSatisfy { $0 < $1 })
        // Six points of at most three batch sizes.
        let sizes = rows(of: try text(of: folder + "/tables/batch.dat"))
        #expect(Set(sizes.map { $0[0] }).count <= 3)
        #expect(sizes.count == 24 && sizes.allSatisfy { $0.suffix(3) == ["3", "0", "0"] })
    }
}

@Test func `The summary has every point and every number`() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(figures: "", axes: ", activation: [linear, relu]")
        try report(SyntheticRecords(spec: spec), in: folder)
        let table = try text(of: folder + "/tables/summary.dat")
        let names = try columns(of: table)
        #expect(names.prefix(5) == ["beta", "depth", "activation", "dataset", "train_loss:mean"])
        #expect(names.suffix(3) == ["n", "diverged", "failed"])
        for name in ["kl_nats:ci95_low", "local_rank_0.1_layer2:mean", "local_rank_noise_1:stderr"] {
            #expect(names.contains(name))
        }
        let rows = rows(of: table)
        #expect(rows.count == 8)
        #expect(rows.allSatisfy { $0.count == names.count })
        #expect(rows[1].prefix(4) == ["0.1", "1", "\"relu\"", "\"gaussian\""])
        // A network of one layer has no second.
        let second = try #require(names.firstIndex(of: "local_rank_0.1_layer2:mean"))
        #expect(rows[0][second] == "nan")
        #expect(rows[2][second] != "nan")
    }
}

@Test func `Step figures read the trace and each layer has its curve`() throws {
    try withFolder { folder in
        let spec = try SweepSpec.small(
            figures: "{name: t, x: step, y: {metric: local_rank, threshold: 0.1, layer: each}, panels: beta}",
            more: "measures: {trace_at: log}")
        try report(SyntheticRecords(spec: spec), in: folder)
        let table = try text(of: folder + "/tables/t.dat")
        #expect(table.contains("# index 5: β = 0.5; depth 2, layer 2\n"))
        #expect(!table.contains("# index 6"))
        #expect(rows(of: table).prefix(7).map { $0[0] } == ["1", "3", "10", "30", "100", "300", "1000"])
    }
}

@Test func `Equal records give equal bytes`() throws {
    let spec = try SweepSpec.small(figures: figure)
    let files = ["tables/kl.dat", "tables/summary.dat", "figures/kl.gp"]
    let first = try withFolder { folder in
        try report(SyntheticRecords(spec: spec), in: folder)
        return try files.map { try text(of: folder + "/" + $0) }
    }
    let second = try withFolder { folder in
        try report(SyntheticRecords(spec: spec), in: folder)
        return try files.map { try text(of: folder + "/" + $0) }
    }
    #expect(first == second)
}
