import Foundation
import Sweep
import TestSupport
import Testing
import Text

@testable import CoordinatorService

/// A shard's file may be torn by a crash, cut by a full disk, spoiled by a copy, or be something else.
@Suite struct ShardFileTests {
    private static let sweep = """
        name: tiny
        model: mlp
        dataset: {name: gaussian, correlations: [0.5], test_points: 100}
        axes: {seed: [0, 1]}
        training: {steps: 10, batch_size: 8}
        measures: {local_rank: false}
        """

    private func lines() throws -> [String] {
        let spec = try SweepSpec(parsing: Self.sweep, file: "s.yaml")
        return ShardText.lines(
            header: ShardHeader(spec: spec, index: 1, count: 3, trials: 2).json.canonicalText,
            sweep: spec.digest, trials: (0..<2).map { spec.grid[$0].id.text })
    }

    private func whole(_ lines: [String], records: Int = 2, attempts: Int = 3) -> [UInt8] {
        ShardText.whole(lines, records: records, attempts: attempts) { Digest(of: $0).hexadecimal() }
    }

    private func read(_ bytes: [UInt8], _ folder: TemporaryFolder) throws -> [ShardReader.Line] {
        let path = try folder.write(bytes)
        let reader = try ShardReader(path)
        var lines: [ShardReader.Line] = []
        while let line = try reader.next() { lines.append(line) }
        return lines
    }

    private func fault(_ bytes: [UInt8], _ folder: TemporaryFolder) throws -> ShardFault? {
        do { _ = try read(bytes, folder) } catch let error as ShardFault { return error }
        return nil
    }

    @Test func `Pipes and devices are refused unopened, and a hole fills no memory`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: ShardFault.notAFile) { try ShardReader("/dev/zero") }
        let path = try folder.write([])
        #expect(throws: ShardFault.empty) { try ShardReader(path) }
        #expect(unlink(path) == 0 && mkfifo(path, 0o600) == 0)
        #expect(throws: ShardFault.notAFile) { try ShardReader(path) }
        #expect(unlink(path) == 0)
        let bytes = try whole(lines())
        let start = bytes[..<(bytes.count / 2)]
        let torn = try folder.write(Array(start))
        #expect(truncate(torn, 5 << 30) == 0)
        let reader = try ShardReader(torn)
        #expect(throws: ShardFault.tooLong(line: start.count { $0 == UInt8(ascii: "\n") } + 1)) {
            while try reader.next() != nil {}
        }
        #expect(try fault(Array(bytes.dropLast()), folder) == .torn(line: 7))
    }

    @Test func `A written file reads back`() throws {
        let folder = try TemporaryFolder()
        let found = try read(whole(lines()), folder)
        #expect(found.count == 5)
        guard case .record(_, let outcome, let value, let line) = found[0],
            case .attempt(_, let reported) = found[2]
        else {
            Issue.record("other lines: \(found)")
            return
        }
        #expect(outcome == "measured" && value["metrics"]?["test_loss"] == .number(0.5))
        #expect(String(decoding: line, as: UTF8.self) == (try lines()[1]))
        #expect(reported.outcome == "failed" && reported.cause == "no luck" && reported.log == "a\nb")
        #expect(reported.lease == 7 && reported.number == 1)
    }

    @Test func `Cut at any byte, it is never taken for whole`() throws {
        let folder = try TemporaryFolder()
        let bytes = whole(try lines())
        for length in 0..<bytes.count {
            let fault = try #require(try fault(Array(bytes[..<length]), folder), "\(length) bytes")
            switch fault {
            case .empty: #expect(length == 0)
            case .torn: #expect(bytes[length - 1] != UInt8(ascii: "\n"), "\(length) bytes")
            case .cut: #expect(bytes[length - 1] == UInt8(ascii: "\n"), "\(length) bytes")
            default: Issue.record("\(length) bytes: \(fault)")
            }
        }
    }

    @Test func `With any byte changed, it is never taken for whole`() throws {
        let folder = try TemporaryFolder()
        let bytes = whole(try lines())
        for position in bytes.indices {
            for bit in [0, 5] as [UInt8] {
                var changed = bytes
                changed[position] ^= 1 << bit
                #expect(try fault(changed, folder) != nil, "byte \(position), bit \(bit)")
            }
        }
    }

    @Test func `Lines left out, doubled, moved, or of something else are named`() throws {
        let folder = try TemporaryFolder()
        let lines = try lines()
        #expect(try fault(whole(Array(lines.dropLast()), attempts: 3), folder) == .damaged)
        #expect(try fault(whole(lines, records: 1), folder) == .damaged)
        #expect(try fault(whole(lines) + Array("x\n".utf8), folder) == .trailing(line: 8))
        let doubled = try fault(whole([lines[0], lines[1], lines[1]], attempts: 0), folder)
        guard case .malformed(3, _) = doubled else {
            Issue.record("\(String(describing: doubled))")
            return
        }
        let other = lines[1].replacing("\"sweep\":\"", with: "\"sweep\":\"0")
        #expect(
            try fault(whole([lines[0], other]), folder)
                == .malformed(line: 2, why: "a record of another sweep"))
        #expect(try fault(Array("name: tiny\n".utf8), folder) == .notAShard)
        #expect(try fault(Array("{\"count\":1}\n".utf8), folder) == .notAShard)
        let newer = lines[0].replacing(
            "\"version\":\(formatVersion)}", with: "\"version\":\(formatVersion + 2)}")
        #expect(try fault(whole([newer]), folder) == .otherFormat(Int(formatVersion) + 2))
        let index = try fault(whole([lines[0].replacing("\"index\":1", with: "\"index\":3")]), folder)
        guard case .malformed(1, _) = index else {
            Issue.record("\(String(describing: index))")
            return
        }
        do {
            _ = try ShardReader("/nowhere/x.ndjson")
            Issue.record("there is no such file")
        } catch { #expect(error == .unreadable(ENOENT)) }
    }

    @Test(arguments: [
        ("\"test_loss\":0.5,", "", "metrics: 'test_loss' is missing"),
        (
            "{\"test_loss\"", "{\"free_lunch\":1,\"test_loss\"",
            "metrics: 'free_lunch' is not one of this trial's keys"
        ),
    ])
    func `A record that the sweep cannot give is named by its line`(old: String, new: String, why: String)
        throws
    {
        let folder = try TemporaryFolder()
        var lines = try lines()
        lines[2] = lines[2].replacing(old, with: new)
        let found = try fault(whole(lines), folder)
        #expect(found == .malformed(line: 3, why: "a record that can't come from this sweep: \(why)"))
    }
}
