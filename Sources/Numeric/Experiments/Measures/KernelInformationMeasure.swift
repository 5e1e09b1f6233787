import Measures
import Sweep
import Text

/// Kernel-density bounds on I(X;T) of each layer with noise added, and on I(T;Y) from them.
struct KernelInformationMeasure: Measure {
    static let declaration = MeasureDeclaration.kernelInformation
    private let noise: Double

    init(_ settings: MeasureSettings) { noise = settings.number("noise") }

    func metrics(_ context: MeasureContext) -> Metrics {
        let layers = context.outputs.informationLayers.map {
            KernelInformation($0.activations, labels: context.outputs.labels, noiseVariance: noise)
        }
        return [
            .kernelIXTLowerNats: JSONValue(layers.map(\.inputInformation.lower)),
            .kernelIXTUpperNats: JSONValue(layers.map(\.inputInformation.upper)),
            .kernelITYLowerNats: JSONValue(layers.map(\.targetInformation.lower)),
            .kernelITYUpperNats: JSONValue(layers.map(\.targetInformation.upper)),
        ]
    }
}
