import TestSupport
import Testing
import Wire

@testable import Scheduling

@Suite struct QueueTests {
    @Test func `A queue gives back in order, passes over what is not wanted, and forgets the dead`() {
        for seed in UInt64(0)..<200 {
            var draws = Draws(seed)
            var queue = Queue<Int>()
            var plain: [Int] = []
            for step in 0..<300 {
                switch draws.next() % 4 {
                case 0, 1:
                    queue.append(step)
                    plain.append(step)
                case 2:
                    let first = plain.isEmpty ? nil : plain.removeFirst()
                    #expect(queue.popFirst() == first)
                default:
                    let dead = Int(draws.next() % 5), wanted = Int(draws.next() % 3)
                    let found = queue.take(
                        atMost: .max, isAlive: { $0 % 5 != dead }, where: { $0 % 3 == wanted })
                    let index = plain.firstIndex { $0 % 5 != dead && $0 % 3 == wanted }
                    #expect(found == index.map { plain[$0] })
                    let passed = plain.prefix(index ?? plain.count).filter { $0 % 5 != dead }
                    plain = passed + plain.suffix(from: index.map { $0 + 1 } ?? plain.count)
                }
                #expect(Array(queue.all) == plain)
                #expect(queue.count == plain.count)
            }
        }
    }

    @Test func `A queue looks at the first few only`() {
        var queue = Queue<Int>()
        for number in 0..<100 { queue.append(number) }
        #expect(queue.take(isAlive: { _ in true }, where: { $0 > 15 }) == nil)
        #expect(queue.take(isAlive: { _ in true }, where: { $0 > 14 }) == 15)
        #expect(queue.count == 99)
    }

    @Test func `Deadlines come in order of time, then of joining, and not before their time`() {
        for seed in UInt64(0)..<100 {
            var draws = Draws(seed)
            var queue = DeadlineQueue()
            var plain: [(due: Int64, number: Int)] = []
            for number in 0..<100 {
                let due = Int64(draws.next() % 50)
                queue.add(WorkerID(UInt64(number)), number: number, due: Instant(milliseconds: due))
                plain.append((due, number))
            }
            plain.sort { $0 < $1 }
            #expect(queue.first?.milliseconds == plain.first?.due)
            let limit = Int64(draws.next() % 60)
            for (due, number) in plain where due <= limit {
                let next = queue.next(by: Instant(milliseconds: limit))
                #expect(next?.worker.value == UInt64(number))
                #expect(next?.due.milliseconds == due)
            }
            #expect(queue.next(by: Instant(milliseconds: limit)) == nil)
        }
    }
}
