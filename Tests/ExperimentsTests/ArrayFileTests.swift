import Files
import Foundation
import Sweep
import Testing

@testable import Experiments

private func numbers(_ path: String) throws -> [Double] {
    var numbers: [Double] = []
    try ArrayFile(opening: path).forEach { numbers.append($0) }
    return numbers
}

@Test(
    arguments: [
        ("<f4", [0x00, 0x00, 0xc0, 0xbf], -1.5), ("<f8", [0, 0, 0, 0, 0, 0, 0xf8, 0xbf], -1.5),
        ("|u1", [0xfe], 254), ("<u1", [0xfe], 254), ("<i4", [0xfe, 0xff, 0xff, 0xff], -2),
        ("<i8", [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -2),
        ("<f2", [0x00, 0xbe], -1.5), ("|b1", [1], 1), ("|i1", [0xfe], -2), ("<u2", [0xfe, 0xff], 65534),
        ("<i2", [0xfe, 0xff], -2), ("<u4", [0xfe, 0xff, 0xff, 0xff], 4_294_967_294),
        ("<u8", [0, 0, 0, 0, 0, 0, 0, 0x80], 9_223_372_036_854_775_808),
    ] as [(String, [UInt8], Double)])
func `Every type of array is read`(type: String, bytes: [UInt8], value: Double) throws {
    let files = try GivenFiles()
    let zero = [UInt8](repeating: 0, count: bytes.count)
    for version: UInt8 in 1...3 {
        let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (3,), }          \n"
        let file = GivenFiles.npy(header, bytes + zero + bytes, version: version)
        #expect(try numbers(try files.write(file, "a.npy")) == [value, 0, value])
    }
}

@Test func `Headers may be spelled in other ways`() throws {
    let files = try GivenFiles()
    for header in [
        "{'shape':(2,1),'fortran_order':False,'descr':'|u1'}",
        "{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (2L, 1L)}",
    ] {
        let file = try ArrayFile(opening: try files.write(GivenFiles.npy(header, [7, 8]), "a.npy"))
        #expect(file.shape == [2, 1])
    }
    let empty = "{'descr': '|u1', 'fortran_order': False, 'shape': (4611686018427387904, 4, 0), }"
    #expect(try numbers(try files.write(GivenFiles.npy(empty, []), "a.npy")) == [])
    // Both orders of a vector are the same.
    let vector = "{'descr': '|u1', 'fortran_order': True, 'shape': (2,), }"
    #expect(try numbers(try files.write(GivenFiles.npy(vector, [7, 8]), "a.npy")) == [7, 8])
}

@Test(arguments: [
    (
        "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", 4,
        "is in Fortran order; save it as np.ascontiguousarray(…)"
    ),
    (
        "{'descr': '>f4', 'fortran_order': False, 'shape': (1, 1), }", 4,
        "holds big-endian numbers ('>f4'); save it as '<f4'"
    ),
    (
        "{'descr': '<c8', 'fortran_order': False, 'shape': (1, 1), }", 8,
        "holds complex numbers of type '<c8'; real numbers of at most 64 bits are read: save x.astype('f4')"
    ),
    (
        "{'descr': '|O', 'fortran_order': False, 'shape': (1, 1), }", 2,
        "holds Python objects of type '|O'; real numbers of at most 64 bits are read: save classes as "
            + "np.unique(y, return_inverse=True)[1]"
    ),
    (
        "{'descr': '|f4', 'fortran_order': False, 'shape': (1, 1), }", 4,
        "holds numbers of type '|f4'; real numbers of at most 64 bits are read: save x.astype('f4')"
    ),
    (
        "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4,
        "is a .npy file whose header describes records, not plain numbers"
    ),
    ("{'fortran_order': False, 'shape': (1, 1), }", 4, "is a .npy file whose header has no 'descr'"),
    ("{'descr': '<f4', 'shape': (1, 1), }", 4, "is a .npy file whose header has no 'fortran_order'"),
    ("{'descr': '<f4', 'fortran_order': False, }", 4, "is a .npy file whose header has no 'shape'"),
    ("{'descr': '<f4', 'descr': '<f4'}", 4, "is a .npy file whose header has 'descr' twice"),
    (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), 'x': 'y'}", 4,
        "is a .npy file whose header has more than 'descr', 'fortran_order', 'shape'"
    ),
    (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, -1), }", 4,
        "is a .npy file whose header is no such dictionary, at byte 54"
    ),
    ("nonsense", 4, "is a .npy file whose header is no such dictionary, at byte 0"),
    ("", 4, "is a .npy file whose header is no such dictionary, at byte 0"),
    ("{'descr': '<f4", 4, "is a .npy file whose header is no such dictionary, at byte 14"),
    (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 20,
        "is cut short: its header announces 24 bytes of data, it holds 20"
    ),
    (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 25,
        "goes on for 1 bytes after the data that its header announces"
    ),
    (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 0,
        "announces the shape (4294967296, 4294967296): more than any file holds"
    ),
    (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 1000), }", 4,
        "is cut short: its header announces 4000000000000000 bytes of data, it holds 4"
    ),
    (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 12,
        "has the shape (3,); expected (points, features)"
    ),
    (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 4,
        "has the shape (); expected (points, features)"
    ),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 5), }", 0, "has the shape (0, 5): no numbers"),
])
func `Faults of arrays are named`(header: String, data: Int, words: String) throws {
    let files = try GivenFiles()
    let path = try files.write(GivenFiles.npy(header, [UInt8](repeating: 0, count: data)), "x.npy")
    let directory = DataDirectory(data: "", cache: nil)
    #expect(
        try fault(path) { _ = try MeasuredPoints(.array(path, labels: nil), directory) } == words)
}

