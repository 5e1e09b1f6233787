import CZlib
import Foundation
import TestSupport
import Testing
import Text

@testable import CoordinatorService
@testable import Launch

/// A small MNIST of random bytes, what it should be, and `ranksweep data` over it.
private struct SmallSet {
    static let names = [
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ]
    static let images = names[0]

    let work: Workspace
    /// Path as a server knows it → gzipped bytes.
    let packed: [String: [UInt8]]
    /// The images as they are, and gzipped otherwise.
    let images: [UInt8]
    let packedOtherwise: [UInt8]

    init() throws {
        work = try Workspace()
        var packed: [String: [UInt8]] = [:]
        var digests = ""
        var random = Draws(1)
        var images: [UInt8] = []
        for name in Self.names {
            let size = name == Self.images ? 300_000 : 5000
            // Sixteen values: gzip halves them, and how well depends on its level.
            let bytes = (0..<size).map { _ in UInt8.random(in: 0..<16, using: &random) }
            if name == Self.images { images = bytes }
            packed["/\(name).gz"] = try Self.gzip(bytes, in: work, level: 9)
            digests += "\(Digest(of: bytes).hexadecimal())  mnist/\(name)\n"
        }
        self.packed = packed
        self.images = images
        packedOtherwise = try Self.gzip(images, in: work, level: 1)
        try work.write(digests, to: "digests")
        try work.write("", to: ".curlrc")
        try FileManager.default.createDirectory(
            at: work.folder.appending(path: "data/mnist"), withIntermediateDirectories: true)
    }

    static func gzip(_ bytes: [UInt8], in work: Workspace, level: Int) throws -> [UInt8] {
        let path = work.folder.appending(path: "packed.gz").path
        let file = try #require(gzopen(path, "wb\(level)"))
        #expect(gzwrite(file, bytes, UInt32(bytes.count)) == bytes.count)
        gzclose(file)
        return Array(try work.bytes("packed.gz"))
    }

    var packedImages: [UInt8] { packed["/\(Self.images).gz"] ?? [] }

    /// A server that does well, but for the images.
    func server(images reply: (@Sendable (WebServer.Request) -> WebServer.Reply)? = nil) throws -> WebServer {
        try WebServer { [packed] request in
            if let reply, request.path.contains(Self.images) { return reply(request) }
            return packed[request.path].map { .file($0) } ?? .status(404)
        }
    }

    func start(_ action: String, _ servers: [WebServer] = [], patience: Int = 1) throws -> Program {
        var arguments = ["data", action, "mnist", "--data", "data", "--digests", "digests"]
        arguments += ["--timeout", String(patience)]
        for server in servers { arguments += ["--mirror", server.url] }
        // Neither a proxy nor settings of the tester's.
        let environment = ["no_proxy": "127.0.0.1", "CURL_HOME": work.folder.path]
        return try work.start("ranksweep", arguments, environment: environment)
    }

    func fetch(_ servers: WebServer...) throws -> Program.Result { try start("fetch", servers).wait() }

    func verify() throws -> Program.Result { try start("verify").wait() }

    func put(_ bytes: [UInt8], at name: String) throws {
        try Data(bytes).write(to: work.folder.appending(path: "data/mnist/\(name)"))
    }

    var imagesArePresent: Bool { work.exists("data/mnist/\(Self.images).gz") }
    var partialIsPresent: Bool { work.exists("data/mnist/\(Self.images).gz.partial") }

    /// All files have their names and the right bytes, and nothing else is there.
    func expectAllRight(_ end: Program.Result, at line: SourceLocation = #_sourceLocation) throws {
        #expect(end.code == 0, "\(end.all)", sourceLocation: line)
        let there = try FileManager.default.contentsOfDirectory(
            atPath: work.folder.appending(path: "data/mnist").path)
        #expect(there.sorted() == Self.names.map { $0 + ".gz" }.sorted(), sourceLocation: line)
        let seen = try verify()
        #expect(seen.code == 0, "\(seen.all)", sourceLocation: line)
        #expect(
            seen.output.split(separator: "\n").count { $0.hasPrefix("right ") } == 4, sourceLocation: line)
    }
}

/// `ranksweep data` against servers good and bad.
@Suite struct DataCommandTests {
    @Test func `A set is fetched once`() throws {
        let set = try SmallSet()
        let server = try set.server()
        try set.expectAllRight(try set.fetch(server))
        #expect(server.requests.count == 4)
        let again = try set.fetch(server)
        #expect(again.code == 0 && again.errors.contains("already there"), "\(again.all)")
        #expect(server.requests.count == 4)
    }

