import LinearAlgebra
import Measures
import Model
import Sweep
import Text

/// Ranks before and after a component between random layers, which are drawn from the trial's streams.
struct ComponentRankMeasure: Measure {
    static let declaration = MeasureDeclaration.componentRank
    private let component: NetworkComponent
    private let image: ImageSize
    private let points: Int

    init(_ settings: MeasureSettings) {
        component =
            switch settings.word("component") {
            case "relu": .relu
            case "convolution": .convolution
            case "layer": .layerNorm
            case "batch": .batchNorm
            case "instance": .instanceNorm
            case "group": .groupNorm(settings.integer("groups"))
            default: .dense
            }
        let side = settings.integer("side")
        image = ImageSize(height: side, width: side, channels: settings.integer("channels"))
        points = settings.integer("batch")
    }

    func metrics(_ context: MeasureContext) -> Metrics {
        let units = image.count
        func drawn(_ index: Int, _ rows: Int, _ columns: Int, variance: Double = 1) -> Matrix<Double> {
            let numbers = Matrix<Float>(rows: rows, columns: columns)
            context.streams.fillNormals(numbers, .component, index: index)
            let result = Matrix<Double>(rows: rows, columns: columns)
            result.assign(widening: numbers)
            result.assign(result, times: variance.squareRoot())
            return result
        }
        let size = component.matrixSize(image)
        let ranks = ComponentRank(
            component, image: image, inputs: drawn(0, points, units),
            weight: drawn(1, units, units, variance: 1 / Double(units)),
            matrix: size.map { drawn(2, $0.rows, $0.columns, variance: 1 / Double($0.rows)) }
                ?? Matrix(rows: 0, columns: 0))
        func share(_ after: Int, _ before: Int) -> JSONValue {
            .number(before > 0 ? Double(after) / Double(before) : 0)
        }
        return [
            .componentRankBefore: JSONValue(ranks.rankBefore),
            .componentRank: JSONValue(ranks.rankAfter),
            .componentRankKept: share(ranks.rankAfter, ranks.rankBefore),
            .componentDimensionBefore: JSONValue(ranks.dimensionBefore),
            .componentDimension: JSONValue(ranks.dimensionAfter),
            .componentDimensionKept: share(ranks.dimensionAfter, ranks.dimensionBefore),
        ]
    }
}
