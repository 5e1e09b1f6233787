import Sweep
import Testing

@testable import Experiments

@Suite struct PointSourceTests {
    @Test func `Every kind of data set has one source of points`() {
        let described = pointSources.map { ObjectIdentifier($0.description) }
        let kinds = Dataset.kinds
        for kind in kinds {
            #expect(described.count { $0 == ObjectIdentifier(kind) } == 1, "\(kind)")
        }
        #expect(described.count == kinds.count)
    }
}