    @Test func `A connection that breaks is taken up in the middle, at the same server`() throws {
        let set = try SmallSet()
        let bytes = set.packedImages
        let server = try set.server { request in
            request.number == 1 ? .cut(bytes, at: bytes.count / 2) : .file(bytes)
        }
        let end = try set.fetch(server)
        try set.expectAllRight(end)
        #expect(end.errors.contains("; continuing"))
        #expect(server.requests.prefix(2).map(\.start) == [nil, bytes.count / 2])
    }

    @Test func `Ctrl-C ends with code 3 and no half file; the same command goes on in the middle`() throws {
        let set = try SmallSet()
        let bytes = set.packedImages
        let server = try set.server { request in
            request.number == 1 ? .stall(bytes, at: bytes.count / 2) : .file(bytes)
        }
        let fetch = try set.start("fetch", [server], patience: 60)
        let partial = "data/mnist/\(SmallSet.images).gz.partial"
        try eventually("half of it is here") {
            try set.partialIsPresent && set.work.bytes(partial).count == bytes.count / 2
        }
        let second = try set.fetch(server)
        #expect(second.code == 2 && second.errors.contains("another 'ranksweep data fetch'"))
        fetch.signal(SIGINT)
        let end = try fetch.wait()
        #expect(end.code == 3)
        #expect(end.errors.contains("to continue: ranksweep data fetch mnist --data"), "\(end.errors)")
        #expect(!set.imagesArePresent && set.partialIsPresent)
        #expect(try processes(with: "curl", server.url).isEmpty)
        try set.expectAllRight(try set.fetch(server))
        #expect(server.requests[1].start == bytes.count / 2)
    }

    @Test func `Killed, it leaves no curl and no half file, and goes on in the middle`() throws {
        let set = try SmallSet()
        let bytes = set.packedImages
        let server = try set.server { request in
            request.number == 1 ? .stall(bytes, at: bytes.count / 2) : .file(bytes)
        }
        let fetch = try set.start("fetch", [server], patience: 2)
        try eventually("some of it is here") { set.partialIsPresent && !server.requests.isEmpty }
        fetch.signal(SIGKILL)
        #expect(try fetch.wait().code == 128 + SIGKILL)
        #expect(!set.imagesArePresent)
        try set.expectAllRight(try set.fetch(server))
        try eventually("curl is gone") { try processes(with: "curl", server.url).isEmpty }
    }

    @Test
    func `A server that sends other bytes is left for the next, and nothing of its bytes stays`() throws {
        let set = try SmallSet()
        var bytes = set.packedImages
        bytes[bytes.count / 2] ^= 0x40
        let bad = try set.server { [bytes] _ in .file(bytes) }
        let alone = try set.fetch(bad)
        #expect(alone.code == 4)
        #expect(alone.errors.contains("no mirror provided it"), "\(alone.errors)")
        #expect(!set.imagesArePresent && !set.partialIsPresent)
        try set.expectAllRight(try set.fetch(bad, try set.server()))
    }

    @Test func `Another whole file is refused, and its digest is shown`() throws {
        let set = try SmallSet()
        let bytes = try SmallSet.gzip([1, 2, 3], in: set.work, level: 6)
        let end = try set.fetch(try set.server { _ in .file(bytes) })
        #expect(end.code == 4)
        #expect(end.errors.contains(Digest(of: [1, 2, 3]).hexadecimal()), "\(end.errors)")
        #expect(!set.imagesArePresent && !set.partialIsPresent)
    }

    @Test func `A silent server is given up, and the next goes on with what it sent`() throws {
        let set = try SmallSet()
        let bytes = set.packedImages
        let silent = try set.server { _ in .stall(bytes, at: bytes.count / 2) }
        let good = try set.server()
        try set.expectAllRight(try set.fetch(silent, good))
        #expect(good.requests.first?.start == bytes.count / 2)
        // Once is enough: the other files came from the good one.
        #expect(silent.requests.count == 1 && good.requests.count == 4)
    }

    @Test func `A server without the file is left for the next; with no other, nothing is left`() throws {
        let set = try SmallSet()
        let empty = try set.server { _ in .status(404) }
        let alone = try set.fetch(empty)
        #expect(alone.code == 4)
        #expect(alone.errors.contains("\(empty.url): HTTP status 404"), "\(alone.errors)")
        #expect(!set.imagesArePresent && !set.partialIsPresent)
        try set.expectAllRight(try set.fetch(empty, try set.server()))
    }

    @Test func `A server that cannot go on in the middle begins again`() throws {
        let set = try SmallSet()
        let bytes = set.packedImages
        try set.put(Array(bytes.prefix(1000)), at: SmallSet.images + ".gz.partial")
        let server = try set.server { _ in .wholeFile(bytes) }
        try set.expectAllRight(try set.fetch(server))
        #expect(server.requests.prefix(2).map(\.start) == [1000, nil])
    }

