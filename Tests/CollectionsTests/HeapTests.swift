import Collections
import TestSupport
import Testing

@Suite struct HeapTests {
    @Test func `Elements come out in order, however they went in`() {
        var draws = Draws(5)
        for count in 0..<40 {
            var heap = Heap<UInt64>()
            let numbers = (0..<count).map { _ in draws.next() % 50 }
            for number in numbers { heap.insert(number) }
            #expect(heap.first == numbers.min())
            var popped: [UInt64] = []
            while let number = heap.popFirst() { popped.append(number) }
            #expect(popped == numbers.sorted())
        }
    }

    @Test func `The smallest is replaced by an element that moves to its position`() {
        var heap = Heap(sorted: [1, 3, 4, 8])
        heap.replaceFirst(by: 5)
        #expect(heap.popFirst() == 3 && heap.popFirst() == 4 && heap.popFirst() == 5 && heap.first == 8)
    }
}
