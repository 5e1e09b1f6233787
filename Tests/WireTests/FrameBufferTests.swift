import TestSupport
import Testing
import Wire

@Suite struct FrameBufferTests {
    @Test func `Frames come out as they went in, however the stream is cut`() throws {
        for seed in UInt64(0)..<300 {
            var draws = Draws(seed)
            let frames = (0..<Int.random(in: 0...12, using: &draws)).map { _ in draws.bytes(upTo: 40) }
            var stream = ArraySlice(frames.flatMap(FrameBuffer.frame))
            var buffer = FrameBuffer()
            var out: [[UInt8]] = []
            while !stream.isEmpty {
                let chunk = stream.prefix(Int.random(in: 1...30, using: &draws))
                stream = stream.dropFirst(chunk.count)
                buffer.append(chunk)
                while let frame = try buffer.next() { out.append(frame) }
            }
            #expect(out == frames, "seed \(seed)")
        }
    }

    @Test func `A length beyond the limit is an error at once, and stays one`() {
        var buffer = FrameBuffer()
        buffer.append([0xFF, 0xFF, 0xFF, 0xFF])
        for _ in 0..<2 {
            #expect(throws: WireError.tooLong(0xFFFF_FFFF, limit: WireLimit.frame)) { try buffer.next() }
        }
    }

    @Test func `A frame that has not come whole is waited for`() throws {
        var buffer = FrameBuffer()
        buffer.append([3, 0, 0, 0, 1, 2])
        #expect(try buffer.next() == nil)
        buffer.append([3])
        #expect(try buffer.next() == [1, 2, 3])
        #expect(try buffer.next() == nil)
    }
}
