import Console
import Files
import Glibc
import Sweep
import Text

let initCommand = Command(
    "init", "writes a commented sweep file to begin with",
    operands: ["[NAME]"],
    options: [
        OptionSpec(
            "--model", "MODEL",
            "the model: \(listed(SweepTemplate.all.map(\.model), "or")) (default: NAME, or mlp)"),
        OptionSpec("--out", "FILE", "the file (default: NAME.yaml)"),
    ],
    details: """
        NAME names the sweep: letters, digits, '.', '_' and '-'. The name of a model alone is enough. The file
        runs as it is, without data to fetch, in a few minutes at most; its comments say what each setting
        means and which others the model takes.
        """,
    examples: ["ranksweep init vib", "ranksweep init my-study --model cnn"],
    run: runInit)

private func runInit(_ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let models = SweepTemplate.all.map(\.model)
    let name = arguments.operands.first ?? arguments["--model"] ?? models[0]
    let model = arguments["--model"] ?? name
    guard let template = SweepTemplate.all.first(where: { $0.model == model }) else {
        let own =
            arguments.has("--model")
            ? "" : "; to use this name for the sweep: ranksweep init \(name) --model MODEL"
        throw .input("no model '\(model)'\(nearHint(model, models))\(own)")
    }
    let file = arguments["--out"] ?? name + ".yaml"
    let schema = Recipes.share.map { $0 + "/sweep.schema.json" }
    let text = template.text(name: name, schema: schema)
    let spec = try orFail(CommandFailure.init(_:)) { () throws(SweepError) in
        try SweepSpec(parsing: text, file: file)
    }
    try checkNewPath(file, "--out")
    guard access(file, F_OK) != 0 else {
        throw .input("\(file) exists and is not overwritten; choose another name, or --out FILE")
    }
    try filed { () throws(FileError) in try writeFile(text.utf8, to: file) }
    let seconds = Plan(spec, slots: coreCount()).seconds
    printOut(
        "\(file): \(countText(spec.grid.count, "trial")), \(aboutText(seconds: seconds)) on this machine\n"
            + "next: ranksweep plan \(shellPath(file)), then ranksweep run \(shellPath(file))")
    if schema == nil { printError("for editors: ranksweep schema > sweep.schema.json") }
    return .done
}
