import Measures
import Text

/// Kernel-density bounds on I(X;T) of each layer with noise added, and I(T;Y) from them.
struct KernelInformationMeasure: Measure {
    static let name = "kernel_information"
    private let noise: Double

    init(_ settings: MeasureSettings) { noise = settings.number("noise") }

    func metrics(_ context: MeasureContext) -> [String: JSONValue] {
        let layers = context.outputs.informationLayers.map {
            KernelInformation($0.activations, labels: context.outputs.labels, noiseVariance: noise)
        }
        return [
            "kernel_i_xt_lower_nats": JSONValue(layers.map(\.inputInformation.lower)),
            "kernel_i_xt_upper_nats": JSONValue(layers.map(\.inputInformation.upper)),
            "kernel_i_ty_lower_nats": JSONValue(layers.map(\.targetInformation.lower)),
            "kernel_i_ty_upper_nats": JSONValue(layers.map(\.targetInformation.upper)),
        ]
    }
}
