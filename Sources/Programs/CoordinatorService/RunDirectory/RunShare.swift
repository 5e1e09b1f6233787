import Console
import Journal
import Scheduling
import Sweep
import Text

/// One share of a sweep, run by itself: `ranksweep shard`. Its run directory is the folder `FILE.work`.
struct RunShare: Equatable {
    let index: Int
    let count: Int
    /// The trials, ascending.
    let trials: [Int]
    /// The file for the share's result.
    let file: String

    static let setting = "shard"
    static let workSuffix = ".work"
    static let weightsSuffix = ".weights"

    var workPath: String { file + RunShare.workSuffix }
    var weightsPath: String { file + RunShare.weightsSuffix }
    /// "3 of 7", as the journal keeps it.
    var text: String { "\(index) of \(count)" }

    init(index: Int, count: Int, of spec: SweepSpec, file: String) {
        self.index = index
        self.count = count
        self.file = file
        trials = GridShards(of: spec.grid, count: count).trials(of: index)
    }

    /// The share of a work folder; nil for other run directories.
    init?(_ run: RunDirectory, _ journal: RunJournal) throws(JournalError) {
        guard let words = try journal.setting(RunShare.setting)?.split(separator: " "), words.count == 3,
            let index = Int(words[0]), let count = Int(words[2]), (1...GridShards.limit).contains(count),
            (0..<count).contains(index)
        else { return nil }
        let isNamed = run.path.hasSuffix(RunShare.workSuffix)
        self.init(
            index: index, count: count, of: run.spec,
            file: isNamed ? String(run.path.dropLast(RunShare.workSuffix.count)) : run.path)
    }

    /// Refuses a shard's folder where a run is expected: resuming it would run the whole sweep.
    static func refuse(_ run: RunDirectory, _ journal: RunJournal) throws(CommandFailure) {
        let share = try journaled { () throws(JournalError) in try journal.setting(setting) }
        guard let share else { return }
        throw .input(
            "\(run.path) is the work folder of shard \(share): the 'ranksweep shard' command that began it continues "
                + "it; \(quotedCommand("ranksweep merge \(run.word) --out DIR")) makes a run of its records"
        )
    }
}

extension RunDirectory {
    /// The outcome of each trial so far. For a share, trials outside it are marked as left out.
    func restored(
        _ journal: RunJournal
    ) throws(JournalError) -> [(trial: Int, outcome: Dispatcher.Restored)] {
        var restored = try journal.restored()
        guard let share else { return restored }
        var own = share.trials[...]
        for trial in 0..<spec.grid.count {
            if own.first == trial { own.removeFirst() } else { restored.append((trial, .excluded)) }
        }
        return restored
    }
}
