/// Wrong lists of a network's layers, each with its one message. The lists are from line 5 of the file on.
enum WrongNetworks {
    /// A right file of images of 28 × 28, but for its network.
    static let images = "name: s\nmodel: layers\ndataset: mnist\ntraining: {epochs: 1}\n"

    static let words: [(list: String, message: String)] = [
        ("network: []", "5:10: network: an empty list: a network needs layers, as [flatten, {dense: 10}]"),
        ("network: 3", "5:10: network: expected a list, found '3'"),
        ("network: {conv: 3}", "5:10: network: expected a list, found a mapping"),
        (
            "network:\n  - flatten\n  - tanhh\n  - {dense: 10}",
            "7:5: network.1: 'tanhh' must be one of conv, dense, pointwise, activation, norm, pool, global_pool, flatten, "
                + "dropout, residual, gate, patches, class_token, positions, first_token, attention, transpose, linear, "
                + "relu, tanh, gelu, gelu_tanh, silu, sigmoid, leaky_relu, elu or softplus (did you mean 'tanh'?)"
        ),
        (
            "network:\n  - flatten\n  - {dens: 10}",
            "7:6: network.1: 'dens' must be one of conv, dense, pointwise, activation, norm, pool, dropout, residual, "
                + "gate, patches or attention (did you mean 'dense'?)"
        ),
        ("network: [{linear: 10}]", "5:12: network.0: 'linear' is called 'dense' here"),
        ("network: [{Conv2d: 6, kernel_size: 3}]", "5:12: network.0: 'Conv2d' is called 'conv' here"),
        ("network: [flatten, ReLU, {dense: 10}]", "5:20: network.1: 'ReLU' is called 'relu' here"),
        (
            "network:\n  - [flatten]\n  - {dense: 10}",
            "6:5: network.0: expected a layer, found a list: a layer is a word or a mapping, as {dense: 10}"
        ),
        (
            "network: [{}, {dense: 10}]",
            "5:11: network.0: an empty mapping: a layer is a word or a mapping, as {dense: 10}"
        ),
        (
            "network: [{conv: 3, kernel: 3, pool: 2}]",
            "5:11: network.0: 'conv' and 'pool' in one entry: each layer is an entry of its own"
        ),
        (
            "network: [{flatten: true}, {dense: 10}]",
            "5:11: network.0: 'flatten' has no value: write 'flatten' alone"
        ),
        (
            "network: [{tanh: 1}]",
            "5:11: network.0: 'tanh' has no value: write 'tanh' alone, or {activation: tanh}"
        ),
        ("network: [flatten, dense]", "5:20: network.1: 'dense' needs a value: write {dense: n}"),
        ("network: [{kernel: 3}]", "5:11: network.0: no layer: 'kernel' is an option of 'conv'"),
        ("network: [{conv: 6}]", "5:11: network.0: 'kernel' is missing: write {conv: n, kernel: n}"),
        (
            "network: [{patches: 4}]",
            "5:11: network.0: 'channels' is missing: write {patches: n, channels: n}"
        ),
        (
            "network: [{conv: 6, kernel: 3, strid: 2}]",
            "5:32: network.0.strid: no such key (did you mean 'stride'?)"
        ),
        (
            "network: [{conv: 6, kernel_size: 3}]",
            "5:21: network.0.kernel_size: 'kernel_size' is called 'kernel' here"
        ),
        (
            "network: [{conv: 0, kernel: 3}]",
            "5:18: network.0.conv: 0 is out of bounds: it must be at least 1 and at most 4096"
        ),
        ("network: [{conv: six, kernel: 3}]", "5:18: network.0.conv: 'six' is not a number"),
        ("network: [flatten, {dense: 1.5}]", "5:28: network.1.dense: 1.5 is not a whole number"),
        (
            "network: [{dropout: 1}]",
            "5:21: network.0.dropout: 1 is out of bounds: it must be at least 0 and at most 0.99"
        ),
        ("network: [{pool: 2, take: sum}]", "5:27: network.0.take: 'sum' must be one of max or mean"),
        (
            "network: [{norm: bach}]",
            "5:18: network.0.norm: 'bach' must be one of layer, batch, instance, group or token (did you mean 'batch'?)"
        ),
        (
            "network: [{norm: batch, groups: 2}]",
            "5:25: network.0.groups: 'groups' belongs to {norm: group}, and this is {norm: batch}"
        ),
        (
            "network: [flatten, {dense: }]",
            "5:21: network.1.dense: a value is missing: give one here, or an axis network.1.dense under 'axes'"
        ),
        (
            "network: [{residual: []}, flatten, {dense: 10}]",
            "5:22: network.0.residual: an empty list: a network needs layers, as [flatten, {dense: 10}]"
        ),
    ]

