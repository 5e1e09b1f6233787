import Console
import Launch
import Sweep
import Text
import Transport

let keysCommand = Command(
    "keys", "makes, lists, installs and revokes the keys of workers",
    operands: [keyVerbs.joined(separator: "|"), "DIR", "[NAME]"],
    options: [
        OptionSpec("--host", "HOST", "with install: the machine as ssh knows it (default: NAME)"),
        OptionSpec(
            "--folder", "FOLDER",
            "with install: the folder there, which is replaced (default: \(KeyInstallation.defaultFolder), in the "
                + "home directory)"),
        OptionSpec(
            "--ssh", "WORD",
            "with install: a further argument for ssh, such as --ssh=-p --ssh=2222; may be repeated",
            isRepeatable: true),
        OptionSpec(flag: "--keep", "with install: also leave the worker's keys here, for another machine"),
    ],
    details: """
        'new DIR' makes the coordinator's keys, for 'ranksweep run --keys DIR'. 'add DIR NAME' makes a
        worker's keys, in DIR/hosts/NAME; 'install DIR NAME' moves them to the worker's machine by ssh,
        replacing any that are there, for 'ranksweep-worker --keys'. 'renew DIR NAME' replaces a worker's
        keys by new ones. 'revoke DIR NAME' shuts a worker out: no command makes keys for its name, not even
        'launch', until 'unrevoke DIR NAME'; a revoked key stays revoked. Runs notice every change within
        seconds. 'list DIR' shows who may join, and who is revoked. Files named .secret are secret, and are
        refused where others could read them. docs/security.md says what keys protect, and what they don't.
        """,
    examples: [
        "ranksweep keys new ~/ranksweep-keys",
        "ranksweep keys add ~/ranksweep-keys node7",
        "ranksweep keys install ~/ranksweep-keys node7",
        "ranksweep keys revoke ~/ranksweep-keys node7",
    ],
    run: runKeys)

private let keyVerbs = ["new", "add", "install", "renew", "revoke", "unrevoke", "list"]

private func runKeys(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let (word, path) = (arguments.operands[0], arguments.operands[1])
    guard keyVerbs.contains(word) else {
        let near = nearestSpelling(to: word, among: keyVerbs).map { "; did you mean '\($0)'?" }
        throw .input("ranksweep keys: '\(word)' must be one of \(listed(keyVerbs, "or"))\(near ?? "")")
    }
    guard !path.isEmpty else {
        throw .input("ranksweep keys \(word): DIR is empty: name the folder of the keys")
    }
    for option in ["--host", "--folder", "--ssh", "--keep"] where arguments.has(option) && word != "install" {
        throw .input("ranksweep keys \(word): \(option) goes with install")
    }
    let name = arguments.operands.count > 2 ? arguments.operands[2] : nil
    guard word != "new", word != "list" else {
        if let name { throw .input("ranksweep keys \(word): '\(name)' is one argument too many") }
        return word == "new" ? try newKeys(path) : try listKeys(path)
    }
    guard let name else {
        throw .input("ranksweep keys \(word): NAME is missing: which worker? For example its host's name")
    }
    let folder = try keyed { () throws(KeyError) in try CoordinatorKeyFolder(reading: path) }
    if word == "install" { return try installKeys(folder, name, arguments) }
    try keyed { () throws(KeyError) in
        switch word {
        case "add": try folder.add(name)
        case "renew": try folder.renew(name)
        case "revoke": try folder.revoke(name)
        default: try folder.unrevoke(name)
        }
    }
    printOut(done(word, name, path, folder.host(name)))
    return .done
}

/// A message about the change that was made, and the next step.
private func done(_ word: String, _ name: String, _ path: String, _ host: String) -> String {
    let folder = shellPath(path)
    switch word {
    case "revoke":
        return """
            \(name) is revoked: within seconds, runs that use \(path) refuse it, and no command makes keys for it. \
            To undo that:
              ranksweep keys unrevoke \(folder) \(name)
            """
    case "unrevoke":
        return """
            \(name) may have keys again; its revoked key stays revoked. 'ranksweep launch' makes new ones; by \
            hand:
              ranksweep keys add \(folder) \(name)
            """
    default:
        let first =
            word == "renew"
            ? "\(name) has new keys, in \(host); its old ones are refused."
            : "\(name) may join; its keys are in \(host)."
        return """
            \(first) To put them on its machine:
              ranksweep keys install \(folder) \(name)
            and there:
              ranksweep-worker --connect tcp://HOST:PORT --keys \(KeyInstallation.defaultFolder)
            """
    }
}

private func newKeys(_ path: String) throws(CommandFailure) -> ExitCode {
    try checkNewPath(path, "ranksweep keys new")
    try keyed { () throws(KeyError) in try CoordinatorKeyFolder.create(path) }
    printOut(
        """
        \(path): the coordinator's keys; keep them on this machine. For each worker:
          ranksweep keys add \(shellPath(path)) NAME
        then:
          ranksweep run SWEEP --listen tcp://0.0.0.0:5555 --keys \(shellPath(path))
        """)
    return .done
}

private func listKeys(_ path: String) throws(CommandFailure) -> ExitCode {
    let folder = try keyed { () throws(KeyError) in try CoordinatorKeyFolder(reading: path) }
    let (list, problems) = try keyed { () throws(KeyError) in try folder.allowList() }
    for problem in problems { printError("warning: \(problem.message)") }
    let workers = list.workers.map { (name: $0.value, key: $0.key) }.sorted { $0.name < $1.name }
    let revoked = folder.revokedNames()
    let width = (workers.map(\.name.count) + revoked.map(\.count)).max() ?? 0
    func line(_ name: String, _ text: String) {
        printOut(name + String(repeating: " ", count: width - name.count + 2) + text)
    }
    for (name, key) in workers {
        line(name, key.text + (list.revoked.contains(key) ? "  (revoked)" : ""))
    }
    for name in revoked { line(name, "revoked: ranksweep keys unrevoke \(shellPath(path)) \(name)") }
    if workers.isEmpty { printOut("no worker may join yet: ranksweep keys add \(shellPath(path)) NAME") }
    return problems.isEmpty ? .done : .incomplete
}

func installKeys(
    _ keys: CoordinatorKeyFolder, _ name: String, _ arguments: Arguments
) throws(CommandFailure) -> ExitCode {
    let files = try keyed { () throws(KeyError) in try keys.hostFiles(name) }
    let installation = KeyInstallation(
        host: arguments["--host"] ?? name, folder: arguments["--folder"] ?? KeyInstallation.defaultFolder,
        options: arguments.all("--ssh"))
    guard !installation.host.hasPrefix("-"), !installation.folder.hasSuffix("/"),
        !installation.folder.hasPrefix("-")
    else {
        throw .input(
            "ranksweep keys install: --host and --folder must not begin with '-', nor --folder end with '/'")
    }
    try installation.perform(files)
    if !arguments.has("--keep") { keys.removeHost(name) }
    printOut(
        "\(name): its keys are in \(installation.host):\(installation.folder)\(arguments.has("--keep") ? "" : ", and no longer on this machine")"
    )
    return .done
}
