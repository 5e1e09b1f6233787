/// The order in which the points of a finite set are learned: a random one, drawn anew each epoch. Points
/// that do not fill a last batch are left out of the epoch.
public struct EpochOrder {
    private let streams: RandomStreams
    private var order: [UInt32]
    private var drawnEpoch = -1

    /// The order of `points` points.
    public init(points: Int, _ streams: RandomStreams) {
        self.streams = streams
        order = [UInt32](repeating: 0, count: points)
    }

    /// The indices of the points in a step's batch; steps are counted from 0 over all epochs.
    public mutating func batch(of size: Int, step: Int) -> ArraySlice<UInt32> {
        let perEpoch = order.count / size
        let (epoch, index) = (step / perEpoch, step % perEpoch)
        if epoch != drawnEpoch {
            streams.shuffle(&order, .batchOrder, index: epoch)
            drawnEpoch = epoch
        }
        return order[index * size..<(index + 1) * size]
    }
}