@Test func `Files that are no arrays are refused`() throws {
    let files = try GivenFiles()
    func words(_ bytes: [UInt8]) throws -> String? {
        let path = try files.write(bytes, "x.npy")
        return try fault(path) { _ = try ArrayFile(opening: path) }
    }
    #expect(try words([]) == "is not a .npy file")
    #expect(try words(Array("PK\u{3}\u{4} a zip file".utf8)) == "is not a .npy file")
    let magic = [0x93] + Array("NUMPY".utf8)
    #expect(try words(magic + [4, 0, 0, 0]) == "is a .npy file of version 4.0; 1, 2 and 3 are read")
    #expect(try words(magic + [1, 0, 9]) == "is a .npy file cut short in its header")
    #expect(try words(magic + [1, 0, 9, 0, 0]) == "is a .npy file cut short in its header")
    #expect(
        try words(magic + [2, 0] + GivenFiles.little(70_000, 4) + [UInt8](repeating: 32, count: 70_000))
            == "is a .npy file whose header is longer than 65536 bytes")
    let whole = GivenFiles.npy([2, 3], floats: [1, 2, 3, 4, 5, 6])
    for length in 0..<whole.count { #expect(try words(Array(whole[..<length])) != nil, "cut at \(length)") }
    for index in whole.indices {
        for flip: UInt8 in [1, 0x20, 0xff] {
            var damaged = whole
            damaged[index] ^= flip
            let path = try files.write(damaged, "x.npy")
            _ = try fault(path) {
                _ = try MeasuredPoints(.array(path, labels: nil), DataDirectory(data: "", cache: nil))
            }
        }
    }
}

@Test func `Points and labels must go together`() throws {
    let files = try GivenFiles()
    let x = try files.write(GivenFiles.npy([3, 2, 2], floats: (0..<12).map { Float($0) }), "x.npy")
    let directory = DataDirectory(data: "", cache: nil)
    func read(_ labels: [UInt8]?) throws -> MeasuredPoints {
        let path = try labels.map { try files.write($0, "y") }
        return try MeasuredPoints(.array(x, labels: path), directory)
    }
    let y = files.folder.path + "/y"
    func words(_ labels: [UInt8]) throws -> String? { try fault(y) { _ = try read(labels) } }
    let points = try read(nil)
    #expect(points.inputs.rows == 3 && points.inputs.columns == 4 && points.labels == nil)
    #expect(points.inputs.values == (0..<12).map { Float($0) })
    #expect(try read(GivenFiles.npy("|u1", [3], [0, 2, 255])).labels == [0, 2, 255])
    #expect(try read(GivenFiles.npy([3], floats: [0, 2, 1])).labels == [0, 2, 1])
    #expect(try read(DataFolder.idx([3], [4, 5, 6])).labels == [4, 5, 6])
    #expect(try read(DataFolder.gzip(DataFolder.idx([3], [4, 5, 6]))).labels == [4, 5, 6])
    #expect(try words(GivenFiles.npy("|u1", [2], [0, 2])) == "has 2 labels for 3 points")
    #expect(
        try words(GivenFiles.npy("|u1", [3, 1], [0, 2, 1])) == "has the shape (3, 1); expected (points,)")
    #expect(
        try words(GivenFiles.npy([3], floats: [0, 1.5, 1]))
            == "has the label 1.5 at 1; labels are 0, 1, 2, …")
    #expect(
        try words(GivenFiles.npy("<i4", [3], [0, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255]))
            == "has the label -1 at 2; labels are 0, 1, 2, …")
    #expect(
        try words(DataFolder.idx([3, 28, 28], [UInt8](repeating: 0, count: 3 * 784)))
            == "holds images where labels belong; are files swapped?")
    let bad = try files.write(GivenFiles.npy([2, 2], floats: [0, 1, 2, .infinity]), "bad.npy")
    #expect(
        try fault(bad) { _ = try MeasuredPoints(.array(bad, labels: nil), directory) }
            == "has a number that is not finite (in single precision), at point 1")
}

@Test func `Images are scaled as trials are`() throws {
    let folder = try DataFolder()
    let set = try MeasuredPoints(.dataset(.mnist, .symmetric), folder.directory)
    let same = try MeasuredPoints(
        .images(folder.file(2), labels: folder.file(3), .symmetric), folder.directory)
    #expect(set.inputs.values == same.inputs.values && set.labels == same.labels)
    #expect(set.inputs.rows == 20 && set.inputs.columns == 784)
    let pixels = try folder.read(2).dropFirst(16)
    #expect(zip(set.inputs.values, pixels).allSatisfy { abs($0 - (Float($1) / 127.5 - 1)) < 1e-6 })
    let unit = try MeasuredPoints(.dataset(.mnist, .unit), folder.directory)
    #expect(zip(unit.inputs.values, pixels).allSatisfy { abs($0 - Float($1) / 255) < 1e-6 })
}
