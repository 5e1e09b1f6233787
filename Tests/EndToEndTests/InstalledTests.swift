import Foundation
import Testing

/// The installed program: recipes by name, completions, manual pages, and no trace afterwards.
@Suite struct InstalledTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let binaries = URL(
        filePath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    ).deletingLastPathComponent()

    private func script(_ name: String) -> String {
        Self.root.appending(path: "cluster/packaging/\(name)").path
    }

    /// Every file and folder below one.
    private func tree(_ folder: String, _ work: Workspace) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: work.folder.appending(path: folder).path).sorted()
    }

    /// A root folder with the programs installed in /usr.
    private func installed(_ work: Workspace) throws {
        // The scripts install what needs no library of Swift's: here they install what starts this build's programs.
        let folder = work.folder.path
        let end = try packaging("install.sh", ["\(folder)/programs", "\(folder)/root", "/usr"], work)
        #expect(end.code == 0, "\(end.all)")
    }

    /// Runs a script of the packaging on programs that start this build's. Programs in "tools" replace the system's.
    private func packaging(_ name: String, _ arguments: [String], _ work: Workspace) throws -> Program.Result
    {
        for program in ["ranksweep", "ranksweep-worker"] {
            let path = Self.binaries.appending(path: program).path
            try work.writeScript("exec '\(path)' \"$@\"", to: "programs/\(program)")
        }
        let path = "\(work.folder.path)/tools:/usr/bin:/bin"
        return try work.start(script(name), arguments, environment: ["PATH": path]).wait()
    }

    @Test
    func `An installation has everything in its place, and uninstalling it leaves what was there before`()
        throws
    {
        let work = try Workspace()
        for folder in ["root/usr/bin", "root/usr/share/man"] {
            try FileManager.default.createDirectory(
                at: work.folder.appending(path: folder), withIntermediateDirectories: true)
        }
        try work.write("mine", to: "root/usr/share/man/other")
        let before = try tree("root", work)
        try installed(work)
        let files = Set(try tree("root/usr", work))
        for file in [
            "bin/ranksweep", "bin/ranksweep-worker", "share/ranksweep/sweeps/demo.yaml",
            "share/ranksweep/sweep.schema.json", "share/man/man1/ranksweep.1",
            "share/man/man1/ranksweep-run.1",
            "share/man/man1/ranksweep-worker.1", "share/bash-completion/completions/ranksweep",
            "share/bash-completion/completions/ranksweep-worker", "share/zsh/site-functions/_ranksweep",
            "share/fish/vendor_completions.d/ranksweep.fish", "share/doc/ranksweep/README.md",
            "share/doc/ranksweep/docs/commands.md", "share/doc/ranksweep/cluster/ranksweep-worker.service",
        ] {
            #expect(files.contains(file), "\(file) is missing")
        }
        let recipes = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appending(path: "sweeps").path)
        #expect(recipes.allSatisfy { files.contains("share/ranksweep/sweeps/\($0)") })
        // Installing again replaces.
        try installed(work)
        #expect(Set(try tree("root/usr", work)) == files)
        let root = work.folder.appending(path: "root").path
        let end = try work.start(script("uninstall.sh"), [root, "/usr"]).wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(try tree("root", work) == before)
        let again = try work.start(script("uninstall.sh"), [root, "/usr"]).wait()
        #expect(again.code == 2 && again.errors.contains("ranksweep is not installed in"))
    }

    @Test
    func `An installation that was cut short can be removed, and so can the rest of one whose removal was`()
        throws
    {
        let work = try Workspace()
        try work.writeScript("", to: "root/mine")
        let before = try tree("root", work)
        let root = work.folder.appending(path: "root").path
        // The first manual page ends the installation, and the last program ends the removal.
        try work.writeScript(
            "case $4 in */man/*) exit 1 ;; esac; exec /usr/bin/install \"$@\"", to: "tools/install")
        #expect(try packaging("install.sh", ["\(work.folder.path)/programs", root, "/usr"], work).code != 0)
        #expect(work.exists("root/usr/bin/ranksweep"))
        try work.writeScript(
            "case $2 in */bin/ranksweep) exit 1 ;; esac; exec /usr/bin/rm \"$@\"", to: "tools/rm")
        #expect(try packaging("uninstall.sh", [root, "/usr"], work).code != 0)
        #expect(work.exists("root/usr/bin/ranksweep") && !work.exists("root/usr/share/ranksweep/sweeps"))
        #expect(try work.start(script("uninstall.sh"), [root, "/usr"]).wait().code == 0)
        #expect(try tree("root", work) == before)
    }

    @Test func `No package is made of programs with a library of no Debian package`() throws {
        let work = try Workspace()
        try work.writeScript("echo ' NEEDED libunpackaged.so.1'", to: "tools/objdump")
        // One after the other: they are made in the same folder.
        for found in ["not found", "/usr/lib/libunpackaged.so.1 (0x1)"] {
            try work.writeScript("echo '\tlibunpackaged.so.1 => \(found)'", to: "tools/ldd")
            let end = try packaging("deb.sh", ["\(work.folder.path)/programs"], work)
            #expect(end.code == 1 && end.output.isEmpty, "\(end.all)")
            #expect(end.errors.contains("no Debian package has libunpackaged.so.1"), "\(end.all)")
        }
    }

    @Test func `Programs that need Swift's libraries are not installed`() throws {
        let work = try Workspace()
        let end = try work.start(
            script("install.sh"), [Self.binaries.path, work.folder.path + "/root", "/usr"]
        ).wait()
        #expect(end.code == 2 && end.errors.contains("make static"), "\(end.all)")
        #expect(!work.exists("root"))
    }

    @Test func `An installed program finds its recipes and its schema beside itself`() throws {
        let work = try Workspace()
        try installed(work)
        let program = work.folder.appending(path: "root/usr/bin/ranksweep")
        try FileManager.default.removeItem(at: program)
        try FileManager.default.copyItem(at: Self.binaries.appending(path: "ranksweep"), to: program)
        let plan = try work.start(program.path, ["plan", "demo"]).wait()
        #expect(plan.code == 0 && plan.output.contains("trials   96"), "\(plan.all)")
        #expect(plan.errors.contains("/root/usr/share/ranksweep/sweeps/demo.yaml"))
        #expect(try work.start(program.path, ["init", "vib"]).wait().code == 0)
        #expect(
            try work.text("vib.yaml").contains(
                "$schema=\(work.folder.path)/root/usr/share/ranksweep/sweep.schema"))
    }

    @Test
    func
        `A recipe is found by its name, with every command that takes a sweep; a file of that name comes first`()
        throws
    {
        let work = try Workspace()
        for name in ["demo", "demo.yaml", "sweeps/demo.yaml"] {
            let plan = try work.run("plan", name)
            #expect(plan.code == 0 && plan.output.contains("sweep    demo (vib)"), "\(plan.all)")
        }
        let shard = try work.run(
            "shard", "demo", "--index", "0", "--count", "2", "--out", "part", "--set", "beta=0.1", "--set",
            "depth=1", "--set", "seed=0", "--set", "training.steps=5")
        #expect(shard.code == 0, "\(shard.all)")
        let merged = try work.run(
            "merge", "part", "--sweep", "demo", "--set", "beta=0.1", "--set", "depth=1", "--set", "seed=0",
            "--set", "training.steps=5", "--out", "runs/merged")
        #expect(merged.output.contains("of 1 trial"), "\(merged.all)")
        let run = try work.run(
            "run", "demo", "--set", "beta=0.1,0.5", "--set", "seed=0", "--set", "training.steps=5")
        #expect(run.code == 0 && work.exists("runs/demo/figures/kl-and-rank.png"), "\(run.all)")
        try work.write(smallSweep(), to: "demo")
        #expect(try work.run("plan", "demo").output.contains("sweep    small (vib)"))
    }

    @Test(arguments: [
        ("dmeo", "dmeo: no such file; did you mean the recipe 'demo'?"),
        (
            "gaussian",
            "did you mean the recipe 'gaussian-vib', 'gaussian-vib-general' or 'local-rank-gaussian'?"
        ),
        ("sweeps/grok.yaml", "did you mean the recipe 'grokking'?"),
        ("zzzzzz", "zzzzzz: no such file; the recipes, which need no path, are in "),
        ("other/demo.yaml", "other/demo.yaml: no such file\n"),
    ])
    func `A name that is near those of recipes is answered with them`(name: String, answer: String) throws {
        let work = try Workspace()
        for command in ["plan", "run"] {
            let end = try work.run(command, name)
            #expect(end.code == 2 && end.errors.contains(answer), "\(end.errors)")
        }
    }

    @Test func `Init writes a file for each model, which plan accepts, and overwrites none`() throws {
        let work = try Workspace()
        for model in ["mlp", "vib", "cnn", "resnet", "vit", "mixer", "gmlp", "layers"] {
            let made = try work.run("init", model)
            #expect(
                made.code == 0 && made.output.contains("next: ranksweep plan \(model).yaml"), "\(made.all)")
            let plan = try work.run("plan", "\(model).yaml")
            #expect(plan.code == 0 && plan.output.contains("sweep    \(model) (\(model))"), "\(plan.all)")
        }
        #expect(try work.run("init", "my-study", "--model", "cnn").code == 0)
        #expect(try work.text("my-study.yaml").contains("\nname: my-study\nmodel: cnn\n"))
        for (words, answer) in [
            (["init", "vib"], "vib.yaml exists and is not overwritten"),
            (["init", "resnt"], "no model 'resnt'; did you mean 'resnet'?; to use this name for the sweep:"),
            (
                ["init", "x", "--model", "gpt"],
                "no model 'gpt'; choose from mlp, vib, cnn, resnet, vit, mixer, gmlp or layers"
            ),
            (["init", "a b", "--model", "mlp"], "name"),
        ] {
            let end = try work.start("ranksweep", words).wait()
            #expect(end.code == 2 && end.errors.contains(answer), "\(end.all)")
        }
        #expect(!work.exists("a b.yaml"))
    }

    @Test(arguments: [
        (["ranksweep", "pla"], ["plan"]), (["ranksweep", "un"], ["unpause"]),
        (["ranksweep", "plan", "grok"], ["grokking"]), (["ranksweep", "plan", "--js"], ["--json"]),
        (["ranksweep", "run", "--set", "training.learn"], ["training.learning_rate="]),
        (["ranksweep", "completions", ""], ["bash", "zsh", "fish"]),
        (["ranksweep", "figures", "o"], ["one folder"]),
        (["ranksweep", "plan", "o"], ["one folder", "one.yaml"]),
        (["ranksweep", "run", "demo", "--out", "=", "one "], ["one folder"]),
        (["ranksweep", "run", "--set", "depth", "="], []), (["ranksweep", "plan", "-", "--js"], ["--json"]),
        (["ranksweep", "data", "fetch", "fash"], ["fashion-mnist"]),
        (["ranksweep-worker", "--con"], ["--connect"]), (["ranksweep-worker", "--parent"], []),
    ])
    func `Bash completes by the script`(words: [String], expected: [String]) throws {
        let work = try Workspace()
        try work.write("", to: "one.yaml")
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "one folder"), withIntermediateDirectories: false)
        let list = words.map { "'\($0)'" }.joined(separator: " ")
        let end = try work.shell(
            """
            source <(ranksweep completions bash) && complete -p \(words[0]) | grep -q _ranksweep || exit 1
            COMP_WORDS=(\(list)); COMP_CWORD=\(words.count - 1)
            _ranksweep; for word in "${COMPREPLY[@]}"; do echo "$word"; done
            """)
        #expect(end.code == 0, "\(end.errors)")
        #expect(end.output.split(separator: "\n").map(String.init).sorted() == expected.sorted())
    }

    private static func has(_ program: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\(program)")
    }

    @Test(.enabled(if: has("zsh"), "zsh is not installed")) func `Zsh reads its script`() throws {
        try expectReadable(by: "zsh")
    }

    @Test(.enabled(if: has("fish"), "fish is not installed")) func `Fish reads its script`() throws {
        try expectReadable(by: "fish")
        let work = try Workspace()
        try work.write("", to: "one.part")
        for (line, word) in [
            ("ranksweep pla", "plan"), ("ranksweep plan grok", "grokking"),
            ("ranksweep shard demo --out=one", "--out=one.part"), ("ranksweep run --se", "--set"),
            ("ranksweep run --set=training.learn", "--set=training.learning_rate="),
        ] {
            let end = try work.shell(
                "HOME=$PWD fish -c 'ranksweep completions fish | source; complete -C \"\(line)\"'")
            #expect(
                end.output.hasPrefix(word) && end.output.split(separator: "\n").count == 1,
                "\(end.all)")
        }
    }

    private func expectReadable(by shell: String) throws {
        let work = try Workspace()
        let end = try work.shell("ranksweep completions \(shell) > script && \(shell) -n script")
        #expect(end.code == 0 && end.errors.isEmpty, "\(end.all)")
    }

    @Test(.enabled(if: has("groff"), "groff is not installed"))
    func `Every manual page is formatted without a warning, and says what the help says`() throws {
        let work = try Workspace()
        let made = try work.shell(
            "ranksweep man --out man && ranksweep-worker --man > man/ranksweep-worker.1")
        #expect(made.code == 0, "\(made.all)")
        let pages = try FileManager.default.contentsOfDirectory(
            atPath: work.folder.appending(path: "man").path)
        #expect(pages.count > 20)
        for page in pages {
            let shown = try work.shell("groff -Tutf8 -ww -man -P -cbou man/\(page)")
            #expect(shown.code == 0 && shown.errors.isEmpty, "\(page): \(shown.errors)")
        }
        let run = try work.shell("groff -Tutf8 -ww -man -P -cbou man/ranksweep-run.1").output
        #expect(run.contains("ranksweep run SWEEP [options]") && run.contains("--set PATH=V1,V2,…"))
        #expect(try work.run("man", "run").output == work.text("man/ranksweep-run.1"))
        #expect(try work.run("man", "rum").errors.contains("did you mean 'run'?"))
    }

    @Test(arguments: [nil, 60]) func `Helps are no wider than 80 columns, or than COLUMNS`(columns: Int?)
        throws
    {
        let work = try Workspace()
        let environment = ["COLUMNS": columns.map { String($0) } ?? ""]
        let overview = try work.run("--help", environment: environment).output
        let commands = overview.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(commands.count > 15)
        let lines =
            [("ranksweep", ["--help"]), ("ranksweep-worker", ["--help"])]
            + commands.map { ("ranksweep", [$0, "--help"]) }
        for (program, words) in lines {
            let help = try work.start(program, words, environment: environment).wait().output
            for line in help.split(separator: "\n") {
                // A word alone may be wider: nothing can be broken there.
                let isWhole =
                    line.drop { $0 == " " }.split(separator: " ").count == 1 || line.hasPrefix("  ranksweep")
                #expect(line.count <= columns ?? 80 || isWhole && columns != nil, "\(words): \(line)")
            }
        }
    }

    @Test(arguments: ["", "5.10.1"])
    func `Make without Swift, or with an old one, prints the lines that bring it`(version: String) throws {
        let work = try Workspace()
        try work.writeScript(
            version.isEmpty ? "exit 127" : "echo 'Swift version \(version) (swift-RELEASE)'", to: "swift")
        let end = try work.start(
            "/usr/bin/make", ["-C", Self.root.path, "setup"],
            environment: ["PATH": "\(work.folder.path):/usr/bin:/bin", "MAKEFLAGS": ""]
        ).wait()
        #expect(end.code == 2)
        #expect(end.output.contains("./swiftly init") && end.output.contains("sudo apt-get install -y"))
        #expect(version.isEmpty || end.output.contains("this machine has 5.10"))
    }
}
