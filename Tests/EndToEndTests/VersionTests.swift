import Foundation
import Testing
import Text
import Transport
import Wire

@Suite struct VersionTests {
    @Test
    func `Every command refuses a run directory of another version in one sentence, and leaves it`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "r").code == 0)
        let sweep = try String(decoding: work.bytes("r/sweep.json"), as: UTF8.self)
        #expect(sweep.hasSuffix(",\"version\":\(formatVersion)}\n"))
        let commands = [
            ["status", "r"], ["resume", "r"], ["figures", "r"], ["check", "r"], ["merge", "r", "--out", "m"],
            ["extend", "r", "--set", "seed=0,1,2,3,4,5"], ["pause", "r"], ["run", "s.yaml", "--out", "r"],
        ]
        func refusal(_ maker: String) -> String {
            "r was made by \(maker); this is \(programVersion), which reads format \(formatVersion): "
        }
        for (text, reported) in [
            (
                sweep.replacing(",\"version\":\(formatVersion)", with: ""),
                "r/sweep.json lacks its 'version', and the journal beside it has format \(formatVersion): "
            ),
            (
                sweep.replacing("\"version\":\(formatVersion)", with: "\"version\":\(formatVersion - 1)"),
                refusal("ranksweep 0.1 (format \(formatVersion - 1))")
            ),
            (
                sweep.replacing("\"version\":\(formatVersion)", with: "\"version\":\(formatVersion + 1)"),
                refusal("a later ranksweep (format \(formatVersion + 1))")
            ),
        ] {
            try work.write(text, to: "r/sweep.json")
            for command in commands {
                let end = try work.start("ranksweep", command).wait()
                #expect(end.code == 2, "\(command): \(end.all)")
                #expect(end.errors.contains(reported), "\(command): \(end.errors)")
            }
            #expect(try work.bytes("r/sweep.json") == Data(text.utf8))
        }
    }

    @Test func `An old option is an error that gives the new name`() throws {
        let work = try Workspace()
        for (program, words, reported) in [
            ("ranksweep", ["pause", "r", "--off"], "'ranksweep pause --off' is now 'ranksweep unpause DIR'"),
            ("ranksweep-worker", ["--patience", "9"], "'--patience' is now '--coordinator-timeout'"),
            ("ranksweep-worker", ["--margin=9"], "'--margin' is now '--shutdown-margin'"),
            ("ranksweep-worker", ["--stop-with-stdin"], "'--stop-with-stdin' is now '--exit-on-stdin-eof'"),
        ] {
            let end = try work.start(program, words).wait()
            #expect(end.code == 2 && end.errors.contains(reported), "\(end.all)")
        }
        try Data().write(to: work.folder.appending(path: "w.safetensors"))
        for old in ["localRank", "weightNorms", "effectiveRank", "activeUnits", "spectralNorm"] {
            let end = try work.run("measure", "w.safetensors", "--measures", old)
            #expect(end.code == 2 && end.errors.contains("--measures: '\(old)' is now '"), "\(end.all)")
        }
        let help = try work.start("ranksweep-worker", ["--help"]).wait().output
        let options = help.split(whereSeparator: { !$0.isLetter && $0 != "-" }).filter { $0.hasPrefix("--") }
        #expect(options.count > 10 && options.allSatisfy { $0 == $0.lowercased() })
    }

    @Test func `A coordinator refuses a worker of another protocol, tells it, and goes on`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 70_000), to: "s.yaml")
        let coordinator = try work.start(
            "ranksweep", ["run", "s.yaml", "--out", "r", "--listen", "tcp://127.0.0.1:\(fixedPort())"])
        let address = try coordinator.listeningAddress()
        let socket = try WorkerSocket(connectingTo: Endpoint(parsing: address), as: WorkerID(7))
        try eventually("it is connected") { socket.news().contains(.connected) }
        #expect(socket.send([wireVersion - 1, 0, 1, 2, 3]))
        let reported =
            "warning: a worker was refused: it speaks version \(wireVersion - 1) of the protocol, the "
            + "coordinator version \(wireVersion)"
        try eventually("the user is told") { coordinator.errors.contains(reported) }
        // By its first byte the other side knows our version, whatever else it can read.
        var answer: [UInt8]?
        try eventually("the worker is told") {
            answer = answer ?? socket.receive()
            return answer != nil
        }
        #expect(answer?.first == wireVersion)
        coordinator.signal(SIGTERM)
        #expect(try coordinator.wait().code == 3)
    }

    @Test func `A worker ends at once where the coordinator speaks another protocol`() throws {
        let work = try Workspace()
        let socket = try CoordinatorSocket(listeningAt: Endpoint(loopbackPort: nil))
        let worker = try work.start("ranksweep-worker", ["--connect", socket.endpoint, "--slots", "1"])
        var sender: WorkerID?
        try eventually("it says hello") {
            sender = sender ?? socket.receive()?.worker
            return sender != nil
        }
        #expect(socket.send([wireVersion + 1, 0], to: try #require(sender)))
        let end = try worker.wait()
        #expect(end.code == 2)
        #expect(
            end.errors.contains(
                "error: the coordinator speaks version \(wireVersion + 1) of the protocol, this worker "
                    + "\(wireVersion): use the same version of ranksweep on both sides"), "\(end.errors)")
    }
}
