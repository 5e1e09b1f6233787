import Files
import LinearAlgebra
import Model
import Sweep

/// The points that a network from a file is measured at.
struct MeasuredPoints {
    /// [points, inputs]
    let inputs: Matrix<Float>
    let labels: [Int32]?
    /// The sizes of a point in an array; empty for other points.
    let sizes: [Int]
    /// The sources of inputs and labels, for messages.
    let inputsFile: String
    let labelsFile: String

    init(_ points: GraphPoints, _ request: MeasureRequest) {
        (inputs, labels, sizes) = (points.inputs, points.labels, [])
        if case .array(let path, let labelsPath) = request.points {
            (inputsFile, labelsFile) = (path, labelsPath ?? path)
        } else {
            (inputsFile, labelsFile) = (request.weights, request.weights)
        }
    }

    init(_ request: MeasureRequest.Points, _ directory: DataDirectory) throws(DataError) {
        var shape: [Int] = []
        switch request {
        case .noPoints:
            inputs = Matrix(rows: 0, columns: 0)
            labels = nil
            (inputsFile, labelsFile) = ("no points", "no points")
        case .dataset(let name, let scale):
            let set = try ImageSet.open(name, in: directory)
            inputs = MeasuredPoints.inputs(
                set.test.pixels, count: set.test.count, of: set.numbersPerImage, scale)
            labels = set.test.labels
            (inputsFile, labelsFile) = (name.rawValue, name.rawValue)
        case .symmetric(let scale):
            inputs = SymmetricSet.inputs(scale)
            labels = SymmetricSet.labels
            (inputsFile, labelsFile) = ("symmetric", "symmetric")
        case .array(let path, let labelsPath), .features(let path, let labelsPath):
            (inputs, shape) = try MeasuredPoints.inputs(ofArray: path)
            labels = try MeasuredPoints.labels(labelsPath, points: inputs.rows)
            (inputsFile, labelsFile) = (path, labelsPath ?? path)
        case .images(let path, let labelsPath, let scale):
            let file = try IDXFile.read(path, dimensions: 3)
            inputs = file.bytes.withUnsafeBufferPointer {
                MeasuredPoints.inputs($0, count: file.dimensions[0], scale)
            }
            labels = try MeasuredPoints.labels(labelsPath, points: inputs.rows)
            (inputsFile, labelsFile) = (path, labelsPath ?? path)
        }
        sizes = shape
    }

    /// Bytes as numbers, as a trial on this scale reads them.
    private static func inputs(
        _ pixels: UnsafeBufferPointer<UInt8>, count: Int, of numbers: Int = ImageSet.pixelsPerImage,
        _ scale: InputScale
    ) -> Matrix<Float> {
        let matrix = Matrix<Float>(rows: count, columns: numbers)
        let rows = (0..<count).map { UInt32($0) }
        let (factor, offset) = scale.affine
        matrix.gather(pixels, rows: rows[...], scale: factor, offset: offset)
        return matrix
    }

    /// An array [points, …]: all dimensions but the first make up one point.
    private static func inputs(ofArray path: String) throws(DataError) -> (Matrix<Float>, sizes: [Int]) {
        let file = try ArrayFile(opening: path)
        guard file.shape.count >= 2 else {
            throw file.fault(.dimensions(file.shape, expected: "(points, features)"))
        }
        guard !file.shape.contains(0) else { throw file.fault(.empty(file.shape)) }
        let matrix = Matrix<Float>(rows: file.shape[0], columns: file.shape.dropFirst().reduce(1, *))
        let buffer = matrix.buffer
        var index = 0
        var bad: Int?
        try file.forEach { number in
            let value = Float(number)
            if !value.isFinite, bad == nil { bad = index }
            buffer[index] = value
            index += 1
        }
        if let bad { throw file.fault(.notFinite(row: bad / matrix.columns)) }
        return (matrix, Array(file.shape.dropFirst()))
    }

    /// Labels from a .npy file or, where the first bytes don't mark one, from an IDX file.
    static func labels(_ path: String?, points: Int) throws(DataError) -> [Int32]? {
        guard let path else { return nil }
        let start = try reading(InputFile(path))
        var labels: [Int32] = []
        if try reading(start.read(at: 0, count: min(start.size, 6))) == ArrayFile.magic {
            labels = try MeasuredPoints.labels(ofArray: path)
        } else {
            labels = try IDXFile.read(path, dimensions: 1).bytes.map { Int32($0) }
        }
        guard labels.count == points else {
            throw DataError(file: path, problem: .labelsDisagree(labels: labels.count, points: points))
        }
        return labels
    }

    private static func labels(ofArray path: String) throws(DataError) -> [Int32] {
        let file = try ArrayFile(opening: path)
        guard file.shape.count == 1 else {
            throw file.fault(.dimensions(file.shape, expected: "(points,)"))
        }
        guard file.shape[0] > 0 else { throw file.fault(.empty(file.shape)) }
        var labels: [Int32] = []
        labels.reserveCapacity(file.shape[0])
        var bad: (label: Double, index: Int)?
        try file.forEach { number in
            let label = Int32(exactly: number).flatMap { $0 >= 0 ? $0 : nil }
            if label == nil, bad == nil { bad = (number, labels.count) }
            labels.append(label ?? 0)
        }
        if let bad {
            throw file.fault(.badLabel(bad.label.formattedAsLabel, at: bad.index))
        }
        return labels
    }
}

extension Double {
    /// The number, without ".0" where it is whole.
    fileprivate var formattedAsLabel: String { Int64(exactly: self).map(String.init) ?? "\(self)" }
}

extension InputScale {
    /// A byte b becomes factor · b + offset.
    var affine: (factor: Float, offset: Float) {
        switch self {
        case .unit: (1 / 255, 0)
        case .symmetric: (2 / 255, -1)
        }
    }
}
