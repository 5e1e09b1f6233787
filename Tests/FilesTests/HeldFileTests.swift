import Files
import Foundation
import Testing

@Suite("Files that are held by what they are") struct HeldFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "held-\(UUID().uuidString)")

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    private func makeFolder() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    @Test("A file in its place, moved, removed, and replaced by another of its name")
    func file() throws {
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

    @Test("A folder that was removed with all above it, and made anew")
    func whole() throws {
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

    @Test("A limit of this process is told with its name, its value and the way to raise it")
    func limits() throws {
        let files = try #require(ProcessLimit.openFiles.value)
        let advice =
            "the limit on open files (ulimit -n) is \(files): raise it there, or with LimitNOFILE= in a systemd unit"
        #expect(ProcessLimit.openFiles.advice == advice)
        #expect(systemMessage(EMFILE) == "Too many open files (\(advice))")
        #expect(systemMessage(ENOENT) == "No such file or directory")
    }
}
