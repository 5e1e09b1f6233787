import Files
import Foundation
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
    func whatIsNotCommittedLeavesTheOldFileAndNothingBeside(_ writers: WholeFile.Writers) throws {
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

    @Test(arguments: writers)
    func manyPiecesAreOneFileThatAllMayRead(_ writers: WholeFile.Writers) throws {
        let folder = try Folder()
        let file = try WholeFile(folder.path + "/a", among: writers)
        var expected: [UInt8] = []
        for piece in 0..<50 {
            let bytes = (0..<100_003).map { UInt8(truncatingIfNeeded: $0 * 31 + piece) }
            expected += bytes
            try file.write(bytes)
        }
        try file.commit()
        #expect(try folder.names == ["a"])
        #expect(try Array(Data(contentsOf: URL(filePath: folder.path + "/a"))) == expected)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/a")
        #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o400 } == 0o400)
    }

    @Test func ofSeveralWritersTheLastToEndWins() throws {
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

    @Test func whatACrashLeftIsWrittenOver() throws {
        let folder = try Folder()
        try Data("half".utf8).write(to: URL(filePath: folder.path + "/a.partial"))
        try writeFile("new".utf8, to: folder.path + "/a")
        #expect(try folder.text("a") == "new")
        #expect(try folder.names == ["a"])
    }

    @Test(arguments: writers)
    func aFolderInTheWayIsToldAndNothingLeftBeside(_ writers: WholeFile.Writers) throws {
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

    @Test func foldersAreMadeAboveAndMayBeThere() throws {
        let folder = try Folder()
        for _ in 0..<2 { try makeFolder(folder.path + "/a//b/c/") }
        try writeFile([], to: folder.path + "/a/b/c/d")
        let error = #expect(throws: FileError.self) { try makeFolder(folder.path + "/a/b/c/d/e") }
        #expect(
            error?.description == "\(folder.path)/a/b/c/d/e/: cannot make the folder: Not a directory")
    }

    @Test func anotherProgramsFileGetsItsName() throws {
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
