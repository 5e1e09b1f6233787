import Console
import Files
import Glibc
import Model
import Sweep
import Text
import Transport

let dataCommand = Command(
    "data", "fetches or verifies the image data sets, or describes files of your own",
    operands: ["fetch|verify|describe", "NAME", "[FILE]…"],
    options: [
        dataOption, jsonOption,
        OptionSpec(
            "--mirror", "URL",
            "fetch from this web folder instead of the built-in mirrors; may be repeated: the first is tried "
                + "first",
            isRepeatable: true),
        OptionSpec(
            "--digests", "FILE", "what the files should be, as sha256sum writes it", isHidden: true),
        OptionSpec(
            "--timeout", "SECONDS", "after so long a server that sends nothing is given up", isHidden: true),
    ],
    details: """
        NAME is mnist, fashion-mnist or all (both). The four files of a set, NAME.gz each, go to DIR/mnist
        or DIR/fashion-mnist once their SHA-256 is right; correct files are not fetched again. After Ctrl-C
        or a network failure, the same command continues where it stopped. 'verify' exits with code 0 if all
        files are right, else 2. Fetching needs the program curl. 'verify cifar-10' checks the form of
        DIR/cifar-10/data_batch_1.bin to data_batch_5.bin and test_batch.bin, 'verify cifar-100' that of
        DIR/cifar-100/train.bin and test.bin. 'describe FILE [FILE]…' says
        what .npy and .csv files hold, and prints the section of a sweep file that trains on them; it exits
        with code 2 if one can't be used.
        """,
    examples: [
        "ranksweep data fetch all",
        "ranksweep data verify mnist --data ~/datasets",
        "ranksweep data fetch mnist --mirror https://example.org/mnist",
        "ranksweep data describe x_train.npy y_train.npy x_test.npy y_test.npy",
    ],
    run: runData)

private func runData(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    if arguments.operands[0] == "describe" {
        for option in ["--data", "--mirror"] where arguments.has(option) {
            throw .input("\(option) is for image sets; 'describe' takes files")
        }
        return try describe(Array(arguments.operands.dropFirst()), asJSON: arguments.has("--json"))
    }
    let order = try DataOrder(arguments)
    if arguments.has("--json") { throw .input("--json is for 'ranksweep data describe'") }
    guard arguments.operands.count == 2 else {
        throw .input("'ranksweep data \(arguments.operands[0])' takes one NAME; 'all' means every set")
    }
    return order.action == .fetch ? try fetch(order) : try verify(order)
}

/// A parsed `ranksweep data` command line.
struct DataOrder {
    enum Action: String, CaseIterable { case fetch, verify }

    var action: Action
    /// The name as typed: a set, or "all".
    var name: String
    var sets: [ImageSetDescription]
    /// The folder that holds the sets' folders.
    var data: String
    /// Mirrors to use instead of the built-in ones, unless empty.
    var mirrors: [String]
    var patience: Int
    private var digests: String?

    init(_ arguments: Arguments) throws(CommandFailure) {
        let word = arguments.operands[0]
        action = try Self.choice(word, among: Action.allCases, "'ranksweep data \(word)'")
        name = arguments.operands[1]
        if name == "all" {
            sets = ImageSetDescription.allCases.filter { !$0.publishedFiles.isEmpty }
        } else {
            let all = ImageSetDescription.allCases.filter { !$0.files.isEmpty }.map(\.rawValue) + ["all"]
            guard let set = ImageSetDescription(rawValue: name) else {
                if let answer = Alias.answer(to: name, isKnown: all.contains) {
                    throw .input(answer.message(for: name))
                }
                throw .input("no data set '\(name)'\(nearHint(name, all))")
            }
            if set.files.isEmpty { throw .input("\(set.rawValue) are computed: there are no files") }
            if set.batches != nil, action == .fetch {
                throw .input("\(set.rawValue) is not fetched: \(set.advice)")
            }
            sets = [set]
        }
        data = absolutePath(dataDirectory(arguments["--data"]))
        mirrors = arguments.all("--mirror")
        do throws(UsageError) {
            patience = try arguments.integer("--timeout", in: 1...3600) ?? 20
        } catch { throw CommandFailure(error) }
        digests = arguments["--digests"]
        if action == .fetch { try checkNewPath(data, "--data") }
        try checkMirrors()
    }

