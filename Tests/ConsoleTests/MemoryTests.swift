import Testing

@testable import Console

@Suite struct MemoryTests {
    private let meminfo = "MemTotal:       24659912 kB\nMemFree:  1 kB\nMemAvailable:   2048 kB\n"

    @Test func `The machine's spare memory, or what the control group leaves where that is less`() {
        #expect(availableMemoryBytes(meminfo: meminfo, limit: nil, use: nil) == 2 << 20)
        #expect(availableMemoryBytes(meminfo: meminfo, limit: "max\n", use: "5\n") == 2 << 20)
        #expect(availableMemoryBytes(meminfo: meminfo, limit: "1048576\n", use: "48576\n") == 1_000_000)
        #expect(availableMemoryBytes(meminfo: meminfo, limit: "1048576\n", use: nil) == 1 << 20)
        #expect(availableMemoryBytes(meminfo: meminfo, limit: "100\n", use: "200\n") == 0)
        #expect(availableMemoryBytes(meminfo: "", limit: nil, use: nil) == nil)
        #expect(availableMemoryBytes(meminfo: "MemAvailable: lots\n", limit: "7", use: "3") == 4)
    }

    @Test func `The control group of version 2 is found among others`() {
        let mount = "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        func unified(_ text: String) -> [String] { ControlGroup(cgroup: text, mountinfo: mount).unified }
        #expect(
            unified("0::/user.slice/a b\n") == [
                "/sys/fs/cgroup/user.slice/a b", "/sys/fs/cgroup/user.slice", "/sys/fs/cgroup",
            ])
        #expect(unified("12:cpu:/x\n0::/\n") == ["/sys/fs/cgroup"])
        #expect(unified("12:memory:/x\n") == [])
    }

    @Test func `This machine says how much it has`() throws {
        #expect(try #require(availableMemoryBytes()) > 1 << 20)
    }
}