    @Test func `Halves of two packings do not fit: the whole is fetched, from the same server`() throws {
        let set = try SmallSet()
        try set.put(Array(set.packedOtherwise.prefix(50_000)), at: SmallSet.images + ".gz.partial")
        let server = try set.server()
        let end = try set.fetch(server)
        try set.expectAllRight(end)
        #expect(end.errors.contains("starting over"), "\(end.errors)")
        #expect(server.requests.prefix(2).map(\.start) == [50_000, nil])
    }

    @Test func `A partial file that is whole needs no server; one that is spoilt is no beginning`() throws {
        let set = try SmallSet()
        try set.put(set.packedImages, at: SmallSet.images + ".gz.partial")
        try set.put([1, 2, 3], at: SmallSet.names[1] + ".gz.partial")
        let server = try set.server()
        try set.expectAllRight(try set.fetch(server))
        #expect(server.requests.map(\.start) == [nil, nil, nil])
    }

    @Test func `A wrong file is named, stays until there is a right one, and is replaced then`() throws {
        let set = try SmallSet()
        try set.expectAllRight(try set.fetch(try set.server()))
        let cut = Array(set.packedImages.dropLast(9))
        try set.put(cut, at: SmallSet.images + ".gz")
        let wrong = try SmallSet.gzip([7], in: set.work, level: 6)
        try set.put(wrong, at: SmallSet.names[1] + ".gz")
        try FileManager.default.removeItem(
            at: set.work.folder.appending(path: "data/mnist/\(SmallSet.names[2]).gz"))
        let seen = try set.verify()
        #expect(seen.code == 2)
        #expect(seen.output.contains("\(SmallSet.images).gz: it is cut short"), "\(seen.output)")
        #expect(seen.output.contains(Digest(of: [7]).hexadecimal()))
        let expected = try set.work.text("digests").split(separator: "\n")[1].prefix(64)
        #expect(seen.output.contains(expected))
        #expect(seen.output.split(separator: "\n").count { $0.hasPrefix("missing ") } == 1)
        #expect(seen.errors.contains("3 files") && seen.errors.contains("ranksweep data fetch mnist"))

        #expect(try set.fetch(try set.server { _ in .status(500) }).code == 4)
        #expect(try set.work.bytes("data/mnist/\(SmallSet.images).gz") == Data(cut))
        try set.expectAllRight(try set.fetch(try set.server()))
    }

    @Test
    func `A file that is not gzipped serves as well; where both are there, the gzipped one counts`() throws {
        let set = try SmallSet()
        try set.put(set.images, at: SmallSet.images)
        let server = try set.server()
        #expect(try set.fetch(server).code == 0)
        #expect(server.requests.count == 3 && !set.imagesArePresent)
        #expect(try set.verify().code == 0)
        try set.put([0], at: SmallSet.images + ".gz")
        #expect(try set.verify().code == 2)
    }

    @Test func `Without curl the message says what to install`() throws {
        let work = try Workspace()
        let end = try work.run(
            "data", "fetch", "mnist", "--data", "d", environment: ["PATH": work.folder.path])
        #expect(end.code == 2)
        #expect(end.errors.contains("apt install curl"), "\(end.errors)")
        #expect(!work.exists("d"))
    }

    @Test func `A folder that cannot be made is named`() throws {
        let work = try Workspace()
        try work.write("", to: "d")
        let end = try work.run("data", "fetch", "mnist", "--data", "d")
        #expect(end.code == 2)
        #expect(end.errors.contains("d/"), "\(end.errors)")
    }
}

/// `ranksweep data describe` over files of the user's own.
@Suite struct DataDescriptionTests {
    private func write(_ work: Workspace, _ bytes: [UInt8], _ name: String) throws {
        try Data(bytes).write(to: work.folder.appending(path: name))
    }

