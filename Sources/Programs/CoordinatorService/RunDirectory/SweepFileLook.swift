import Console
import Files
import Glibc
import Model
import ONNX
import Sweep
import Text

/// Looks at the files that sweep files name by their paths from `folder`.
func fileLook(in folder: String) -> FileLook {
    { path, role in facts(of: path, at: filePath(path, in: folder), role) }
}

/// The path of a file that a sweep names, from the folder of the sweep file.
func filePath(_ path: String, in folder: String) -> String {
    path.hasPrefix("/") || path.hasPrefix("~") ? absolutePath(path) : "\(folder)/\(path)"
}

private func facts(of name: String, at path: String, _ role: FileRole) -> FileFacts {
    let fileName = String(name.split(separator: "/").last ?? "")
    func facts(_ content: FileFacts.Content, beside others: [String] = []) -> FileFacts {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        var parts: [ContentFile.Part] = []
        for part in [fileName] + others.map({ String($0.dropFirst(folder.count)) }) {
            guard part.utf8.count <= ContentFile.maxPathBytes else {
                return FileFacts(unusable: "\(part): the name is longer than 100 bytes; choose a shorter one")
            }
            // Hosts take such a file for a compressed one.
            guard !part.hasSuffix(".gz") else {
                return FileFacts(unusable: "\(part): the name must not end in .gz; choose another")
            }
            guard let digest = fileDigest(folder + part), let size = fileSize(folder + part) else {
                return FileFacts(unusable: "\(part) cannot be read: \(systemMessage(errno))")
            }
            parts.append(ContentFile.Part(path: part, digest: digest, bytes: Int(size)))
        }
        return FileFacts(ContentFile(parts[0], beside: Array(parts.dropFirst())), content)
    }
    switch role {
    case .points, .labels:
        do throws(ArrayFile.Fault) {
            let array = try ArrayFile(path)
            return facts(try role == .points ? points(of: array) : labels(of: array))
        } catch { return FileFacts(unusable: error.words) }
    case .network(let layouts):
        do throws(ONNXFault) {
            let model = try ONNXModel(reading: path, opsets: 11...28)
            return facts(.network(network(model, layouts)), beside: model.externalPaths)
        } catch { return FileFacts(unusable: error.what) }
    }
}

private func points(of array: ArrayFile) throws(ArrayFile.Fault) -> FileFacts.Content {
    guard array.shape.count >= 2, !array.shape.contains(0) else {
        throw .content(.dimensions(array.shape, expected: "(points, …)"))
    }
    return .points(shape: array.shape)
}

private func labels(of array: ArrayFile) throws(ArrayFile.Fault) -> FileFacts.Content {
    guard array.shape.count == 1, array.shape[0] > 0 else {
        throw .content(.dimensions(array.shape, expected: "(points,)"))
    }
    var (index, classes) = (0, 0)
    var bad: (label: Double, index: Int)?
    do throws(FileError) {
        try array.forEachNumber { number in
            let label = Int32(exactly: number) ?? -1
            if label < 0, bad == nil { bad = (number, index) }
            classes = max(classes, Int(label) + 1)
            index += 1
        }
    } catch { throw .unreadable(error) }
    if let bad { throw .content(.badLabel(JSONValue.text(of: bad.label), at: bad.index)) }
    return .labels(count: index, classes: classes)
}

/// The network's layers at points in these layouts.
private func network(_ model: ONNXModel, _ layouts: [PointLayout]) -> NetworkFacts {
    var facts = NetworkFacts(declared: model.pointSizes)
    for layout in layouts {
        let shape = layout.shape(for: facts.declared)
        guard facts.refusals[shape] == nil, !facts.graphs.contains(where: { $0.input == shape }) else {
            continue
        }
        do throws(GraphError) {
            facts.graphs.append(try NetworkGraph(model, inputShape: shape).facts)
        } catch {
            switch error {
            case .file(let fault): facts.refusals[shape] = fault.what
            case .graph(let fault): facts.refusals[shape] = fault.description
            }
        }
    }
    return facts
}
