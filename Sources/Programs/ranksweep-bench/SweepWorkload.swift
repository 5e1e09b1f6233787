import Records
import Console
import Fitting
import Glibc
import Sweep
import Text
import Transport

/// Trainings of the MLP 784-200-200-200-10, two epochs each, as `ranksweep run` does them: from the start of
/// the command until it has written records, table and page, and ended.
func measureSweep(_ options: Options) throws(BenchError) -> Measurement {
    guard let data = options.data else { throw .sweepNeedsData }
    let trainings = options.trials ?? 16
    var measurement = Measurement(seconds: [])
    var (peaks, slotPeaks, accuracies): ([Int], [Int], [Double]) = ([], [], [])
    for _ in 0..<options.repeats {
        let sweep = try SweepRun(trainings: trainings, slots: options.slots ?? 2, data: data)
        measurement.seconds.append(sweep.seconds)
        peaks.append(sweep.peakBytes)
        slotPeaks.append(sweep.slotPeakBytes)
        accuracies.append(sweep.accuracy)
    }
    measurement.trials = trainings
    measurement.details = [
        "trials": JSONValue(trainings), "slots": JSONValue(options.slots ?? 2),
        "trainings_per_hour": .number(3600 * Double(trainings) / measurement.medianSeconds),
        "all_processes_peak_bytes": JSONValue(peaks), "slot_peak_bytes": JSONValue(slotPeaks),
        Metric.accuracy.key: .number(median(accuracies) ?? 0),
    ]
    return measurement
}

private struct SweepRun {
    let seconds: Double
    /// Peak memory of the coordinator, its worker and the slots together, in bytes, sampled four
    /// times a second.
    let peakBytes: Int
    /// Peak memory of the largest slot, including what it shares.
    let slotPeakBytes: Int
    /// Mean accuracy over the trainings.
    let accuracy: Double

    init(trainings: Int, slots: Int, data: String) throws(BenchError) {
        let folder = try WorkFolder()
        defer { folder.remove() }
        let sweep = """
            name: sweep
            model: mlp
            dataset: mnist
            hidden: [200, 200, 200]
            axes:
              seed: {range: [0, \(trainings)]}
            training: {optimizer: adam, learning_rate: 1e-3, batch_size: 128, epochs: 2}
            measures: {local_rank: false}
            """
        try write(sweep, to: folder.path + "/sweep.yaml")
        let (clock, log) = (ContinuousClock(), folder.path + "/run.log")
        let begin = clock.now
        let run = try start(
            try besideThisProgram("ranksweep"),
            [
                "run", folder.path + "/sweep.yaml", "--out", folder.path + "/run", "--slots", String(slots),
                "--data",
                data,
            ], log)
        var (peak, end, looks): (Int, ChildProgram.End?, Int) = (0, nil, 0)
        while end == nil {
            usleep(20_000)
            // Counting a process's pages stops the process, and takes a CPU from the slots.
            if looks.isMultiple(of: 12) { peak = max(peak, familyBytes(run.process)) }
            looks += 1
            end = run.endIfEnded()
        }
        seconds = (clock.now - begin) / .seconds(1)
        guard end?.isSuccess == true else { throw .programFailed(log: text(of: log)) }
        peakBytes = peak
        let attempts = lines(folder.path + "/run/provenance.ndjson")
        slotPeakBytes = Int(attempts.compactMap { $0[.peakMemoryBytes]?.number }.max() ?? 0)
        let correct = lines(folder.path + "/run/records.ndjson").compactMap {
            $0["metrics"]?[Metric.accuracy.key]?.number
        }
        accuracy = correct.reduce(0, +) / Double(max(1, correct.count))
    }
}

private func lines(_ path: String) -> [JSONValue] {
    text(of: path).split(separator: "\n").compactMap { try? JSONValue(parsing: $0.utf8) }
}
