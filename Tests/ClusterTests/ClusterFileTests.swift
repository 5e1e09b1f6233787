import Sweep
import Testing

@testable import Cluster

@Suite struct ClusterFileTests {
    private static func read(_ text: String) throws -> ClusterFile {
        try ClusterFile(parsing: Array(text.utf8), file: "c.yaml")
    }

    private static func hosts(_ text: String) throws -> [HostSettings] {
        guard case .hosts(let hosts) = try read(text).engine else { return [] }
        return hosts
    }

    @Test func `A name and a list of hosts are enough`() throws {
        let cluster = try Self.read("name: lab\nhosts: [node1, node2]")
        #expect(cluster.name == "lab" && cluster.listen == "tcp://0.0.0.0:*")
        #expect(cluster.address == nil && cluster.keys == nil && cluster.bundle == nil)
        #expect(try Self.hosts("name: lab\nhosts: [node1, node2]").map(\.host) == ["node1", "node2"])
        let host = HostSettings(host: "node1")
        #expect(host.folder == "~/.cache/ranksweep-worker")
        #expect(host.dataFolder == "~/.cache/ranksweep-worker/data" && !host.tunnel && host.slots == nil)
    }

    @Test func `Every key is read`() throws {
        let text = """
            name: lab
            listen: tcp://10.0.0.1:5555
            address: head.example.org
            keys: keys/lab
            bundle: b.tar.gz
            kernel: Haswell
            defaults: {slots: 3, folder: ~/rs/, ssh: ["-F", "config"], tunnel: true}
            hosts:
              - node1
              - {host: node2, slots: auto, data: /scratch/data, folder: /scratch/rs, tunnel: false,
                 identity: ~/.ssh/k, kernel: Zen, port: 2222, user: ann, ssh: ["-oCompression=yes"]}
            """
        let cluster = try Self.read(text)
        #expect(cluster.listen == "tcp://10.0.0.1:5555" && cluster.address == "head.example.org")
        #expect(cluster.keys == "keys/lab" && cluster.bundle == "b.tar.gz" && cluster.kernel == "Haswell")
        var one = HostSettings(host: "node1")
        (one.slots, one.folder, one.tunnel, one.ssh) = (3, "~/rs", true, ["-F", "config"])
        var two = HostSettings(host: "node2")
        (two.data, two.folder, two.identity, two.kernel) = ("/scratch/data", "/scratch/rs", "~/.ssh/k", "Zen")
        (two.port, two.user, two.ssh) = (2222, "ann", ["-oCompression=yes", "-F", "config"])
        #expect(try Self.hosts(text) == [one, two])
        #expect(two.dataFolder == "/scratch/data" && one.dataFolder == "~/rs/data")
    }

    @Test(arguments: ["haswell", "ZEN", "SkylakeX", "auto", "neoversen1"])
    func `Kernels are named in any case, or left to each CPU`(name: String) throws {
        #expect(try Self.read("name: x\nhosts: [a]\nkernel: \(name)").kernel == name)
    }

    @Test func `Slurm's settings are read`() throws {
        let cluster = try Self.read(
            """
            name: big
            slurm: {partition: main, nodes: "n[1-3]", time: "01:30:00", account: a1, slots: 4, min_jobs: 2, max_jobs: 20,
                    folder: /shared/rs, sbatch_args: ["--mem=4G"]}
            """)
        guard case .batch(let settings) = cluster.engine else {
            Issue.record("no batch engine")
            return
        }
        let slurm = try #require(settings.engine as? Slurm)
        #expect(slurm.partition == "main" && slurm.nodes == "n[1-3]" && slurm.account == "a1")
        #expect(slurm.time == "01:30:00" && slurm.timeSeconds == 5400)
        #expect(settings.slots == 4 && settings.minJobs == 2 && settings.maxJobs == 20)
        #expect(settings.folder == "/shared/rs" && slurm.sbatchArguments == ["--mem=4G"])
    }

