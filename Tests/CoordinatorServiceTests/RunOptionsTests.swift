import Console
import Testing
import Text
import Transport

@testable import CoordinatorService

@Suite struct RunOptionsTests {
    private static let spec = CommandSpec("run", "runs", options: workerOptions)

    private func options(_ words: String..., after earlier: RunOptions? = nil) throws -> RunOptions {
        var options = earlier ?? RunOptions(slots: 4, data: "/data")
        try options.apply(Arguments(words, for: Self.spec))
        return options
    }

    @Test func `Without options there is one worker here with the default number of slots`() throws {
        let options = try options()
        #expect(options.workers == 1 && options.slots == 4 && options.listen == nil)
        // The number of slots is kept only where the user set it: another machine has another default.
        #expect(options.json == .object(["workers": .number(1), "data": .string("/data")]))
    }

    @Test func `Options are the same after the journal kept them`() throws {
        let all = try options(
            "--workers", "2", "--slots", "6", "--listen", "tcp://127.0.0.1:5555", "--data", "/sets",
            "--blas-kernel", "Haswell", "--checkpoint-every", "30", "--memory-limit", "2GiB",
            "--trial-limit", "90")
        #expect(all.workers == 2 && all.slots == 6 && all.data == "/sets" && all.kernel == "Haswell")
        #expect(all.checkpointSeconds == 30 && all.memoryLimit == 1 << 31 && all.trialLimit == .seconds(90))
        for options in [all, try options("--trial-limit", "none", "--checkpoint-every", "0")] {
            var restored = RunOptions(slots: 4, data: "/other")
            restored.restore(options.json)
            // An address is resolved again when it is used.
            #expect(restored.json == options.json)
            #expect(restored.trialLimit == options.trialLimit && restored.slots == options.slots)
        }
    }

    @Test func `A later command line changes what it names, and keeps the rest`() throws {
        let first = try options("--slots", "6", "--memory-limit", "1GiB", "--trial-limit", "90")
        let second = try options("--memory-limit", "none", "--trial-limit", "auto", after: first)
        #expect(second.slots == 6 && second.memoryLimit == nil && second.trialLimit == .automatic)
    }

    @Test func `As many workers as are asked for have a slot each, unless the slots are too few`() throws {
        #expect(try options("--workers", "9").slots == 9)
        #expect(try options("--workers", "2", "--slots", "2").slots == 2)
    }

    @Test(arguments: [
        (["--keys", "k", "--insecure"], "--keys and --insecure contradict each other"),
        (["--keys", "k"], "--keys is for workers started elsewhere"),
        (["--workers", "0"], "--workers 0 starts no workers"),
        (["--workers", "3", "--slots", "2"], "give at least --slots 3"),
        (
            ["--trial-limit", "soon"],
            "--trial-limit must be auto, none or a whole number of seconds, not 'soon'"
        ),
        (["--trial-limit", "0"], "--trial-limit must be auto, none or a whole number"),
        (["--listen", "tcp://0.0.0.0:5555"], "other machines can reach this address"),
        (["--listen", "5555"], "--listen: "),
        (["--blas-kernel", "../x"], "--blas-kernel: "),
    ])
    func `Options that contradict each other or have no meaning are refused`(
        words: [String], message: String
    ) throws {
        var options = RunOptions(slots: 4, data: "/data")
        let error = try #require(throws: CommandFailure.self) {
            try options.apply(Arguments(words, for: Self.spec))
        }
        #expect(error.code == .wrongUse && error.message.contains(message), "\(error.message)")
    }

    @Test
    func `The default limit of a trial is twenty times its estimate, and ten minutes at least`() throws {
        let automatic = try options()
        #expect(automatic.trialLimitSeconds(costliestTrial: 0.01) == 600)
        #expect(automatic.trialLimitSeconds(costliestTrial: 45.5) == 910)
        #expect(automatic.trialLimitSeconds(costliestTrial: 1e9) == 10_000_000)
        #expect(try options("--trial-limit", "none").trialLimitSeconds(costliestTrial: 45) == 0)
        #expect(try options("--trial-limit", "7").trialLimitSeconds(costliestTrial: 45) == 7)
    }

    @Test func `A resumed run listens at the port that it had`() throws {
        let any = try options("--listen", "tcp://127.0.0.1:*")
        #expect(any.lastPort == nil)
        #expect(any.listening(at: "tcp://127.0.0.1:7777").lastPort == 7777)
        #expect(try options().listening(at: "tcp://127.0.0.1:7777").lastPort == nil)
    }

    @Test func `A launched run is resumed by launch, with its cluster file`() throws {
        var options = try options()
        #expect(options.resumeCommand("runs/a b") == "ranksweep resume 'runs/a b'")
        options.cluster = "/etc/lab.yaml"
        #expect(options.resumeCommand("a") == "ranksweep launch /etc/lab.yaml a")
    }
}
