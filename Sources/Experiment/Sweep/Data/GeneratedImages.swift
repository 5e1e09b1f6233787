import Model

extension ImageSetDescription {
    /// Computed images of CIFAR-10's shape, for machines without the real ones.
    public static let generated = ImageSetDescription(
        "generated-images", ImageSize(height: 32, width: 32, channels: 3), trainPoints: 50_000, .computed)
}