    private func checkMirrors() throws(CommandFailure) {
        guard !mirrors.isEmpty else { return }
        if action == .verify { throw .input("--mirror is for fetching; 'verify' fetches nothing") }
        // The files of both sets have the same names.
        if sets.count > 1 {
            throw .input("--mirror is a folder with one data set: name that set in place of 'all'")
        }
        let schemes = ["http://", "https://", "file://"]
        for mirror in mirrors where !schemes.contains(where: { mirror.lowercased().hasPrefix($0) }) {
            throw .input("--mirror: '\(mirror)' does not begin with \(listed(schemes, "or"))")
        }
    }

    private static func choice<Choice: RawRepresentable<String>>(
        _ word: String, among choices: [Choice], _ what: String
    ) throws(CommandFailure) -> Choice {
        if let choice = Choice(rawValue: word) { return choice }
        throw .input("no command \(what)\(nearHint(word, choices.map(\.rawValue) + ["describe"]))")
    }

    func files(of set: ImageSetDescription) throws(CommandFailure) -> [DataFile] {
        let files = DataFile.all(of: set)
        guard let digests else { return files }
        guard let list = wholeText(of: digests), let own = DataFile.replacingDigests(of: files, by: list)
        else { throw .input("\(digests): not a list of digests") }
        return own
    }

    func mirrors(of set: ImageSetDescription) -> [String] {
        (mirrors.isEmpty ? set.mirrors : mirrors).map { $0.hasSuffix("/") ? $0 : $0 + "/" }
    }

    /// The command that fetches a set, or resumes fetching it.
    func fetchLine(_ name: String) -> String {
        let option = data == absolutePath(dataDirectory(nil)) ? "" : " --data \(shellPath(data))"
        return "ranksweep data fetch \(name)\(option)"
            + mirrors.map { " --mirror \(shellQuoted($0))" }.joined()
    }
}

private func wholeText(of path: String) -> String? {
    guard let file = try? openStream(path) else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
}

// MARK: - verify

private func verify(_ order: DataOrder) throws(CommandFailure) -> ExitCode {
    if order.sets.count == 1, let batches = order.sets[0].batches {
        guard verify(order.sets[0], batches, in: order.data) else {
            throw .input("files not as they should be: \(order.sets[0].advice)")
        }
        return .done
    }
    var bad: [ImageSetDescription] = []
    var count = 0
    for set in order.sets {
        for file in try order.files(of: set) {
            let found = FoundFile(file, in: order.data)
            printOut(words(found, file))
            guard found.check != .right else { continue }
            count += 1
            if !bad.contains(set) { bad.append(set) }
        }
    }
    if bad.isEmpty { return .done }
    let name = bad.count == 1 ? bad[0].rawValue : "all"
    throw .input("\(countText(count, "file")) not as it should be; to fetch: \(order.fetchLine(name))")
}

private func words(_ found: FoundFile, _ file: DataFile) -> String {
    switch found.check {
    case .right: "right    \(found.path)"
    case .missing: "missing  \(found.path)"
    case .wrong(let digest):
        "wrong    \(found.path)\n"
            + "         SHA-256, uncompressed, should be \(file.digest)\n"
            + "                                       is \(digest)"
    case .unfinished: "wrong    \(found.path): it is cut short"
    case .broken(let why): "wrong    \(found.path): \(why)"
    }
}

// MARK: - fetch

private func fetch(_ order: DataOrder) throws(CommandFailure) -> ExitCode {
    guard let curl = findProgram("curl") else {
        throw .input("the program curl is not installed (Debian: apt install curl)")
    }
    var fetching = DataFetch(order: order, curl: curl, signals: SignalDescriptor())
    var failed: [String] = []
    for set in order.sets {
        switch try fetching.fetch(set) {
        case .interrupted:
            printError(
                "interrupted; the bytes received are kept\nto continue: \(order.fetchLine(order.name))")
            return .interrupted
        case .noMirror(let file): failed.append(file)
        case .allRight(let fetched):
            let count = fetched == 0 ? "none had to be" : "\(fetched)"
            printOut(
                "\(set.rawValue): all files are correct in \(order.data)/\(set.rawValue); fetched: \(count)")
        }
    }
    if failed.isEmpty { return .done }
    let lines = failed.map { "\($0): no mirror provided it" }
    throw .fault(
        lines.joined(separator: "\n")
            + "\n(to try again: \(order.fetchLine(order.name)); another mirror: --mirror URL)")
}
