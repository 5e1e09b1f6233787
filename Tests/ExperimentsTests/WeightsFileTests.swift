import Foundation
import LinearAlgebra
import Testing
import Text

@testable import Experiments

private func weightsFault(_ files: GivenFiles, _ header: String, data: Int = 0) throws -> String? {
    let bytes = GivenFiles.safetensors(header, [UInt8](repeating: 0, count: data))
    let path = try files.write(bytes)
    return try fault(path) { _ = try TrainedNetwork(try WeightsFile(opening: path), activation: .relu) }
}

@Test func `Written weights are read back`() throws {
    let files = try GivenFiles()
    let special: [Float] = [
        0, -0.0, 1, -1.5, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1, 0x1p-140,
    ]
    let bytes = WeightsFile.bytes(of: [
        ("layers.0.weight", [4, 2], special), ("layers.0.bias", [4], [1, 2, 3, 4]), ("empty", [0, 3], []),
        ("scalar", [], [7]), ("a \"quoted\" ü", [1, 1, 1], [8]),
    ])
    // The data begin at a multiple of eight bytes.
    #expect((bytes[0] % 8, bytes[1]) == (0, 1))
    let file = try WeightsFile(opening: try files.write(bytes))
    #expect(
        file.tensors.map(\.name).sorted()
            == ["a \"quoted\" ü", "empty", "layers.0.bias", "layers.0.weight", "scalar"])
    for (name, shape, values) in [
        ("layers.0.weight", [4, 2], special), ("layers.0.bias", [4], [1, 2, 3, 4]), ("scalar", [], [7]),
        ("empty", [0, 3], []), ("a \"quoted\" ü", [1, 1, 1], [8]),
    ] {
        let tensor = try #require(file.tensors.first { $0.name == name })
        #expect(tensor.shape == shape)
        let read = try file.floats(tensor)
        #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
    }
}

/// As the package `safetensors` 0.8 writes {"b": [1, 2], "a": [[3]]}.
@Test func `Written weights are those of the format's own package`() {
    let header =
        #"{"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"#
        + #""b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#
    let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let data: [UInt8] = [0, 0, 0x40, 0x40, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]
    #expect(
        WeightsFile.bytes(of: [("b", [2], [1, 2]), ("a", [1, 1], [3])])
            == GivenFiles.safetensors(header + padding, data))
}

@Test(arguments: [
    ("F64", 8, [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf8, 0xbf]), ("F32", 4, [0x00, 0x00, 0xc0, 0xbf]),
    ("F16", 2, [0x00, 0xbe]), ("BF16", 2, [0xc0, 0xbf]),
])
func `Every type is read`(type: String, width: Int, bytes: [UInt8]) throws {
    let files = try GivenFiles()
    let header = #"{"weight":{"dtype":"\#(type)","shape":[1,2],"data_offsets":[0,\#(2 * width)]}}"#
    let path = try files.write(
        GivenFiles.safetensors(header, bytes + [UInt8](repeating: 0, count: width)))
    let network = try TrainedNetwork(try WeightsFile(opening: path), activation: .relu)
    #expect(network.layers[0].weight.values == [-1.5, 0])
    #expect(network.layers[0].bias.values == [0])
}

@Test func `Layers are in the natural order of their names`() throws {
    let sorted = [
        "", "0", "2", "10", "fc", "fc1", "fc2", "fc10", "fc10a", "layers.0", "layers.00", "layers.2",
    ]
    #expect(sorted.reversed().sorted(by: precedesNaturally) == sorted)
    for a in sorted {
        for b in sorted {
            #expect(!(precedesNaturally(a, b) && precedesNaturally(b, a)))
            #expect(a == b || precedesNaturally(a, b) || precedesNaturally(b, a))
        }
    }
    let files = try GivenFiles()
    let bytes = WeightsFile.bytes(of: [
        ("net.10.weight", [1, 3], [7, 8, 9]), ("net.2.weight", [3, 2], [1, 2, 3, 4, 5, 6]),
        ("net.2.bias", [3], [10, 11, 12]), ("net.0.weight", [2, 1], [-1, -2]), ("net.0.bias", [2], [13, 14]),
    ])
    let network = try TrainedNetwork(
        try WeightsFile(opening: try files.write(bytes)), activation: .tanh)
    #expect(network.shape.units == [1, 2, 3, 1] && network.shape.activation == .tanh)
    #expect(network.layers.map { $0.weight.values } == [[-1, -2], [1, 2, 3, 4, 5, 6], [7, 8, 9]])
    #expect(network.layers.map { $0.bias.values } == [[13, 14], [10, 11, 12], [0]])
}

