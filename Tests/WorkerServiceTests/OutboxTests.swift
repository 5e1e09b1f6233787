import Console
import Foundation
import Glibc
import TestSupport
import Testing

@testable import WorkerService

@Suite struct OutboxTests {
    private let folder: TemporaryFolder
    private let outbox: Outbox
    private var root: String { folder.path + "/outbox" }
    private var own: String { "\(root)/\(hostName())-\(getpid())" }

    init() throws {
        folder = try TemporaryFolder()
        outbox = Outbox(roots: [folder.path], process: getpid())
    }

    private func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    private func write(_ text: String, trial: UInt64, _ number: Int) throws {
        let folder = try #require(outbox.make())
        try text.write(
            toFile: "\(folder)/\(Outbox.fileName(trial: trial, number))", atomically: true, encoding: .utf8)
    }

    @Test func `The folder has the name of the host and of the process`() throws {
        #expect(outbox.make() == own)
        #expect(Outbox.fileName(trial: 12, 3) == "12-3")
    }

    @Test func `A part of a file is read, and one beyond its end is not`() throws {
        try write("0123456789", trial: 1, 0)
        #expect(outbox.read(trial: 1, 0, offset: 0, count: 10) == Array("0123456789".utf8))
        #expect(outbox.read(trial: 1, 0, offset: 7, count: 3) == Array("789".utf8))
        #expect(outbox.read(trial: 1, 0, offset: 7, count: 4) == nil)
        #expect(outbox.read(trial: 1, 0, offset: .max, count: 1) == nil)
        #expect(outbox.read(trial: 1, 1, offset: 0, count: 1) == nil)
    }

    @Test
    func `The files of a trial are deleted, and those of another whose number begins alike stay`()
        throws
    {
        for (trial, number) in [(1, 0), (1, 1), (11, 0), (2, 0)] as [(UInt64, Int)] {
            try write("x", trial: trial, number)
        }
        outbox.delete(trial: 1)
        #expect(try names(own) == ["11-0", "2-0"])
    }

    @Test func `A second root is used where the first cannot be written to`() throws {
        let file = try folder.write([], to: "file")
        let outbox = Outbox(roots: [file, folder.path], process: getpid())
        #expect(outbox.make() == own)
        #expect(Outbox(roots: [file], process: getpid()).make() == nil)
    }

    @Test func `Folders of this host's dead workers are removed, and no others`() throws {
        try write("x", trial: 1, 0)
        // No process has this number: it is above the kernel's limit.
        let dead = "\(hostName())-99999999"
        let others = ["other-host-99999999", "\(hostName())-notes", dead]
        for name in others {
            try FileManager.default.createDirectory(
                atPath: "\(root)/\(name)", withIntermediateDirectories: true)
        }
        try Data("x".utf8).write(to: URL(filePath: "\(root)/\(dead)/1-0"))
        outbox.removeOrphans()
        #expect(try names(root) == (others.dropLast() + ["\(hostName())-\(getpid())"]).sorted())
        #expect(outbox.read(trial: 1, 0, offset: 0, count: 1) != nil)
    }

    @Test func `With the last worker's folder its root goes, too`() throws {
        try write("x", trial: 1, 0)
        outbox.remove()
        #expect(!FileManager.default.fileExists(atPath: root))
    }
}