    static let shapes: [(list: String, message: String)] = [
        (
            "network:\n  - {dense: 10}",
            "6:5: network.0 (dense): reads 28 × 28 × 1: put 'flatten' before it ('pointwise' is a dense layer of each "
                + "pixel)"
        ),
        (
            "network:\n  - {conv: 6, kernel: 5}\n  - {pool: 5}\n  - flatten\n  - {dense: 10}",
            "7:5: network.1 (pool): reads 24 × 24 × 6: squares of 5 × 5 pixels do not tile it: take a side that divides 24"
        ),
        (
            "network:\n  - flatten\n  - {pool: 2}\n  - {dense: 10}",
            "7:5: network.1 (pool): reads a vector of 784: squares of 2 × 2 pixels need an image"
        ),
        (
            "network: [{conv: 6, kernel: 30}, flatten, {dense: 10}]",
            "5:11: network.0 (conv): reads 28 × 28 × 1: a window of 30 × 30 pixels does not fit with 0 around the image: "
                + "take a smaller 'kernel' or more 'padding'"
        ),
        (
            "network: [{conv: 6, kernel: 3, padding: 3}, flatten, {dense: 10}]",
            "5:11: network.0 (conv): reads 28 × 28 × 1: the padding of 3 must be smaller than the window of 3 × 3 pixels"
        ),
        (
            "network: [flatten, {conv: 6, kernel: 3}, {dense: 10}]",
            "5:20: network.1 (conv): reads a vector of 784: a window of 3 × 3 pixels needs an image"
        ),
        (
            "network: [{conv: 6, kernel: 3}, {norm: group}, flatten, {dense: 10}]",
            "5:33: network.1 (norm): reads 26 × 26 × 6: 4 groups do not divide 6 channels: give 'groups' that do"
        ),
        (
            "network: [{patches: 5, channels: 8}, flatten, {dense: 10}]",
            "5:11: network.0 (patches): reads 28 × 28 × 1: squares of 5 × 5 pixels do not tile it: take a side that "
                + "divides 28"
        ),
        (
            "network: [{patches: 7, channels: 8}, {attention: 3}, flatten, {dense: 10}]",
            "5:38: network.1 (attention): reads 16 × 1 × 8: attention with 3 heads takes q, k and v side by side, so 9 must "
                + "divide the channels: put a 'pointwise' of such a number before it"
        ),
        (
            "network: [{patches: 7, channels: 7}, {gate: [{norm: token}]}, flatten, {dense: 10}]",
            "5:38: network.1 (gate): reads 16 × 1 × 7: a gate needs an even number of channels"
        ),
        (
            "network: [{patches: 7, channels: 8}, {gate: [{pointwise: 3}]}, flatten, {dense: 10}]",
            "5:38: network.1 (gate): reads 16 × 1 × 8: its layers make 16 × 1 × 3 of 16 × 1 × 4, and must keep the size"
        ),
        (
            "network:\n  - residual: [{conv: 4, kernel: 3, padding: 1}]\n    shortcut: identity\n  - flatten\n"
                + "  - {dense: 10}",
            "6:5: network.0 (residual): reads 28 × 28 × 1: its layers give 28 × 28 × 4, and shortcut 'identity' needs the "
                + "same size: take 'projection', or change the layers"
        ),
        (
            "network:\n  - {pointwise: 8}\n  - residual: [{pointwise: 4}]\n    shortcut: padded\n  - flatten\n"
                + "  - {dense: 10}",
            "7:5: network.1 (residual): reads 28 × 28 × 8: its layers give 28 × 28 × 4, and shortcut 'padded' steps over "
                + "whole pixels and adds channels: take as many or more channels"
        ),
        (
            "network: [{residual: [{conv: 4, kernel: 3}]}, flatten, {dense: 10}]",
            "5:11: network.0 (residual): reads 28 × 28 × 1: its layers give 26 × 26 × 4, and no stride leads there: give the "
                + "convolutions 'padding' that keeps the image, as 1 for a kernel of 3"
        ),
        (
            "network:\n  - residual: [relu, {conv: 4, kernel: 30}]\n  - flatten\n  - {dense: 10}",
            "6:22: network.0.residual.1 (conv): reads 28 × 28 × 1: a window of 30 × 30 pixels does not fit with 0 around the "
                + "image: take a smaller 'kernel' or more 'padding'"
        ),
        (
            "network:\n  - flatten\n  - {dense: 12}",
            "7:5: network.1 (dense): the last layer gives a vector of 12, and the data need a vector of 10: end with "
                + "{dense: 10}"
        ),
        (
            "network: [{conv: 10, kernel: 14, stride: 14}]",
            "5:11: network.0 (conv): the last layer gives 2 × 2 × 10, and the data need a vector of 10: end with flatten and "
                + "{dense: 10}"
        ),
        (
            "network: [flatten, relu]",
            "5:1: network: the network has no layer with weights: end it with a dense layer"
        ),
        (
            "network:\n  - flatten\n  - {dense: 65536}\n  - {dense: 65536}\n  - {dense: 10}",
            "8:5: network.2 (dense): reads a vector of 65536: the network would have 4346478592 parameters up to here; at "
                + "most 1073741824 fit"
        ),
        (
            "network: [{conv: 4096, kernel: 64, padding: 63}, flatten, {dense: 10}]",
            "5:50: network.1 (flatten): reads 91 × 91 × 4096: the layers up to here would compute 67838736 numbers for a "
                + "point; at most 67108864 fit"
        ),
        (
            "network: [{conv: 1024, kernel: 3}, flatten, {dense: 10}]\naxes: {training.batch_size: [1, 2000]}",
            "6:8: axes.training.batch_size: what the network computes of 2000 points is 11081936000 bytes; at most 4294967296 "
                + "(4 GiB) fit: take a smaller batch or network (at training.batch_size=2000)"
        ),
        (
            "network: [flatten, {dense: [10, 12]}]",
            "5:20: network.1 (dense): the last layer gives a vector of 12, and the data need a vector of 10: end with "
                + "{dense: 10} (at network.1.dense=12)"
        ),
        (
            "network: [{norm: batch}, flatten, {dense: 10}]\naxes: {training.batch_size: [1, 2]}",
            "6:8: axes.training.batch_size: batch normalisation takes moments over the batch: it needs 2 points or more in "
                + "each (normalisation layer or instance takes one point's) (at training.batch_size=1)"
        ),
    ]