/// Each header with so many bytes of data, and what is said of them.
@Test(arguments: [
    ("{", 0, "has a header that is not JSON: the text ends too soon at byte 1"),
    ("[]", 0, "has a header that is not a JSON object"),
    (#"{"__metadata__":{"a":1}}"#, 0, "has a '__metadata__' that does not map names to texts"),
    (#"{"__metadata__":{"a":"1"}}"#, 0, "holds no layer: no tensor is named '….weight'"),
    (#"{"w":1}"#, 0, "tensor 'w' is not described by a JSON object"),
    (#"{"w":{"shape":[1],"data_offsets":[0,4]}}"#, 4, "tensor 'w' has no 'dtype', or a wrong one"),
    (
        #"{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4,
        "tensor 'w' has no 'shape', or a wrong one"
    ),
    (
        #"{"w":{"dtype":"F32","shape":[0.5],"data_offsets":[0,4]}}"#, 4,
        "tensor 'w' has no 'shape', or a wrong one"
    ),
    (
        #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4,
        "tensor 'w' has no 'data_offsets', or a wrong one"
    ),
    (
        #"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}"#, 4,
        "tensor 'w' has an unknown member 'more'"
    ),
    (
        #"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4,
        "tensor 'w' should be bytes 0 to 8 of the data, but there are 4; the file is cut short"
    ),
    (
        #"{"w":{"dtype":"F32","shape":[3,2],"data_offsets":[0,8]}}"#, 8,
        "tensor 'w' of type F32 and shape [3,2] cannot have 8 bytes"
    ),
    (
        #"{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0,
        "tensor 'w' of type F32 and shape [4294967296,4294967296] cannot have 0 bytes"
    ),
    (
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
            + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "tensor 'b' overlaps tensor 'a'"
    ),
    (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
            + #""b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#, 12,
        "tensor 'b' comes after 4 bytes that belong to no tensor"
    ),
    (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 7,
        "goes on for 3 bytes after its last tensor"
    ),
    (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{}}"#, 4,
        "has a header that is not JSON: a key appears twice in an object at byte 54"
    ),
    (
        #"{"bn.running_mean":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4,
        "tensor 'bn.running_mean' is not the weight or bias of a dense layer ('NAME.weight', 'NAME.bias'); only "
            + "networks of dense layers are measured, and --layers selects the dense ones"
    ),
    (
        #"{"c.weight":{"dtype":"F32","shape":[1,1,1,1],"data_offsets":[0,4]}}"#, 4,
        "tensor 'c.weight' has the shape [1,1,1,1]; a dense layer's weight is [outputs, inputs]; --layers names the "
            + "dense layers where there are others"
    ),
    (
        #"{"c.weight":{"dtype":"F32","shape":[0,1],"data_offsets":[0,0]}}"#, 0,
        "tensor 'c.weight' has the shape [0,1]; a dense layer's weight is [outputs, inputs]; --layers names the "
            + "dense layers where there are others"
    ),
    (
        #"{"c.bias":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}"#, 4,
        "tensor 'c.bias' has the shape [1,1]; a bias is [outputs]; --layers names the dense layers where there are "
            + "others"
    ),
    (
        #"{"c.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4,
        "has 'c.bias', but no weight beside it"
    ),
    (
        #"{"c.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
            + #""c.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]}}"#, 12,
        "tensor 'c.bias' has 1 numbers; its layer has 2 outputs"
    ),
    (
        #"{"fc2.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"#
            + #""fc10.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]}}"#, 12,
        "layer 'fc10' takes 2 inputs, but 'fc2' before it has 1 outputs; the order, by name, is fc2, fc10 "
            + "(weights are [outputs, inputs])"
    ),
    (
        #"{"c.weight":{"dtype":"I32","shape":[1,1],"data_offsets":[0,4]}}"#, 4,
        "tensor 'c.weight' has the type I32; weights may be F64, F32, F16, BF16"
    ),
    (
        #"{"c.weight":{"dtype":"F7","shape":[1,1],"data_offsets":[0,4]}}"#, 4,
        "tensor 'c.weight' has the type F7; weights may be F64, F32, F16, BF16"
    ),
    (
        #"{"c.weight":{"dtype":"F32","shape":[70000,1],"data_offsets":[0,280000]}}"#, 280_000,
        "tensor 'c.weight' has 70000 outputs; 65536 are the most"
    ),
])
func `Faults of weights are named`(header: String, data: Int, words: String) throws {
    #expect(try weightsFault(GivenFiles(), header, data: data) == words)
}

@Test func `Headers that announce too much are refused`() throws {
    let files = try GivenFiles()
    func words(_ bytes: [UInt8]) throws -> String? {
        let path = try files.write(bytes)
        return try fault(path) { _ = try WeightsFile(opening: path) }
    }
    for count in 0..<8 {
        #expect(
            try words([UInt8](repeating: 1, count: count)) == "is too short to be a .safetensors file")
    }
    #expect(
        try words([UInt8](repeating: 0xff, count: 20))
            == "is not a .safetensors file, or cut short: it announces a header of 18446744073709551615 bytes, "
            + "12 follow")
    #expect(
        try words(GivenFiles.little(3, 8) + [0x7b, 0x7d])
            == "is not a .safetensors file, or cut short: it announces a header of 3 bytes, 2 follow")
    // A sparse file: as long as it says, without taking the room.
    let path = try files.write(GivenFiles.little(100_000_001, 8))
    #expect(truncate(path, 200_000_000) == 0)
    #expect(
        try fault(path) { _ = try WeightsFile(opening: path) }
            == "announces a header of 100000001 bytes; 100000000 are the most")
    let missing = files.folder.path + "/none"
    #expect(
        try fault(missing) { _ = try WeightsFile(opening: missing) }
            == "cannot be read: No such file or directory")
    let folder = files.folder.path
    #expect(
        try fault(folder) { _ = try WeightsFile(opening: folder) } == "cannot be read: a folder, not a file")
    #expect(
        try fault("/dev/zero") { _ = try WeightsFile(opening: "/dev/zero") }
            == "cannot be read: a device, not a file")
}

