import CPosix
import Console
import Files
import Glibc
import Launch
import Model
import Sweep
import Transport

/// Fetches data sets: performs what each file's `FileFetch` decides.
struct DataFetch {
    enum End: Equatable {
        case allRight(fetched: Int)
        /// No mirror has this file. The files after it were not tried.
        case noMirror(file: String)
        case interrupted
    }

    let order: DataOrder
    let curl: String
    let signals: SignalDescriptor
    private var progress = FetchProgress()

    init(order: DataOrder, curl: String, signals: SignalDescriptor) {
        self.order = order
        self.curl = curl
        self.signals = signals
    }

    mutating func fetch(_ set: ImageSetDescription) throws(CommandFailure) -> End {
        let folder = "\(order.data)/\(set.rawValue)"
        try filed { () throws(FileError) in try makeFolder(folder) }
        let lock = try lockFolder(folder)
        defer { close(lock) }
        defer { progress.end() }
        var mirrors = order.mirrors(of: set)
        var fetched = 0
        for file in try order.files(of: set) {
            if signals.next() != nil { return .interrupted }
            let found = FoundFile(file, in: order.data)
            if found.check == .right {
                progress.say("\(file.path): already there")
                continue
            }
            if found.check != .missing { progress.say("\(found.path) is wrong: fetching it again") }
            var steps = FileFetch(mirrors: mirrors)
            let end = try fetch(file, &steps)
            mirrors = steps.orderForNext
            guard end == nil else { return end ?? .interrupted }
            fetched += 1
        }
        return .allRight(fetched: fetched)
    }

    /// Locks the folder: two fetches that append to the same files would corrupt them.
    private func lockFolder(_ folder: String) throws(CommandFailure) -> Int32 {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .init(FileError(path: folder, doing: "open the folder", code: errno))
        }
        // A file system without locks is used without them.
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            close(descriptor)
            throw .input("\(folder): another 'ranksweep data fetch' is working there")
        }
        return descriptor
    }

    /// - Returns: nil where the file is now there and correct.
    private mutating func fetch(_ file: DataFile, _ steps: inout FileFetch) throws(CommandFailure) -> End? {
        let path = "\(order.data)/\(file.path).gz"
        let partial = path + ".partial"
        progress.begin(file)
        defer { if fileSize(partial) == 0 { unlink(partial) } }
        var effects = steps.handle(.began(partial: fileSize(partial) ?? 0))[...]
        while let effect = effects.popFirst() {
            switch effect {
            case .check: effects += steps.handle(.checked(DataCheck(of: partial, against: file.digest)))
            case .discard: unlink(partial)
            case .transfer(let mirror):
                let result = try transfer("\(mirror)\(file.name).gz", to: partial)
                effects += steps.handle(.transferred(result.end, offset: result.offset, size: result.size))
            case .warn(let text): progress.say("warning: \(text)")
            case .stop(.notWritten(let why)): throw .fault("\(partial): cannot write: \(why)")
            case .stop: return .interrupted
            case .giveUp: return .noMirror(file: "\(file.path).gz")
            case .adopt:
                try filed { () throws(FileError) in try adoptFile(partial, as: path) }
                progress.finish(file, mirror: steps.mirrors.first ?? "")
            }
        }
        return nil
    }

    private mutating func transfer(
        _ url: String, to partial: String
    ) throws(CommandFailure) -> (end: TransferEnd, offset: Int, size: Int) {
        let transfer = Transfer(curl: curl, url: url, partial: partial, patience: order.patience)
        return try transfer.run(signals: signals) { progress.update(size: $0) }
    }
}

/// The progress that a user sees: a line at the foot of a terminal, otherwise a line every half minute.
struct FetchProgress {
    private var terminal = Terminal()
    private var file: DataFile?
    private var start: Int64 = 0
    private var first: Int?
    private var last: Int64 = 0
    private var size = 0

    mutating func say(_ line: String) { terminal.print(line) }

    mutating func begin(_ file: DataFile) {
        self.file = file
        start = monotonicMilliseconds()
        last = start
        first = nil
        size = 0
    }

    mutating func update(size: Int) {
        let now = monotonicMilliseconds()
        self.size = size
        if first == nil { first = size }
        guard let file, now - last >= (terminal.isTerminal ? 200 : 30_000) else { return }
        last = now
        let line = fetchLine(
            file, size: size, gained: size - (first ?? size), seconds: Double(now - start) / 1000)
        if terminal.isTerminal { terminal.setFoot(line) } else { terminal.print(line) }
    }

    mutating func finish(_ file: DataFile, mirror: String) {
        let seconds = Double(monotonicMilliseconds() - start) / 1000
        terminal.setFoot("")
        let from = first == nil ? "whole already" : "from \(mirror) in \(durationText(seconds: seconds))"
        say("\(file.path).gz: \(from)")
    }

    mutating func end() { terminal.setFoot("") }
}

/// "mnist/train-images-idx3-ubyte.gz: 3.2 of 9.9 MB · 1.2 MB/s · about 6 s left".
func fetchLine(_ file: DataFile, size: Int, gained: Int, seconds: Double) -> String {
    func megabytes(_ bytes: Double) -> String { "\((bytes / 1e5).rounded() / 10)" }
    // A mirror may compress the same bytes slightly better or worse.
    let isUsual = size <= file.defaultSize
    var line = "\(file.path).gz: \(megabytes(Double(size)))"
    line += isUsual ? " of \(megabytes(Double(file.defaultSize))) MB" : " MB"
    guard seconds > 0, gained > 0 else { return line }
    let rate = Double(gained) / seconds
    line += " · \(megabytes(rate)) MB/s"
    if isUsual { line += " · \(aboutText(seconds: Double(file.defaultSize - size) / rate)) left" }
    return line
}
