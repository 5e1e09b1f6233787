import Console
import Glibc
import Text
import Transport

/// The time to plan a sweep of a million trials, and from the command to its first trial. Seconds are those
/// of `ranksweep plan`.
func measureStart(_ options: Options) throws(BenchError) -> Measurement {
    let seeds = ((options.trials ?? 1_000_000) + 99) / 100
    var measurement = Measurement(seconds: [])
    var (planPeaks, runPeaks): ([Int], [Int]) = ([], [])
    var (listening, first): ([Double], [Double]) = ([], [])
    for _ in 0..<options.repeats {
        let (seconds, peak) = try plan(seeds: seeds)
        measurement.seconds.append(seconds)
        planPeaks.append(peak)
        let start = try StartedRun(options, seeds: seeds)
        listening.append(start.secondsToListening)
        first.append(start.secondsToFirstTrial)
        runPeaks.append(start.coordinatorBytes)
    }
    func each(_ values: [Double]) -> JSONValue { .array(values.map { .number($0) }) }
    measurement.details = [
        "trials": JSONValue(100 * seeds), "plan_peak_bytes": JSONValue(planPeaks),
        "seconds_to_listening": each(listening), "seconds_from_worker_to_first_trial": each(first),
        "coordinator_bytes": JSONValue(runPeaks),
    ]
    return measurement
}

private func plan(seeds: Int) throws(BenchError) -> (seconds: Double, peakBytes: Int) {
    let folder = try WorkFolder()
    defer { folder.remove() }
    try write(smallSweep(seeds: seeds), to: folder.path + "/sweep.yaml")
    let (clock, log) = (ContinuousClock(), folder.path + "/plan.log")
    let begin = clock.now
    let program = try start(try besideThisProgram("ranksweep"), ["plan", folder.path + "/sweep.yaml"], log)
    guard let usage = Usage(waitingFor: program.process) else { throw .programFailed(log: text(of: log)) }
    return ((clock.now - begin) / .seconds(1), usage.peakBytes)
}

private struct StartedRun {
    let secondsToListening: Double
    /// Seconds from the start of a worker to its slot's first trial.
    let secondsToFirstTrial: Double
    /// Memory of the coordinator when the first trial began, in bytes.
    let coordinatorBytes: Int

    init(_ options: Options, seeds: Int) throws(BenchError) {
        let (clock, served) = (ContinuousClock(), try ServedSweep(options, seeds: seeds, workers: 1))
        let (begin, log) = (clock.now, served.folder.path + "/worker.log")
        defer { served.folder.remove() }
        var hasEnded = false
        while !hasEnded, !text(of: log).contains(firstTrialLine) {
            hasEnded = served.workers[0].endIfEnded() != nil
            usleep(1000)
        }
        secondsToFirstTrial = (clock.now - begin) / .seconds(1)
        secondsToListening = served.secondsToListening
        coordinatorBytes = familyBytes(served.run.process)
        for process in [served.run] + served.workers {
            process.send(signal: SIGKILL)
            if process.process != served.workers[0].process || !hasEnded { _ = process.wait() }
        }
        guard !hasEnded else { throw .programFailed(log: text(of: log)) }
    }
}
