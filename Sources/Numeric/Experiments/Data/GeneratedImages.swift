import Learning
import LinearAlgebra
import Model
import Sweep

/// Computed images of CIFAR-10's shape, for use where the real ones are not at hand: 10 classes, 32 × 32
/// pixels of three colours. A class is a smooth pattern. An image is its class's pattern moved by up to three
/// pixels each way, more or less bright, under noise. Images are a function of (seed, sizes) alone. They are
/// much easier than CIFAR-10: no number measured on them says anything about natural images.
public struct GeneratedImages: Sendable {
    /// The seed of patterns and images.
    public var seed: UInt64
    /// Number of training images.
    public var trainCount: Int
    /// Number of test images.
    public var testCount: Int
    /// Standard deviation of the noise, in steps of a byte.
    public var noise: Double
    /// Index of the first test image.
    private var firstTest: Int

    static let side = 32
    static let classes = 10
    /// Random numbers along each side of a pattern, which is interpolated between them.
    private static let knots = 5

    /// A set whose test images follow its training images.
    public init(seed: UInt64, trainCount: Int, testCount: Int, noise: Double = 48) {
        (self.seed, self.trainCount, self.testCount, self.noise) = (seed, trainCount, testCount, noise)
        firstTest = trainCount
    }

    /// The images of a trial's settings. The test images are never training images, and are the same for any
    /// number of training images.
    init(_ settings: ImageData) {
        // Classes alternate, so that so many images have as many of the chosen classes as are asked for.
        func count(_ asked: Int?, of all: Int) -> Int {
            guard let asked, let chosen = settings.labels.classes else { return asked ?? all }
            return min(all, (asked / chosen.count + 1) * Self.classes)
        }
        self.init(
            seed: 0, trainCount: count(settings.trainPoints, of: settings.name.trainPoints),
            testCount: count(settings.testPoints, of: settings.name.testPoints))
        firstTest = settings.name.trainPoints
    }

    /// Computes the images.
    public func make() -> ImageSet {
        let streams = RandomStreams(seed: seed)
        let templates = (0..<Self.classes).map { Self.template(of: $0, streams) }
        return ImageSet(
            train: images(0..<trainCount, templates, streams),
            test: images(firstTest..<firstTest + testCount, templates, streams),
            numbers: CIFARFile.numbersPerImage)
    }

    /// A class's pattern [32 · 32 · 3], about −1 ... 1: bilinear between the normal numbers of a coarse grid
    /// that wraps around.
    private static func template(of label: Int, _ streams: RandomStreams) -> [Float] {
        let grid = Matrix<Float>(rows: knots * knots, columns: CIFARFile.colours)
        streams.fillNormals(grid, .imageTemplates, index: label)
        let step = Float(knots) / Float(side)
        return (0..<CIFARFile.numbersPerImage).map { index in
            let (pixel, colour) = (index / CIFARFile.colours, index % CIFARFile.colours)
            let (y, x) = (Float(pixel / side) * step, Float(pixel % side) * step)
            let (row, column) = (Int(y), Int(x))
            let (down, right) = (y - Float(row), x - Float(column))
            func knot(_ row: Int, _ column: Int) -> Float {
                grid[row % knots * knots + column % knots, colour]
            }
            let upper = knot(row, column) * (1 - right) + knot(row, column + 1) * right
            let lower = knot(row + 1, column) * (1 - right) + knot(row + 1, column + 1) * right
            return upper * (1 - down) + lower * down
        }
    }

    /// Classes alternate. The first three random numbers of an image are its brightness and displacement.
    private func images(
        _ numbers: Range<Int>, _ templates: [[Float]], _ streams: RandomStreams
    ) -> (images: [UInt8], labels: [UInt8]) {
        let (side, colours) = (Self.side, CIFARFile.colours)
        let draws = Matrix<Float>(rows: 1, columns: CIFARFile.numbersPerImage + 4)
        var images = [UInt8](repeating: 0, count: numbers.count * CIFARFile.numbersPerImage)
        var offset = 0
        for image in numbers {
            streams.fillNormals(draws, .imageNoise, index: image)
            let template = templates[image % Self.classes]
            let brightness = 128 + 16 * draws[0, 0]
            func displacement(_ draw: Float) -> Int { max(-3, min(3, Int((2 * draw).rounded()))) }
            let (down, right) = (displacement(draws[0, 1]), displacement(draws[0, 2]))
            for row in 0..<side {
                for column in 0..<side {
                    let from = ((row + down + side) % side * side + (column + right + side) % side) * colours
                    for colour in 0..<colours {
                        let within = (row * side + column) * colours + colour
                        let value =
                            brightness + 48 * template[from + colour] + Float(noise) * draws[0, within + 4]
                        images[offset] = UInt8(max(0, min(255, value.rounded())))
                        offset += 1
                    }
                }
            }
        }
        return (images, numbers.map { UInt8($0 % Self.classes) })
    }
}
