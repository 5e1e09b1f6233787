import Console
import Files
import Journal
import Records
import Wire

// The entries that a turn of the loop makes durable before it sends anything, and outages of the disk.

extension Coordinator {
    func weightsName(_ trial: Int, _ step: Int) -> String {
        keptWeights.fileName(run.spec.grid[trial].id, step: step)
    }

    mutating func write(_ step: WeightsStep) {
        files.append(step)
        guard unwritten == nil else { return }
        do throws(FileError) { try writeFiles() } catch { unwritten = error }
    }

    private mutating func writeFiles() throws(FileError) {
        while let step = files.first {
            try run.weights.perform(step)
            if let entry = weightDigests.note(step) { entries.append(entry) }
            files.removeFirst()
        }
    }

    /// Makes this turn's results durable, weights before the records that refer to them.
    private mutating func store() throws(Unwritten) {
        do throws(FileError) {
            if let unwritten, trouble == nil { throw unwritten }
            try writeFiles()
            unwritten = nil
        } catch { throw .weights(error) }
        do throws(JournalError) {
            let began = monotonicNanoseconds()
            let conflicts = try journal.append(entries)
            if !entries.isEmpty { tally.noteCommit(nanoseconds: monotonicNanoseconds() - began) }
            for conflict in conflicts { tell(conflict) }
        } catch { throw .journal(error) }
        entries.removeAll(keepingCapacity: true)
    }

    /// Makes this turn's results durable and then acknowledges them. During a disk outage it keeps them all
    /// and waits.
    mutating func flush() throws(CommandFailure) {
        let now = monotonicMilliseconds()
        if let trouble, now < trouble.nextTry { return }
        do throws(Unwritten) { try store() } catch {
            guard error.mayPass else {
                log.add(
                    "\(error.what) cannot be written; acknowledged records are safe, the others will be computed again"
                )
                throw error.failure
            }
            if trouble == nil { log.add(error.warning(freeIn: run.path)) }
            trouble =
                trouble?.failedAgain(at: now) ?? DiskOutage(at: now, why: error.reason(freeIn: run.path))
            return
        }
        for (message, worker) in coalescingAcknowledgements(sends) {
            let bytes = message.encoded
            tally.sentBytes += bytes.count
            socket.send(bytes, to: worker)
        }
        sends.removeAll(keepingCapacity: true)
        guard let past = trouble else { return }
        trouble = nil
        log.add("the disk accepts writes again, after \(past.durationText(at: now)): continuing")
        for event in past.missed(at: now) { handle(event) }
    }
}
