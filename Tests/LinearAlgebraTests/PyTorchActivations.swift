import Model
import Testing

/// Values of torch.nn.functional's activations, in float64 of PyTorch 2.15.0, at some points.
struct PyTorchActivations: Sendable, CustomTestStringConvertible {
    let activation: Activation
    let values: [Double]
    let slopes: [Double]
    var testDescription: String { activation.rawValue }

    static let points = [-3, -0.7, 0.4, 2.5]

    static let all = [
        PyTorchActivations(
            activation: .gelu,
            values: [-0.00404969409489031, -0.1693745565561511, 0.2621686966441297, 2.4844758366855597],
            slopes: [-0.01194564720418392, 0.023385898866340155, 0.8027297977316535, 1.037611085908145]),
        PyTorchActivations(
            activation: .geluTanh,
            values: [-0.0036373920817729943, -0.16942986529488321, 0.2621611694273562, 2.484915733910001],
            slopes: [-0.011584166630969648, 0.023642781343896052, 0.8026588344205614, 1.037951576212666]),
        PyTorchActivations(
            activation: .silu,
            values: [-0.14227761953270035, -0.2322685594822837, 0.2394750640449808, 2.3103545499468914],
            slopes: [-0.08810410601516962, 0.17661321652665754, 0.6947919584090636, 1.0994011113415267]),
        PyTorchActivations(
            activation: .sigmoid,
            values: [0.04742587317756678, 0.3318122278318339, 0.598687660112452, 0.9241418199787566],
            slopes: [0.04517665973091214, 0.22171287329310907, 0.24026074574152914, 0.07010371654510807]),
        PyTorchActivations(
            activation: .leakyRelu,
            values: [-0.03, -0.006999999999999999, 0.4, 2.5],
            slopes: [0.01, 0.01, 1.0, 1.0]),
        PyTorchActivations(
            activation: .elu,
            values: [-0.950212931632136, -0.5034146962085905, 0.4, 2.5],
            slopes: [0.049787068367863944, 0.4965853037914095, 1.0, 1.0]),
        PyTorchActivations(
            activation: .softplus,
            values: [0.04858735157374206, 0.4031860488854579, 0.9130152523999526, 2.5788897342925496],
            slopes: [0.04742587317756679, 0.33181222783183395, 0.598687660112452, 0.9241418199787564]),
    ]
}
