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
    if access(path, F_OK) != 0, errno == ENOENT {
        // As the sweep file would name it.
        let folder = path.hasSuffix(name) ? String(path.dropLast(name.count)) : ""
        let near = nearFile(to: path, endings: [".npy", ".csv", ".onnx"]).map { near in
            "; " + (folder.isEmpty ? near : near.replacing(folder, with: ""))
        }
        return FileFacts(unusable: "cannot be read: \(systemMessage(ENOENT))\(near ?? "")")
    }
    switch role {
    case .points, .labels, .targets:
        do throws(ArrayFile.Fault) { return facts(try content(of: try ArrayFile(path), role)) } catch {
            return FileFacts(unusable: error.words)
        }
    case .table:
        do throws(TableFile.Fault) { return facts(.table(try tableFacts(of: try TableFile(path)))) } catch {
            return FileFacts(unusable: error.words)
        }
    case .network(let layouts):
        do throws(ONNXFault) {
            let model = try ONNXModel(reading: path, opsets: 11...28)
            return facts(.network(network(model, layouts)), beside: model.externalPaths)
        } catch { return FileFacts(unusable: error.what) }
    }
}

/// The meaning of an array as points, labels or targets.
func content(of array: ArrayFile, _ role: FileRole) throws(ArrayFile.Fault) -> FileFacts.Content {
    if role == .labels { return try labels(of: array) }
    let isTargets = role == .targets
    guard isTargets ? (1...2).contains(array.shape.count) : array.shape.count >= 2, !array.shape.contains(0)
    else {
        throw .content(
            .dimensions(
                array.shape, expected: isTargets ? "(points,) or (points, outputs)" : "(points, …)"))
    }
    if array.element.isFloat {
        let summary: NumberSummary
        do throws(FileError) { summary = try array.summary() } catch { throw .unreadable(error) }
        if let problem = array.problem(summary) { throw .content(problem) }
    }
    return isTargets
        ? .targets(count: array.shape[0], columns: array.shape.count == 1 ? 1 : array.shape[1])
        : .points(shape: array.shape)
}

private func labels(of array: ArrayFile) throws(ArrayFile.Fault) -> FileFacts.Content {
    guard array.shape.count == 1, array.shape[0] > 0 else {
        throw .content(.dimensions(array.shape, expected: "(points,)"))
    }
    var (index, largest) = (0, (label: 0, index: 0))
    var counts: [(count: Int, first: Int)] = []
    var bad: (label: Double, index: Int)?
    do throws(FileError) {
        try array.forEachNumber { number in
            defer { index += 1 }
            guard let label = Int32(exactly: number), label >= 0 else {
                bad = bad ?? (number, index)
                return
            }
            if label > largest.label { largest = (Int(label), index) }
            guard label < LabelOptions.maxClasses else { return }
            while counts.count <= label { counts.append((0, 0)) }
            if counts[Int(label)].count == 0 { counts[Int(label)].first = index }
            counts[Int(label)].count += 1
        }
    } catch { throw .unreadable(error) }
    if let bad {
        throw .content(.badLabel(Int64(exactly: bad.label).map(String.init) ?? "\(bad.label)", at: bad.index))
    }
    let isKnown = largest.label < LabelOptions.maxClasses
    return .labels(
        count: index, classes: largest.label + 1,
        found: isKnown ? counts.map { FoundClass(count: $0.count, first: $0.first) } : [])
}

/// The facts of a table's columns.
func tableFacts(of table: TableFile) throws(TableFile.Fault) -> TableFacts {
    let (rows, columns) = try table.summary()
    guard rows > 0 else { throw TableFile.Fault("has a header, and no line below it") }
    return TableFacts(
        rows: rows,
        columns: columns.map { column in
            TableFacts.Column(
                name: column.name, emptyLine: column.firstMissing,
                text: column.firstText.map { .init(text: String($0.text.prefix(40)), line: $0.line) },
                values: column.values?.map {
                    .init(text: $0.text, found: FoundClass(count: $0.count, first: $0.line))
                })
        })
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