    @Test(
        arguments: [
            ("90", 5400), ("10:30", 630), ("01:00:00", 3600), ("1-0", 86_400), ("2-12:30", 217_800),
            ("1-00:00:01", 86_401), ("", nil), ("0", nil), ("a", nil), ("1:2:3:4", nil), ("1-", nil),
            ("-1", nil), ("1-2-3", nil), ("+5", nil), ("99999999999999999999", nil),
        ] as [(String, Int?)])
    func `Times are those of Slurm`(text: String, seconds: Int?) { #expect(slurmSeconds(text) == seconds) }

    @Test(arguments: [
        ("hosts: [a]", "c.yaml:1:1: missing: name is required"),
        ("name: x", "c.yaml:1:1: missing: hosts or slurm is required: where do the workers run?"),
        ("- a", "c.yaml:1:1: expected a mapping, found a list"),
        (
            "name: x\nhost: [a]",
            "c.yaml:1:1: missing: hosts or slurm is required: where do the workers run?\n"
                + "c.yaml:2:1: host: no such key (did you mean 'hosts'?)"
        ),
        (
            "name: x\nhosts: [a]\nslurm: {folder: /f}",
            "c.yaml:3:1: slurm: a cluster has hosts or slurm, not both"
        ),
        (
            "name: x\ndefaults: {}\nslurm: {folder: /f}",
            "c.yaml:2:1: defaults: is about hosts; with slurm there are none"
        ),
        ("name: x\nname: y\nhosts: [a]", "c.yaml:2:1: name: given twice, first at 1:1"),
        ("name: x\nhosts: []", "c.yaml:2:8: hosts: no host is listed"),
        ("name: x\nhosts: a", "c.yaml:2:8: hosts: expected a list, found 'a'"),
        ("name: x\nhosts: [a, a]", "c.yaml:2:12: hosts.a: listed twice, first at 2:9"),
        (
            "name: x\nhosts: [-oProxy]",
            "c.yaml:2:9: hosts: '-oProxy' is not a host: expected an ssh name without spaces that doesn't begin with '-' "
                + "(a user goes under 'user', a port under 'port')"
        ),
        ("name: x\nhosts: [{slots: 3}]", "c.yaml:2:9: hosts: missing: host is required"),
        (
            "name: x\nhosts: [{host: a, slot: 3}]",
            "c.yaml:2:19: hosts.a.slot: no such key (did you mean 'slots'?)"
        ),
        (
            "name: x\nhosts: [{host: a, slots: 0}]",
            "c.yaml:2:26: hosts.a.slots: 0 is out of bounds: it must be at least 1 and at most 1024"
        ),
        (
            "name: x\nhosts: [{host: a, tunnel: yes}]",
            "c.yaml:2:27: hosts.a.tunnel: expected true or false, found 'yes'"
        ),
        (
            "name: x\nhosts: [{host: a, folder: rs}]",
            "c.yaml:2:27: hosts.a.folder: 'rs': a folder on the hosts begins with / or ~/"
        ),
        (
            "name: x\nhosts: [{host: a, ssh: \"-v\"}]",
            "c.yaml:2:24: hosts.a.ssh: expected a list, found '-v'"
        ),
        (
            "name: x\nhosts: [{host: a, identity: \"a\\nb\"}]",
            "c.yaml:2:29: hosts.a.identity: 'a b' cannot be given to ssh or Slurm: it is empty or has control characters"
        ),
        (
            "name: x\nhosts: [{host: a, user: -ann}]",
            "c.yaml:2:25: hosts.a.user: '-ann' is no user's name: it has no spaces, and does not begin with '-'"
        ),
        (
            "name: x\nlisten: 5555\nhosts: [a]",
            "c.yaml:2:9: listen: '5555' is no address to listen at: tcp://HOST:PORT, where PORT may be *, for "
                + "example tcp://0.0.0.0:*"
        ),
        (
            "name: x\nlisten: tcp://127.0.0.1:*\nhosts: [a]",
            "c.yaml:3:9: hosts.a: the coordinator listens at tcp://127.0.0.1:*, which only programs on its own "
                + "machine reach: give this host 'tunnel: true', or listen at tcp://0.0.0.0:*"
        ),
        (
            "name: x\naddress: tcp://a:1\nhosts: [a]",
            "c.yaml:2:10: address: 'tcp://a:1' is no name or address of this machine (without tcp:// and port)"
        ),
        (
            "name: x\ndefaults: {host: a}\nhosts: [a]",
            "c.yaml:2:12: defaults.host: no such key; there are slots, folder, data, tunnel, ssh, identity, user, "
                + "port and kernel"
        ),
        ("name: x\nslurm: {slots: 2}", "c.yaml:2:8: slurm: missing: slurm.folder is required"),
        (
            "name: x\nslurm: {folder: /f, time: soon}",
            "c.yaml:2:27: slurm.time: 'soon' is no time: minutes, MM:SS, HH:MM:SS or D-HH:MM:SS"
        ),
        (
            "name: x\nslurm: {folder: /f, nodes: 'n[1-3'}",
            "c.yaml:2:28: slurm.nodes: 'n[1-3' is no list of nodes as Slurm writes it: n1, or n[1-3,7],big2"
        ),
        (
            "name: x\nslurm: {folder: /f, nodes: n1 n2}",
            "c.yaml:2:28: slurm.nodes: 'n1 n2' is no list of nodes as Slurm writes it: n1, or n[1-3,7],big2"
        ),
        (
            "name: x\nslurm: {folder: /f, sbatch_args: [mem=4G]}",
            "c.yaml:2:34: slurm.sbatch_args: 'mem=4G' is no option of sbatch: these begin with '-', as in --mem=4G"
        ),
        (
            "name: x\nslurm: {folder: /f, lines: [--mem=4G], min: 1, max: 2}",
            "c.yaml:2:21: slurm.lines: 'lines' is now 'sbatch_args'\n"
                + "c.yaml:2:40: slurm.min: 'min' is now 'min_jobs'\n"
                + "c.yaml:2:48: slurm.max: 'max' is now 'max_jobs'"
        ),
        (
            "name: x\nlisten: tcp://127.0.0.1:5\nslurm: {folder: /f}",
            "c.yaml:2:9: listen: tcp://127.0.0.1:5 is for programs on this machine, and jobs run on others: listen "
                + "at tcp://0.0.0.0:*, or give the 'address' at which jobs find it"
        ),
        (
            "name: x\nslurm: {folder: /f, min_jobs: 3, max_jobs: 2}",
            "c.yaml:2:31: slurm.min_jobs: min_jobs is 3, and max_jobs 2"
        ),
        (
            "name: x\nhosts: [{host: a, kernel: Haswel}]\nkernel: Nonsense",
            "c.yaml:2:27: hosts.a.kernel: OpenBLAS has no kernel 'Haswel'; did you mean 'Haswell'?\n"
                + "c.yaml:3:9: kernel: OpenBLAS has no kernel 'Nonsense', but for example Haswell, SkylakeX and Zen"
        ),
        (
            "name: x\nhosts: [a]\nkernel: &k Haswell",
            "c.yaml:3:9: an anchor (&) is not part of a cluster file: write the value out"
        ),
    ])
    func `Faults are reported with their line and column`(text: String, message: String) {
        let engineKeys = batchEngines.flatMap { [$0.key] + $0.settings.map(\.key) }
        for key in ClusterReader.keys + ClusterReader.hostKeys + ClusterReader.batchKeys + engineKeys {
            #expect(key == key.lowercased())
        }
        let error = #expect(throws: ClusterError.self) { try Self.read(text) }
        #expect(error?.message == message)
    }

    @Test func `At most ten faults are reported, in the order of the file`() {
        let hosts = (0..<30).map { "  - {host: h\($0), slots: 0, folder: x}" }.joined(separator: "\n")
        let error = #expect(throws: ClusterError.self) { try Self.read("name: x\nhosts:\n\(hosts)") }
        #expect(error?.faults.count == 10)
        let lines = error?.faults.compactMap { fault -> Int? in
            if case .file(let line, _) = fault.location { line } else { nil }
        }
        #expect(lines == lines?.sorted())
    }
}
