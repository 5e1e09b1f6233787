import Files
import Foundation
import Glibc
import Testing

/// A folder of its own, gone with the test.
private final class Folder {
    let path = NSTemporaryDirectory() + "files-" + UUID().uuidString
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
    func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }
}

private let writers: [WholeFile.Writers] = [.one, .several]

@Suite struct FilesTests {
    @Test(arguments: writers)
    func `A file that is not committed leaves the old one and nothing beside it`(_ writers: WholeFile.Writers)
        throws
    {
        let folder = try Folder()
        try writeFile("old".utf8, to: folder.path + "/a", among: writers)
        do {
            let file = try WholeFile(folder.path + "/a", among: writers)
            // More than is kept in memory: some of it is on the disk.
            try file.write([UInt8](repeating: 7, count: 3 << 20))
            #expect(try folder.names.count == 2)
            #expect(try folder.text("a") == "old")
        }
        #expect(try folder.names == ["a"])
        #expect(try folder.text("a") == "old")
    }

    @Test(arguments: writers) func `Many pieces are one file that all may read`(_ writers: WholeFile.Writers)
        throws
    {
        let folder = try Folder()
        let file = try WholeFile(folder.path + "/a", among: writers)
        var expected: [UInt8] = []
        for chunk in 0..<50 {
            let bytes = (0..<100_003).map { UInt8(truncatingIfNeeded: $0 * 31 + chunk) }
            expected += bytes
            try file.write(bytes)
        }
        try file.commit()
        #expect(try folder.names == ["a"])
        #expect(try Array(Data(contentsOf: URL(filePath: folder.path + "/a"))) == expected)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/a")
        #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o400 } == 0o400)
    }

    @Test(arguments: writers) func `A copy appears whole, and only with the bytes that are due`(
        _ writers: WholeFile.Writers
    ) throws {
        let folder = try Folder()
        let (own, copy) = (folder.path + "/a", folder.path + "/b")
        let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 * 31) }
        try writeFile(bytes, to: own)
        try writeFile("old".utf8, to: copy)
        let digest = try #require(fileDigest(own))
        let other = String(digest.reversed())
        #expect(try copyFile(own, to: copy, digest: other, among: writers) == digest)
        #expect(try folder.text("b") == "old")
        #expect(try copyFile(own, to: copy, digest: digest, among: writers) == digest)
        #expect(try folder.names == ["a", "b"] && fileDigest(copy) == digest)
        try writeFile("new".utf8, to: own)
        try copyFile(own, to: copy, among: writers)
        #expect(try folder.text("b") == "new")
    }

    @Test func `The last of several writers to end wins`() throws {
        let folder = try Folder()
        let first = try WholeFile(folder.path + "/a", among: .several)
        let second = try WholeFile(folder.path + "/a", among: .several)
        try first.write("first".utf8)
        try second.write("second".utf8)
        try second.commit()
        #expect(try folder.text("a") == "second")
        try first.commit()
        #expect(try folder.text("a") == "first")
        #expect(try folder.names == ["a"])
    }

    @Test func `The remains of a crash are overwritten`() throws {
        let folder = try Folder()
        try Data("half".utf8).write(to: URL(filePath: folder.path + "/a.partial"))
        try writeFile("new".utf8, to: folder.path + "/a")
        #expect(try folder.text("a") == "new")
        #expect(try folder.names == ["a"])
    }

    @Test(arguments: writers) func `A folder in the way is named, and nothing is left beside it`(
        _ writers: WholeFile.Writers
    ) throws {
        let folder = try Folder()
        try makeFolder(folder.path + "/a/b")
        let error = #expect(throws: FileError.self) {
            try writeFile("x".utf8, to: folder.path + "/a", among: writers)
        }
        #expect(error?.description == "\(folder.path)/a: cannot rename a file to: Is a directory")
        #expect(try folder.names == ["a"])
        let missing = #expect(throws: FileError.self) {
            try writeFile("x".utf8, to: folder.path + "/none/a", among: writers)
        }
        #expect(missing == FileError(path: folder.path + "/none/a", doing: "write", code: ENOENT))
    }

    @Test func `Parent folders are made, and may exist`() throws {
        let folder = try Folder()
        for _ in 0..<2 { try makeFolder(folder.path + "/a//b/c/") }
        try writeFile([], to: folder.path + "/a/b/c/d")
        let error = #expect(throws: FileError.self) { try makeFolder(folder.path + "/a/b/c/d/e") }
        #expect(
            error?.description == "\(folder.path)/a/b/c/d/e/: cannot make the folder: Not a directory")
    }

    @Test func `Another program's file gets its name`() throws {
        let folder = try Folder()
        try writeFile("new".utf8, to: folder.path + "/drawn")
        try writeFile("old".utf8, to: folder.path + "/a")
        try adoptFile(folder.path + "/drawn", as: folder.path + "/a")
        #expect(try folder.names == ["a"])
        #expect(try folder.text("a") == "new")
        #expect(throws: FileError(path: folder.path + "/drawn", doing: "open", code: ENOENT)) {
            try adoptFile(folder.path + "/drawn", as: folder.path + "/a")
        }
    }
}