    static let settings: [(list: String, message: String)] = [
        ("seed: 1", "1:1: missing: network is required"),
        ("layers: [{conv: 4}]", "5:1: layers: a network's layers are listed under 'network'"),
        (
            "network: [flatten, {dense: 10}]\nlayers: [flatten]",
            "6:9: layers: a network's layers are listed under 'network'"
        ),
        (
            "network: [flatten, {dense: 10}]\ndepth: 3",
            "6:8: depth: not used here: it needs model to be mlp, cnn, resnet, vit, mixer or gmlp, and it is layers"
        ),
        (
            "network: [flatten, {dense: 10}]\nactivation: relu",
            "6:13: activation: not used here: it needs model to be mlp, cnn, vit, mixer or gmlp, and it is layers"
        ),
        (
            "network: [flatten, {dense: 10}]\naxes: {network.1.conv: [3, 4]}",
            "6:8: axes.network.1.conv: network.1 is 'dense', and has no 'conv'; it has dense and bias"
        ),
        (
            "network: [flatten, {dense: 10}]\naxes: {network.0.dense: [3, 4]}",
            "6:8: axes.network.0.dense: network.0 is 'flatten', and has no 'dense'"
        ),
        (
            "network: [flatten, {dense: 10}]\naxes: {network.2.dense: [3, 4]}",
            "6:8: axes.network.2.dense: there is no entry 2 in network: it has 2, counted from 0"
        ),
        (
            "network: [flatten, {dense: 10}]\naxes: {network.1.residual.0.dense: [3, 4]}",
            "6:8: axes.network.1.residual.0.dense: network.1 is 'dense', and has no 'residual'"
        ),
        (
            "network: [flatten, {dense: 10}]\naxes: {network.1.dens: [3, 4]}",
            "6:8: axes.network.1.dens: a value of the network's list is named network.INDEX.KEY, as network.3.conv, where "
                + "INDEX counts from 0, and KEY is one of activation, attention, bias, channels, conv, dense, dropout, groups, "
                + "kernel, norm, padding, patches, pointwise, pool, shortcut, stride and take (did you mean 'dense'?)"
        ),
        (
            "network: [flatten, {dense: [10, 10]}]",
            "5:33: network.1.dense: the value 10 is given twice, first at 5:29"
        ),
        (
            "network: [flatten, {dense: [10, 12]}]\naxes: {network.1.dense: [9, 8]}",
            "6:8: axes.network.1.dense: given twice, first at 5:28"
        ),
        (
            "network: [flatten, {dense: {log: [8, 64]}}, {dense: 10}]",
            "5:28: network.1.dense: missing: count is required"
        ),
        (
            "network: [flatten, {dense: 10}]\naxes: {network: [[flatten], [relu]]}",
            "6:18: axes.network: expected networks by name, as {mlp: [flatten, {dense: 10}]}, found a list"
        ),
        (
            "network: [flatten, {dense: 10}]\nmeasures: {weight_product: true}",
            "6:28: measures.weight_product: this measure works for plain networks only: an mlp without normalisation and "
                + "residual connections, or a vib with such an encoder"
        ),
    ]
}