    @Test func `The section that it prints trains a network`() throws {
        let work = try Workspace()
        try write(work, ArrayBytes.npy("|u1", [6, 3, 4, 4], (0..<288).map { UInt8($0 % 256) }), "x.npy")
        try write(work, ArrayBytes.labels([0, 1, 0, 1, 0, 1]), "y.npy")
        try write(work, ArrayBytes.npy("|u1", [2, 3, 4, 4], [UInt8](repeating: 9, count: 96)), "x_test.npy")
        try write(work, ArrayBytes.labels([1, 0]), "y_test.npy")
        let end = try work.run("data", "describe", "x.npy", "y.npy", "x_test.npy", "y_test.npy")
        #expect(end.code == 0, "\(end.all)")
        #expect(
            end.output.hasPrefix(
                """
                x.npy:
                  .npy, shape (6, 3, 4, 4), type u1, 0.366 kB
                  numbers 0 to 255, mean 115.05556, all finite
                  6 images of 4 × 4 pixels with 3 channels, which come first
                y.npy:
                  .npy, shape (6,), type u1, 0.075 kB
                  numbers 0 to 1, mean 0.5, all finite
                  labels of 6 points: 2 classes (0: 3, 1: 3)

                """), "\(end.output)")
        let section = try #require(end.output.firstRange(of: "dataset:\n"))
        #expect(
            end.output[section.lowerBound...] == """
                dataset:
                  inputs: x.npy
                  scale: 0.00392156862745098
                  labels: y.npy
                  test_inputs: x_test.npy
                  test_labels: y_test.npy

                """)
        try work.write(
            "name: s\nmodel: cnn\ndepth: 3\nwidth: 2\ntraining: {steps: 2, batch_size: 2}\nmeasures: {local_rank: false}\n"
                + end.output[section.lowerBound...], to: "s.yaml")
        let run = try work.run("run", "s.yaml", "--out", "r")
        #expect(run.code == 0, "\(run.all)")
        #expect(try work.run("check", "r").code == 0)
    }

    @Test func `Files are known by the words of their names, and paths are quoted where YAML asks for it`()
        throws
    {
        let work = try Workspace()
        let points = ArrayBytes.npy([4, 2], [1, 2, 3, 4, 5, 6, 7, 8])
        for name in ["latest x #1.npy", "train_y.npy", "test_x.npy", "test-t.npy"] {
            try write(work, points, name)
        }
        let command = ["data", "describe", "latest x #1.npy", "train_y.npy", "test_x.npy", "test-t.npy"]
        let end = try work.start("ranksweep", command).wait()
        #expect(
            end.output.hasSuffix(
                """
                dataset:
                  inputs: "latest x #1.npy"
                  targets: train_y.npy
                  test_inputs: test_x.npy
                  test_targets: test-t.npy

                """), "\(end.all)")
        let json = try JSONValue(
            parsing: try work.start("ranksweep", command + ["--json"]).wait().output.utf8)
        #expect(json["dataset"]?["inputs"] == .string("latest x #1.npy"))
    }

    @Test func `A table's columns are shown, for people and for programs`() throws {
        let work = try Workspace()
        try work.write("age,city,weight\n31,Oslo,70.5\n42,Rome,\n31,Oslo,81\n18,Oslo,60\n", to: "t.csv")
        let end = try work.run("data", "describe", "t.csv")
        #expect(end.code == 0, "\(end.all)")
        #expect(
            end.output == """
                t.csv:
                  table of 4 lines and 3 columns
                  column  holds          range or values  missing
                  age     whole numbers  18 to 42         0
                  city    words          Oslo 3, Rome 1   0
                  weight  numbers        60 to 81         1
                dataset:
                  inputs: t.csv
                  target: "weight"
                  columns: ["age"]

                """)
        let json = try JSONValue(parsing: try work.run("data", "describe", "t.csv", "--json").output.utf8)
        let columns = json["files"]?.array?.first?["columns"]?.array
        #expect(columns?[1]["values"]?["Oslo"] == JSONValue(3) && columns?[2]["missing"] == JSONValue(1))
        #expect(json["dataset"]?["columns"]?.array == [.string("age")])
    }

    @Test func `A file that can't be used ends it with code 2, after what was seen of the others`() throws {
        let work = try Workspace()
        try write(work, ArrayBytes.npy([2, 2], [1, .nan, 3, .infinity]), "x.npy")
        try write(work, ArrayBytes.labels([0, 1]), "y.npy")
        try work.write("1,2\n3,4\n", to: "t.csv")
        let end = try work.run("data", "describe", "x.npy", "y.npy", "t.csv", "none.npy")
        #expect(end.code == 2)
        #expect(end.output.contains("numbers 1 to 3, mean 2, 1 NaN, 1 infinite or too large"), "\(end.all)")
        #expect(!end.output.contains("dataset:"))
        for words in [
            "x.npy: has nan at row 0, column 1 (counted from 0)", "t.csv: has no header",
            "none.npy: cannot be read: No such file or directory",
        ] { #expect(end.errors.contains(words), "\(end.errors)") }
        for words in [
            ["describe", "x.npy", "--mirror", "http://x"], ["fetch", "mnist", "mnist"], ["describe"],
        ] {
            #expect(try work.start("ranksweep", ["data"] + words).wait().code == 2)
        }
    }
}
