import Foundation
import Testing

@Suite struct LaunchTests {
    @Test
    func `One command runs a sweep on its hosts to the bytes of a local run, whatever one of them says`()
        throws
    {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        #expect(try work.run("run", "s.yaml", "--out", "local").code == 0)
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[one, off2, {host: three, tunnel: true}, closed4]", more: "defaults: {slots: 1}")
        let end = try hosts.launch("s.yaml", "--out", "far").wait()
        #expect(end.code == 0, "\(end.all)")
        #expect(try work.bytes("far/records.ndjson") == work.bytes("local/records.ndjson"))
        #expect(end.errors.contains("one: sending the worker"))
        #expect(end.errors.contains("three: sending the worker"))
        #expect(
            end.errors.contains(
                "off2: cannot be reached (ssh: connect to host off2 port 22: Connection refused)"))
        #expect(
            end.errors.contains(
                "closed4: ssh refuses the login (me@closed4: Permission denied (publickey).)"))
        for line in [
            "never joined: host off2: ", "in a row, the last: cannot be reached",
            "never joined: host closed4: ",
        ] { #expect(end.output.contains(line), "\(end.output)") }
        #expect(!end.output.contains("host one:") && !end.output.contains("host three:"), "\(end.output)")
        #expect(try work.run("status", "far").output.contains("never joined: host off2: "))
        #expect(try hosts.left.isEmpty)

        // Nothing is sent twice, and a finished run says so.
        let again = try hosts.launch("s.yaml", "--out", "again").wait()
        #expect(again.code == 0 && !again.errors.contains("sending"), "\(again.all)")
        #expect(try work.bytes("again/records.ndjson") == work.bytes("local/records.ndjson"))
        #expect(try hosts.launch("again").wait().all.contains("nothing to resume"))

        // Keys are for nobody else's eyes, neither here nor there.
        for file in [
            "keys/coordinator.secret", "homes/one/.cache/ranksweep-worker/keys/lab-one/worker.secret",
        ] {
            let facts = try FileManager.default.attributesOfItem(
                atPath: work.folder.appending(path: file).path)
            #expect((facts[.posixPermissions] as? Int) == 0o600, "\(file)")
        }
        #expect(
            try work.bytes("homes/one/.cache/ranksweep-worker/keys/lab-one/worker.secret")
                == work.bytes("keys/hosts/one/worker.secret"))
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `Ctrl-C leaves no process anywhere, and the command that it tells goes on`(signal: Int32) throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20_000), to: "s.yaml")
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[one, two]", more: "defaults: {slots: 1}")
        let launch = try hosts.launch("s.yaml", "--out", "far")
        try eventually("both work") { launch.errors.components(separatedBy: "OpenBLAS kernel").count == 3 }
        launch.signal(signal)
        let end = try launch.wait()
        #expect(end.code == 3)
        #expect(
            end.errors.contains("to continue: ranksweep launch \(work.folder.path)/lab.yaml far"),
            "\(end.errors)")
        #expect(try hosts.left.isEmpty)
        let rest = try hosts.launch("far").wait()
        #expect(rest.code == 0, "\(rest.all)")
        #expect(try work.run("run", "s.yaml", "--out", "local").code == 0)
        #expect(try work.bytes("far/records.ndjson") == work.bytes("local/records.ndjson"))
    }

    @Test func `Workers end by themselves when launch is killed, and the next launch goes on`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 20_000), to: "s.yaml")
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[one, {host: two, tunnel: true}]", more: "defaults: {slots: 1}")
        let launch = try hosts.launch("s.yaml", "--out", "far")
        try eventually("both work") { launch.errors.components(separatedBy: "OpenBLAS kernel").count == 3 }
        launch.signal(SIGKILL)
        #expect(try launch.wait().code == 128 + SIGKILL)
        try eventually("nothing is left") { try hosts.left.isEmpty }
        #expect(try hosts.launch("far").wait().code == 0)
    }

    @Test func `A worker that is killed is started again, and nothing is lost`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 14_000), to: "s.yaml")
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[one]", more: "defaults: {slots: 1}")
        let launch = try hosts.launch("s.yaml", "--out", "far")
        try eventually("it works") { launch.errors.contains("OpenBLAS kernel") }
        let worker = try #require(try processes(with: work.folder.path, "--exit-on-stdin-eof").first)
        kill(worker, SIGKILL)
        let end = try launch.wait()
        #expect(end.code == 0)
        #expect(end.errors.contains("one: its worker was killed"), "\(end.errors)")
        #expect(end.errors.components(separatedBy: "worker on ").count >= 3, "\(end.errors)")
        #expect(try work.run("run", "s.yaml", "--out", "local").code == 0)
        #expect(try work.bytes("far/records.ndjson") == work.bytes("local/records.ndjson"))
    }

    @Test func `Hosts come and go with the file; a file with a mistake changes nothing`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 70_000), to: "s.yaml")
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[one]", more: "defaults: {slots: 1}")
        let launch = try hosts.launch("s.yaml", "--out", "far", "--follow-hosts")
        try eventually("one works") { launch.errors.contains("OpenBLAS kernel") }
        try hosts.cluster("[one, two", more: "defaults: {slots: 1}")
        try eventually("the mistake is told") { launch.errors.contains("the hosts are unchanged") }
        try hosts.cluster("[two]", more: "defaults: {slots: 1}")
        try eventually("two works") { launch.errors.components(separatedBy: "OpenBLAS kernel").count == 3 }
        #expect(launch.errors.contains("two is new in the cluster file"))
        #expect(launch.errors.contains("one is no longer in the cluster file"))
        try eventually("one is left") {
            try processes(with: work.folder.path, "lab-one", "--exit-on").isEmpty
        }
        #expect(try !processes(with: work.folder.path, "lab-two", "--exit-on").isEmpty)
        launch.signal(SIGTERM)
        #expect(try launch.wait().code == 3)
        #expect(try hosts.left.isEmpty)
    }

    @Test func `SIGHUP reads the file again`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 70_000), to: "s.yaml")
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[off1]")
        let launch = try hosts.launch("s.yaml", "--out", "far")
        try eventually("it waits") { launch.errors.contains("off1: cannot be reached") }
        try hosts.cluster("[one]")
        launch.signal(SIGHUP)
        try eventually("one works") { launch.errors.contains("OpenBLAS kernel") }
        launch.signal(SIGTERM)
        #expect(try launch.wait().code == 3)
    }

    @Test
    func `Data sets are sent, verified; those in a folder of the host's own are not overwritten`() throws {
        let work = try Workspace()
        try work.write(
            """
            name: images
            model: mlp
            dataset: mnist
            depth: 2
            width: 8
            axes: {seed: [1]}
            training: {steps: 2, batch_size: 8, learning_rate: 0.1}
            """, to: "s.yaml")
        let hosts = try PretendedHosts(work)
        let names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]
        for folder in ["data/mnist", "homes/two/own/mnist"] {
            try FileManager.default.createDirectory(
                at: work.folder.appending(path: folder), withIntermediateDirectories: true)
        }
        for name in names { try work.write("no images, but \(name)", to: "data/mnist/\(name)-ubyte") }
        try work.write("mine", to: "homes/two/own/mnist/\(names[0])-ubyte")
        try hosts.cluster("[one, {host: two, data: ~/own}]", more: "defaults: {slots: 1}")
        // The trial fails for want of images; what matters here arrived before.
        let end = try hosts.launch("s.yaml", "--out", "far", "--data", "data").wait()
        #expect(end.code == 1, "\(end.all)")
        for name in names {
            #expect(
                try work.text("homes/one/.cache/ranksweep-worker/data/mnist/\(name)-ubyte")
                    == "no images, but \(name)")
        }
        #expect(end.errors.contains("is not the data set that this machine has"), "\(end.errors)")
        #expect(try work.text("homes/two/own/mnist/\(names[0])-ubyte") == "mine")
    }

    @Test func `A damaged bundle is sent again; odd folders and talkative login files do no harm`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        let hosts = try PretendedHosts(work)
        let folder = "a 'b' \"c\" $(touch pwned) \\n d"
        try hosts.cluster(
            "[{host: loud, folder: '~/\(folder.replacingOccurrences(of: "'", with: "''"))'}]",
            more: "defaults: {slots: 1}")
        #expect(try hosts.launch("s.yaml", "--out", "a").wait().code == 0)
        let index = work.folder.appending(path: "homes/loud/\(folder)")
        let bundle = try #require(
            try FileManager.default.contentsOfDirectory(atPath: index.path).first { $0.hasPrefix("bundle-") })
        #expect(!work.exists("pwned") && !work.exists("homes/loud/pwned"))
        // As after a power cut: the file is there, and empty.
        try work.write("", to: "homes/loud/\(folder)/\(bundle)/ranksweep-worker")
        let again = try hosts.launch("s.yaml", "--out", "b").wait()
        #expect(again.code == 0 && again.errors.contains("loud: sending the worker"), "\(again.all)")
        #expect(try work.bytes("b/records.ndjson") == work.bytes("a/records.ndjson"))
    }

    @Test func `Status tells which hosts work, and why others wait`() throws {
        let work = try Workspace()
        try work.write(smallSweep(steps: 70_000), to: "s.yaml")
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[one, off2]", more: "defaults: {slots: 1}")
        let launch = try hosts.launch("s.yaml", "--out", "far")
        try eventually("one works") { launch.errors.contains("OpenBLAS kernel") }
        let text = try work.run("status", "far").output
        #expect(text.contains("2 hosts in the cluster file, workers run on 1"), "\(text)")
        #expect(text.contains("  host off2: "), "\(text)")
        #expect(text.contains("cannot be reached (ssh: connect to host off2 port 22"), "\(text)")
        #expect(text.contains("never joined: host off2: "), "\(text)")
        launch.signal(SIGTERM)
        #expect(try launch.wait().code == 3)
    }

    @Test func `A launch that cannot work is an error before anything is begun`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        let hosts = try PretendedHosts(work)
        func message(_ arguments: String...) throws -> String {
            let end = try work.start("ranksweep", ["launch"] + arguments, environment: hosts.environment)
                .wait()
            #expect(end.code == 2, "\(arguments)")
            return end.errors
        }
        try hosts.cluster("[one]")
        #expect(try message("lab.yml", "s.yaml").contains("lab.yml: no such file; did you mean 'lab.yaml'?"))
        #expect(try message("lab.yaml").contains("SWEEP|DIR is missing"))
        #expect(try message("lab.yaml", "t.yaml").contains("t.yaml: no such file"))
        #expect(try message("lab.yaml", "s.yaml", "--follow-host").contains("did you mean '--follow-hosts'?"))
        #expect(try message("lab.yaml", "s.yaml", "--bundle", "b.tgz").contains("b.tgz: no such file"))
        #expect(try message("lab.yaml", "s.yaml", "--bundle", "s.yaml").contains("not a .tar.gz archive"))
        #expect(try message("lab.yaml", "s.yaml", "--retry", "failed").contains("--retry continues a run"))
        try hosts.cluster("[{host: one, slot: 1}]")
        #expect(try message("lab.yaml", "s.yaml").contains("lab.yaml:6:21: hosts.one.slot: no such key"))
        #expect(!work.exists("runs") && !work.exists("homes/calls"))
    }

    @Test func `Two launches of one cluster would end each other's workers: the second is refused`() throws {
        let work = try Workspace()
        try work.write(smallSweep(), to: "s.yaml")
        let hosts = try PretendedHosts(work)
        try hosts.cluster("[off1]")
        let first = try hosts.launch("s.yaml", "--out", "a")
        try eventually("it waits") { first.errors.contains("off1: cannot be reached") }
        let second = try hosts.launch("s.yaml", "--out", "b").wait()
        #expect(
            second.code == 2 && second.errors.contains("another 'ranksweep launch' uses the cluster 'lab'"))
        first.signal(SIGINT)
        #expect(try first.wait().code == 3)
    }
}
