import Model

extension ShapeFault {
    /// The message: what is wrong, where, and what to do.
    package var words: String {
        switch self {
        case .entry(let path, let word, _, _): word.isEmpty ? advice : "\(path) (\(word)) \(advice)"
        default: advice
        }
    }

    /// The path of the entry of a list that doesn't fit; nil for a network that is not from a list.
    var path: String? { if case .entry(let path, _, _, _) = self { path } else { nil } }

    /// The message without the path: what is wrong with a layer, and what to do.
    var advice: String {
        switch self {
        case .entry(_, let word, let size, let fault): ShapeFault.advice(word, size, fault)
        case .noWeights: "the network has no layer with weights: end it with a dense layer"
        case .notPositive: "a layer of the network has no units"
        case .notAVector: "put 'flatten' before it ('pointwise' is a dense layer of each pixel)"
        case .windowDoesNotFit(let kernel, let padding, _) where padding >= kernel:
            "the padding of \(padding) must be smaller than the window of \(kernel) × \(kernel) pixels"
        case .windowDoesNotFit(let kernel, _, let size) where size.pixels == 1:
            "a window of \(kernel) × \(kernel) pixels needs an image"
        case .windowDoesNotFit(let kernel, let padding, _):
            "a window of \(kernel) × \(kernel) pixels does not fit with \(padding) around the image: take a smaller "
                + "'kernel' or more 'padding'"
        case .poolDoesNotFit(let window, let size):
            size.pixels == 1
                ? "squares of \(window) × \(window) pixels need an image"
                : "squares of \(window) × \(window) pixels do not tile it: take a side that divides \(size.height)"
                    + (size.width == size.height ? "" : " and \(size.width)")
        case .groupsDoNotDivide(let groups, let channels):
            "\(groups) groups do not divide \(channels) channels"
        case .headsDoNotDivide(let heads, let channels): "\(heads) heads do not divide \(channels) channels"
        case .shortcutDoesNotFit(_, let from, let to): "no shortcut leads from \(from.words) to \(to.words)"
        case .depth(let depth): "no resnet has depth \(depth): it is 6n + 2"
        case .outputs(let size, let due):
            "the last layer gives \(size.words), and the data need a vector of \(due): end with "
                + (size.pixels == 1 ? "" : "flatten and ") + "{dense: \(due)}"
        case .tooManyParameters(let count):
            "the network would have \(count) parameters up to here; at most \(NetworkPlan.maxParameters) fit"
        case .tooManyNumbers(let count):
            "the layers up to here would compute \(count) numbers for a point; at most \(NetworkPlan.maxNumbers) fit"
        }
    }

    /// The message about a network, or about an encoder with so many latent variables.
    func advice(latent: Int?) -> String {
        guard let latent, case .entry(_, _, _, .outputs(let size, let due)) = self else { return advice }
        return
            "the last layer gives \(size.words), and an encoder gives μ and s of \(latent) latent variables: end with "
            + (size.pixels == 1 ? "" : "flatten and ") + "{dense: \(due)}, twice 'bottleneck'"
    }

    /// The message where a network on patches is too large; nil for other faults.
    func sizeAdvice(_ model: String) -> String? {
        switch self {
        case .tooManyParameters(let count):
            "this \(model) has \(count) parameters or more; at most \(NetworkPlan.maxParameters) fit: take a smaller "
                + "'width' or 'depth'"
        case .tooManyNumbers(let count):
            "this \(model) computes \(count) numbers or more for a point; at most \(NetworkPlan.maxNumbers) fit: take a "
                + "larger 'patch', or a smaller 'width' or 'depth'"
        default: nil
        }
    }

    /// The advice about an entry that reads values of a size.
    private static func advice(_ word: String, _ size: ImageSize, _ fault: ShapeFault) -> String {
        let reads = "reads \(size.words): "
        switch fault {
        case .outputs, .noWeights: return fault.advice
        case .headsDoNotDivide(let heads, _):
            return reads
                + "attention with \(heads) heads takes q, k and v side by side, so \(3 * heads) must divide the channels: "
                + "put a 'pointwise' of such a number before it"
        case .groupsDoNotDivide where word == "gate":
            return reads + "a gate needs an even number of channels"
        case .groupsDoNotDivide: return reads + fault.advice + ": give 'groups' that do"
        case .shortcutDoesNotFit(_, let from, let to) where word == "gate":
            return reads + "its layers make \(to.words) of \(from.words), and must keep the size"
        case .shortcutDoesNotFit(let shortcut, _, let to):
            return reads + "its layers give \(to.words), " + shortcut.advice
        default: return reads + fault.advice
        }
    }
}

extension Shortcut {
    /// Why the shortcut doesn't lead from a block's input to its output, and what to do.
    fileprivate var advice: String {
        switch self {
        case .identity: "and shortcut 'identity' needs the same size: take 'projection', or change the layers"
        case .padded:
            "and shortcut 'padded' steps over whole pixels and adds channels: take as many or more channels"
        case .projection, .fitting:
            "and no stride leads there: give the convolutions 'padding' that keeps the image, as 1 for a kernel of 3"
        }
    }
}

extension ImageSize {
    /// The size for people: "28 × 28 × 1" or "a vector of 10".
    package var words: String {
        pixels == 1 ? "a vector of \(channels)" : "\(height) × \(width) × \(channels)"
    }
}
