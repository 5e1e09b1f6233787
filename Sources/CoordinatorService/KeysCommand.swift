import Console
import Text
import Transport

let keysSpec = CommandSpec(
    "ranksweep keys", "makes, lists and revokes the keys of a coordinator and its workers",
    operands: ["new|add|revoke|list", "DIR", "[NAME]"],
    details: """
        'new DIR' makes the coordinator's keys, for 'ranksweep run --keys DIR'. 'add DIR NAME' makes those of
        a worker, in DIR/hosts/NAME: copy that folder to the worker's machine, for 'ranksweep-worker --keys',
        and delete it here. 'revoke DIR NAME' shuts a worker out; runs that are going on notice both within
        seconds. 'list DIR' shows who may join. Files named .secret are for nobody else's eyes, and are
        refused where others could read them. docs/security.md says what keys protect, and what they do not.
        """,
    examples: [
        "ranksweep keys new ~/ranksweep-keys",
        "ranksweep keys add ~/ranksweep-keys node7",
        "scp -rp ~/ranksweep-keys/hosts/node7 node7:ranksweep-keys",
        "ranksweep keys revoke ~/ranksweep-keys node7",
    ])

func runKeys(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let words = ["new", "add", "revoke", "list"]
    let (word, path) = (arguments.operands[0], arguments.operands[1])
    guard words.contains(word) else {
        let near = nearestSpelling(to: word, among: words).map { "; did you mean '\($0)'?" }
        throw .input("'ranksweep keys \(word)' is none of new, add, revoke and list\(near ?? "")")
    }
    guard !path.isEmpty else {
        throw .input("ranksweep keys \(word): DIR is empty: name the folder of the keys")
    }
    let name = arguments.operands.count > 2 ? arguments.operands[2] : nil
    guard let name else {
        if word == "add" || word == "revoke" {
            throw .input("ranksweep keys \(word): NAME is missing: which worker? For example its host's name")
        }
        return word == "new" ? try newKeys(path) : try listKeys(path)
    }
    guard word == "add" || word == "revoke" else {
        throw .input("ranksweep keys \(word): '\(name)' is one argument too many")
    }
    let folder = try keyed { () throws(KeyError) in try CoordinatorKeyFolder(reading: path) }
    if word == "revoke" {
        try keyed { () throws(KeyError) in try folder.revoke(name) }
        printOut("\(name) is revoked: runs that use \(path) let it in no more, within seconds")
        return .done
    }
    try keyed { () throws(KeyError) in try folder.add(name) }
    let host = folder.host(name)
    printOut(
        """
        \(name) may join; its keys are in \(host). Copy them to its machine, then delete them here:
          scp -rp \(host) \(name):ranksweep-keys && rm -r \(host)
        and there:
          ranksweep-worker --connect tcp://HOST:PORT --keys ranksweep-keys
        """)
    return .done
}

private func newKeys(_ path: String) throws(CommandFailure) -> ExitCode {
    try keyed { () throws(KeyError) in try CoordinatorKeyFolder.create(path) }
    printOut(
        """
        \(path): the coordinator's keys; keep them on this machine. For each worker:
          ranksweep keys add \(path) NAME
        then:
          ranksweep run SWEEP --listen tcp://0.0.0.0:5555 --keys \(path)
        """)
    return .done
}

private func listKeys(_ path: String) throws(CommandFailure) -> ExitCode {
    let folder = try keyed { () throws(KeyError) in try CoordinatorKeyFolder(reading: path) }
    let (list, problems) = try keyed { () throws(KeyError) in try folder.allowList() }
    for problem in problems { printError("warning: \(problem.message)") }
    let workers = list.workers.map { (name: $0.value, key: $0.key) }.sorted { $0.name < $1.name }
    let width = workers.map(\.name.count).max() ?? 0
    for (name, key) in workers {
        let space = String(repeating: " ", count: width - name.count + 2)
        let mark = list.revoked.contains(key) ? "  (revoked)" : ""
        printOut("\(name)\(space)\(key.text)\(mark)")
    }
    if workers.isEmpty { printOut("no worker may join yet: ranksweep keys add \(path) NAME") }
    return problems.isEmpty ? .done : .incomplete
}
