extension ImageSetDescription {
    /// Images of CIFAR-10's shape that are computed, where the real ones are not at hand.
    public static let generated = ImageSetDescription(
        "generated-images", ImageSize(height: 32, width: 32, channels: 3), trainPoints: 50_000, .computed)
}
