import Foundation
import Testing

@testable import Files

@Suite struct RotatedFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    private func file(limit: Int = 100) throws -> RotatedFile {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return RotatedFile("\(folder.path)/new", older: "\(folder.path)/old", limit: limit)
    }

    private func text(_ name: String) -> String? {
        try? String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    @Test func `A full file takes the older one's place, and no line is split`() throws {
        let file = try file()
        defer { try? FileManager.default.removeItem(at: folder) }
        for number in 0..<1000 { #expect(file.append("line \(number)".utf8)) }
        let (old, new) = (try #require(text("old")), try #require(text("new")))
        #expect(old.utf8.count <= 100 && old.utf8.count > 80 && new.utf8.count <= 100)
        let lines = (old + new).split(separator: "\n").map { Int($0.dropFirst(5)) }
        #expect(lines.first == 1000 - lines.count)
        #expect(lines.compactMap(\.self) == Array(1000 - lines.count..<1000))
    }

    @Test func `A line that a crash cut short is ended, and a removed file begins again`() throws {
        let first = try file()
        defer { try? FileManager.default.removeItem(at: folder) }
        try "cut sho".write(to: folder.appending(path: "new"), atomically: false, encoding: .utf8)
        #expect(first.append("next".utf8))
        #expect(text("new") == "cut sho\nnext\n")
        try FileManager.default.removeItem(at: folder.appending(path: "new"))
        #expect(first.append("again".utf8))
        #expect(text("new") == "again\n")
    }

    @Test func `What is no regular file is never written, and lines are lost without harm`() throws {
        let file = try file()
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "new")
        try FileManager.default.createSymbolicLink(
            at: path, withDestinationURL: folder.appending(path: "elsewhere"))
        #expect(!file.append("a".utf8))
        try FileManager.default.removeItem(at: path)
        #expect(mkfifo(path.path, 0o644) == 0)
        #expect(!file.append("b".utf8))
        try FileManager.default.removeItem(at: path)
        #expect(file.append("c".utf8))
        #expect(text("new") == "c\n" && text("elsewhere") == nil)
        try FileManager.default.removeItem(at: folder)
        #expect(!file.append("d".utf8))
    }
}