@Test func `Numbers that are not finite are located`() throws {
    let files = try GivenFiles()
    let path = try files.write(WeightsFile.bytes(of: [("0.weight", [1, 3], [1, .nan, .infinity])]))
    let words = try fault(path) {
        _ = try TrainedNetwork(try WeightsFile(opening: path), activation: .relu)
    }
    #expect(words == "tensor '0.weight' has a number that is not finite, at 1")
    // Beyond single precision.
    let large = GivenFiles.little(Int(1e300.bitPattern), 8)
    let header = #"{"weight":{"dtype":"F64","shape":[1,1],"data_offsets":[0,8]}}"#
    let wide = try files.write(GivenFiles.safetensors(header, large))
    #expect(
        try fault(wide) { _ = try TrainedNetwork(try WeightsFile(opening: wide), activation: .relu) }
            == "tensor 'weight' has a number that single precision cannot hold, at 0; networks are computed in it "
            + "(weight_norms are in double)")
}

@Test func `A weights file cut or damaged anywhere never crashes`() throws {
    let files = try GivenFiles()
    let whole = WeightsFile.bytes(of: [
        ("0.weight", [3, 2], [1, 2, 3, 4, 5, 6]), ("0.bias", [3], [1, 2, 3]),
        ("1.weight", [1, 3], [1, 2, 3]),
    ])
    for length in 0..<whole.count {
        let path = try files.write(Array(whole[..<length]))
        #expect(try fault(path) { _ = try WeightsFile(opening: path) } != nil, "cut at \(length)")
    }
    for index in whole.indices {
        for flip: UInt8 in [1, 0x20, 0xff] {
            var damaged = whole
            damaged[index] ^= flip
            let path = try files.write(damaged)
            _ = try fault(path) {
                _ = try TrainedNetwork(try WeightsFile(opening: path), activation: .relu)
            }
        }
    }
}
