import Testing

@testable import Console

@Suite struct ProcessorsTests {
    private let mounts = """
        31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
        35 31 0:32 /docker/ab /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw

        """

    private func quota(_ cgroup: String, _ files: [String: String]) -> Double? {
        processorQuota(ControlGroup(cgroup: cgroup, mountinfo: mounts)) { files[$0] }
    }

    @Test
    func `Affinity and quota, whichever is less; a part of a processor is none, but one there always is`() {
        #expect(coreCount(allowed: 8, quota: nil) == 8)
        #expect(coreCount(allowed: 8, quota: 3.5) == 3)
        #expect(coreCount(allowed: 2, quota: 16) == 2)
        #expect(coreCount(allowed: 8, quota: 0.25) == 1)
        #expect(coreCount(allowed: 8, quota: .infinity) == 8)
        #expect(coreCount(allowed: 0, quota: nil) == 1)
        #expect(coreCount() >= 1)
    }

    @Test func `Version 2: the tightest quota of the group and those above it`() {
        let group = "0::/a/b\n"
        let folder = "/sys/fs/cgroup/unified"
        #expect(quota(group, ["\(folder)/a/b/cpu.max": "max 100000\n"]) == nil)
        #expect(quota(group, ["\(folder)/a/b/cpu.max": "150000 100000\n"]) == 1.5)
        let both = ["\(folder)/a/b/cpu.max": "400000 100000\n", "\(folder)/a/cpu.max": "100000 50000\n"]
        #expect(quota(group, both) == 2)
        #expect(quota(group, ["\(folder)/cpu.max": "100000 100000"]) == 1)
        #expect(quota(group, ["\(folder)/a/b/cpu.max": "lots\n"]) == nil)
        #expect(quota("", both) == nil)
    }

    @Test func `Version 1: quota and period are two files, and -1 is none`() {
        let group = "7:memory:/docker/ab\n4:cpu,cpuacct:/x\n"
        let folder = "/sys/fs/cgroup/cpu,cpuacct/x"
        func files(_ quota: String) -> [String: String] {
            ["\(folder)/cpu.cfs_quota_us": quota, "\(folder)/cpu.cfs_period_us": "100000\n"]
        }
        #expect(quota(group, files("-1\n")) == nil)
        #expect(quota(group, files("300000\n")) == 3)
        #expect(quota(group, ["\(folder)/cpu.cfs_quota_us": "300000\n"]) == nil)
    }

    @Test func `A container that sees its group's whole path finds it where the group is mounted`() {
        func memory(_ path: String) -> [String] {
            ControlGroup(cgroup: "7:memory:\(path)\n", mountinfo: mounts).folders(of: "memory")
        }
        let folder = "/sys/fs/cgroup/memory"
        #expect(memory("/docker/ab") == [folder])
        #expect(memory("/docker/ab/c") == ["\(folder)/c", folder])
        #expect(memory("/docker/abc") == [folder])
        #expect(ControlGroup(cgroup: "", mountinfo: "nonsense\n1 2 - x\n").unified == [])
    }
}
