import TestSupport
import Testing

@testable import CoordinatorService
@testable import Launch

/// Decisions about a download, without a server.
@Suite struct FileFetchTests {
    @Test func `A fetch from any servers ends, and asks each mirror a few times at most`() {
        let ends: [TransferEnd] = [.complete, .cut("x"), .cannotResume, .refused("x")]
        let checks: [DataCheck] = [.unfinished, .broken("x"), .wrong(digest: "x")]
        var random = Draws(1)
        for _ in 0..<2000 {
            var fetch = FileFetch(mirrors: ["a", "b", "c"])
            var asked: [String: Int] = [:]
            var size = Int.random(in: 0...1, using: &random)
            var effects = fetch.handle(.began(partial: size))[...]
            var last: FileFetch.Effect?
            while let effect = effects.popFirst() {
                last = effect
                switch effect {
                case .check: effects += fetch.handle(.checked(checks.randomElement(using: &random) ?? .right))
                case .discard: size = 0
                case .transfer(let mirror):
                    asked[mirror, default: 0] += 1
                    let offset = size
                    size += Int.random(in: 0...1, using: &random)
                    let end = ends.randomElement(using: &random) ?? .complete
                    effects += fetch.handle(.transferred(end, offset: offset, size: size))
                default: break
                }
            }
            #expect(last == .giveUp)
            #expect(asked.keys.sorted() == ["a", "b", "c"])
            #expect(asked.values.allSatisfy { (1...FileFetch.transfersPerMirror).contains($0) })
        }
    }

    @Test func `A mirror that failed is asked last for the next file`() {
        var fetch = FileFetch(mirrors: ["a", "b", "c"])
        #expect(fetch.handle(.began(partial: 0)) == [.transfer(mirror: "a")])
        #expect(
            fetch.handle(.transferred(.refused("no"), offset: 0, size: 0))
                == [.warn("a: no"), .transfer(mirror: "b")])
        #expect(fetch.handle(.transferred(.complete, offset: 0, size: 9)) == [.check])
        #expect(fetch.handle(.checked(.right)) == [.adopt])
        #expect(fetch.orderForNext == ["b", "c", "a"])
    }

    @Test func `A full disk or an interrupt stops at once: no mirror can help`() {
        for end in [TransferEnd.notWritten("No space left on device"), .interrupted] {
            var fetch = FileFetch(mirrors: ["a", "b"])
            _ = fetch.handle(.began(partial: 0))
            #expect(fetch.handle(.transferred(end, offset: 0, size: 5)) == [.stop(end)])
        }
    }

    @Test func `curl's ends, in our words`() {
        #expect(TransferEnd(curl: 0, status: 200, words: "") == .complete)
        #expect(TransferEnd(curl: 22, status: 416, words: "curl: (22) …") == .cannotResume)
        #expect(TransferEnd(curl: 22, status: 404, words: "curl: (22) …") == .refused("HTTP status 404"))
        #expect(TransferEnd(curl: 18, status: 200, words: "curl: (18) cut\n") == .cut("cut"))
        #expect(TransferEnd(curl: 6, status: 0, words: "\ncurl: (6) no host\nx\n") == .refused("no host"))
        #expect(TransferEnd(curl: 99, status: 0, words: "") == .refused("curl exited with code 99"))
    }

    @Test func `Every built-in file has a digest of its own`() {
        let files = DataFile.all(of: .mnist) + DataFile.all(of: .fashionMNIST)
        #expect(files.count == 8 && Set(files.map(\.digest)).count == 8)
        #expect(files.allSatisfy { $0.digest.utf8.count == 64 })
    }

    @Test func `The progress line tells size, speed and time left`() throws {
        let file = try #require(DataFile.all(of: .mnist).first)
        #expect(
            fetchLine(file, size: 3_912_422, gained: 3_000_000, seconds: 2)
                == "mnist/train-images-idx3-ubyte.gz: 3.9 of 9.9 MB · 1.5 MB/s · about 4 s left")
        #expect(
            fetchLine(file, size: 12_000_000, gained: 0, seconds: 0)
                == "mnist/train-images-idx3-ubyte.gz: 12.0 MB")
    }
}