@Suite struct ReadingTests {
    /// Entries are as long as their names: to read 256 bytes of one reads beyond the last of a full buffer, which the
    /// address sanitizer tells (`make sanitize`).
    @Test func `A folder of hundreds of names is listed whole`() throws {
        let folder = try Folder()
        var due: [String] = []
        for index in 0..<900 {
            let name = "checkpoint-\(index)" + String(repeating: "x", count: index % 200)
            due.append(name)
            #expect(FileManager.default.createFile(atPath: "\(folder.path)/\(name)", contents: nil))
        }
        #expect(try listFolder(folder.path) == due.sorted())
        #expect(fileNames(in: folder.path).count == 900)
        #expect(fileNames(in: folder.path + "/none").isEmpty)
        #expect(throws: FileError(path: folder.path + "/none", doing: "list", code: ENOENT)) {
            try listFolder(folder.path + "/none")
        }
    }

    @Test func `Only regular files are opened`() throws {
        let folder = try Folder()
        let path = folder.path
        try writeFile("text".utf8, to: path + "/file")
        let descriptor = try openToRead(path + "/file")
        close(descriptor)
        #expect(mkfifo(path + "/pipe", 0o600) == 0)
        #expect(symlink("pipe", path + "/link") == 0)
        // Nobody writes to the pipe: to open it would wait for ever.
        for (name, words) in [
            (path + "/pipe", "a pipe, not a file"), (path + "/link", "a pipe, not a file"),
            ("/dev/zero", "a device, not a file"), (path, "a folder, not a file"),
        ] {
            do {
                close(try openToRead(name))
                Issue.record("\(name) was opened")
            } catch {
                #expect(error.description == "\(name): \(words)")
                #expect(error.cause == words)
            }
        }
        do {
            fclose(try openStream(path + "/nothing"))
            Issue.record("nothing was opened")
        } catch {
            #expect(error.code == ENOENT && error.kind == nil)
            #expect(error.description == "\(path)/nothing: cannot read: No such file or directory")
        }
    }

    @Test func `Folders that were made are named`() throws {
        let folder = try Folder()
        #expect(try makeFolder(folder.path + "/a/b") == [folder.path + "/a/", folder.path + "/a/b/"])
        #expect(try makeFolder(folder.path + "/a/b/c") == [folder.path + "/a/b/c/"])
        #expect(try makeFolder(folder.path + "/a").isEmpty)
        // The folders that a failed call made are gone again.
        try writeFile([], to: folder.path + "/a/file")
        #expect(throws: FileError.self) { try makeFolder(folder.path + "/a/file/d") }
        #expect(try folder.names == ["a"])
    }
}
