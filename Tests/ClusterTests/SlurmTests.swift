import Testing

@testable import Cluster

@Suite struct SlurmTests {
    @Test func `The output of squeue is read, and other text is refused`() throws {
        let text = """
            12_0|RUNNING|None|tcp://head:5555
            12_1|PENDING|Resources|tcp://head:5555
            13|PENDING|launch failed requeued held|(null)
            14_2|COMPLETING|None|a|b
            15_0|PENDING|JobHeldUser|

            """
        let list = try #require(Slurm().listed(text))
        #expect(list.map(\.listing.id) == ["12_0", "12_1", "13", "14_2", "15_0"])
        #expect(list.map(\.listing.phase) == [.running, .pending, .held, .over, .held])
        #expect(
            list.map(\.listing.reason) == ["None", "", "launch failed requeued held", "None", "JobHeldUser"])
        #expect(list.map(\.comment) == ["tcp://head:5555", "tcp://head:5555", "(null)", "a|b", ""])
        #expect(Slurm().listed("")?.isEmpty == true)
        for wrong in ["slurm_load_jobs error: x", "12_[0-3]|PENDING|None|", "-n|RUNNING|None|", "12|RUNNING"]
        {
            #expect(Slurm().listed(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `An array's jobs are named from what sbatch prints`() {
        #expect(Slurm().submitted("12\n", count: 2) == ["12_0", "12_1"])
        #expect(Slurm().submitted("sbatch: a warning\n12;cluster\n", count: 1) == ["12_0"])
        #expect(Slurm().submitted("", count: 1) == nil)
        #expect(Slurm().submitted("Submitted batch job 12", count: 1) == nil)
    }

    @Test(
        arguments: [
            ("sbatch: error: invalid partition specified: mian", true, false),
            ("sbatch: error: Memory specification can not be satisfied", true, false),
            (
                "sbatch: error: Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)",
                true, false
            ),
            (
                "sbatch: unrecognized option '--memm=4G'\nTry \"sbatch --help\" for more information", true,
                false
            ),
            ("allocation failure: Requested node configuration is not available", true, true),
            (
                "sbatch: error: Batch job submission failed: Requested node configuration is not available",
                true, true
            ),
            ("allocation failure: Unable to contact slurm controller (connect failure)", false, false),
            (
                "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation", false,
                false
            ),
            ("allocation failure: Required node not available (down, drained or reserved)", false, false),
            (
                "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
                false, false
            ),
            ("", false, false),
        ] as [(String, Bool, Bool)])
    func `Errors of sbatch are final or may pass`(
        text: String, isFinal: Bool, dependsOnNodes: Bool
    ) {
        let refusal = Slurm().refusal(text)
        #expect(refusal.isFinal == isFinal && refusal.dependsOnNodes == dependsOnNodes)
        if isFinal { #expect(refusal.text == text.split(separator: "\n").first.map(String.init)) }
    }

    @Test func `A node that is not up may be the one that is asked for`() {
        func areUp(_ states: String) -> Bool { Slurm().areNodesUp { _, _ in .output(states) } }
        #expect(areUp("idle\nallocated\nmixed\n") && !areUp("") && !Slurm().areNodesUp { _, _ in .failure })
        for state in ["down", "idle*", "drained", "DRAINING", "maint", "unknown", "powering_up"] {
            #expect(!areUp("idle\n\(state)\n"), "\(state)")
        }
    }

    private func option(_ nodes: String, _ ask: BatchQuestion) throws -> String {
        var slurm = Slurm()
        #expect(slurm.set("nodes", to: nodes) == nil)
        try slurm.prepare(asking: ask)
        return slurm.directives
    }

    @Test func `Several nodes become an exclusion of the others`() throws {
        func bed(_ program: String, _ arguments: [String]) -> BatchAnswer {
            switch (program, arguments.last) {
            case ("sinfo", _): .output("n1\nn2 \nn3\n")
            case (_, "n[1-2]"): .output("n1\nn2\n")
            case (_, "n[1-3]"): .output("n1\nn2\nn3\n")
            case (_, let last): .output("\(last ?? "")\n")
            }
        }
        #expect(try option("n[1-2]", bed) == "#SBATCH --exclude=n3\n")
        #expect(try option("n[1-3]", bed) == "", "all nodes")
        #expect(try option("n1", bed) == "#SBATCH --nodelist=n1\n")
        #expect(throws: BatchProblem("nodes", "Slurm has no node 'n4'; did you mean 'n1'?")) {
            try option("n4", bed)
        }
        #expect(try option("n4") { _, _ in .noProgram } == "#SBATCH --nodelist=n4\n", "nobody can tell")
        for answer in [BatchAnswer.noProgram, .failure] {
            #expect(throws: BatchProblem.self) { try option("n[1-2]") { _, _ in answer } }
        }
    }
}
