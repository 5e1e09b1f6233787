import Files
import Foundation
import Testing

@Suite struct HeldFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "held-\(UUID().uuidString)")

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func makeFolder() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    @Test func `A held file is present, moved, removed, or replaced by another of its name`() throws {
        try makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try writeFile("a".utf8, to: path("a"))
        let held = try #require(HeldFile(path("a")))
        #expect(held.state == .present)
        try FileManager.default.moveItem(atPath: path("a"), toPath: path("b"))
        #expect(held.state == .moved(to: path("b")))
        try writeFile("another".utf8, to: path("a"))
        #expect(held.state == .moved(to: path("b")))
        try FileManager.default.removeItem(atPath: path("b"))
        #expect(held.state == .removed)
        #expect(HeldFile(path("none")) == nil)
    }

    @Test func `A folder that was removed with all above it, and made anew`() throws {
        try makeFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try Files.makeFolder(path("run"))
        let held = try #require(HeldFile(path("run")))
        #expect(held.state == .present)
        try FileManager.default.removeItem(at: folder)
        #expect(held.state == .removed)
        try Files.makeFolder(path("run"))
        #expect(held.state == .removed)
    }

    @Test
    func `A limit of this process is reported with its name, its value and the way to raise it`() throws {
        let files = try #require(ProcessLimit.openFiles.value)
        let advice =
            "the limit on open files (ulimit -n) is \(files): raise it there, or with LimitNOFILE= in a systemd unit"
        #expect(ProcessLimit.openFiles.advice == advice)
        #expect(systemMessage(EMFILE) == "Too many open files (\(advice))")
        #expect(systemMessage(ENOENT) == "No such file or directory")
    }
}
