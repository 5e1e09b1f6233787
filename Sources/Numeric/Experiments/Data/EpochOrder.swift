import Learning

/// The order in which a training meets the points of a finite data set: random anew each epoch, without the points that
/// fill no last batch.
struct EpochOrder {
    private let streams: RandomStreams
    private var order: [UInt32]
    private var epoch = -1

    init(points: Int, streams: RandomStreams) {
        self.streams = streams
        order = [UInt32](repeating: 0, count: points)
    }

    /// The points of a step's batch.
    ///
    /// - Parameters:
    ///   - step: counted from 0 over all epochs.
    ///   - size: points of a batch; at least one batch makes an epoch.
    mutating func batch(step: Int, size: Int) -> ArraySlice<UInt32> {
        let perEpoch = order.count / size
        let (epoch, index) = (step / perEpoch, step % perEpoch)
        if epoch != self.epoch {
            streams.shuffle(&order, .batchOrder, index: epoch)
            self.epoch = epoch
        }
        return order[index * size..<(index + 1) * size]
    }
}
