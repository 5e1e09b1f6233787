import Records
import Testing
import Text

@Suite struct ProvenanceTests {
    private let provenance = Provenance(
        host: "a", process: 41, slot: 2, cpu: "Xeon", kernel: "SkylakeX",
        startMilliseconds: 1_700_000_000_123,
        seconds: 0.5, peakMemoryBytes: 1 << 30, continuedFrom: 100, measuringSeconds: 0.25, commit: "abc")

    @Test func `A failed attempt has every key, sorted, and its log by lines`() throws {
        let line = ProvenanceLine(
            number: 3, lease: 1 << 63, outcome: "failed", cause: "no luck", log: "a\n\nb",
            provenance: provenance)
        let bytes = line.bytes(index: 7, trial: (axes: .object(["beta": .number(0.1)]), id: "f00"))
        let text =
            #"{"attempt":3,"axes":{"beta":0.1},"blas_kernel":"SkylakeX","cause":"no luck","commit":"abc","#
            + #""continued_from_step":100,"cpu":"Xeon","host":"a","index":7,"lease":"-9223372036854775808","#
            + #""log":["a","b"],"measuring_seconds":0.25,"outcome":"failed","peak_memory_bytes":1073741824,"#
            + #""process":41,"seconds":0.5,"slot":2,"start_unix_ms":1700000000123,"trial":"f00"}"#
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }

    @Test func `What isn't known is left out, and the line reads back`() throws {
        var plain = provenance
        (plain.continuedFrom, plain.measuringSeconds, plain.commit) = (0, 0, "")
        let line = ProvenanceLine(number: 1, lease: 5, outcome: "measured", provenance: plain)
        let value = try JSONValue(parsing: line.bytes(index: 0, trial: nil))
        #expect(
            value.object?.keys.sorted() == [
                "attempt", "blas_kernel", "cpu", "host", "index", "lease", "outcome", "peak_memory_bytes",
                "process", "seconds", "slot", "start_unix_ms",
            ])
        #expect(ProvenanceLine(value) == line)
    }

    @Test(arguments: ["attempt", "lease", "outcome", "host", "blas_kernel", "peak_memory_bytes"])
    func `A line that lacks a key isn't read`(key: String) throws {
        let line = ProvenanceLine(number: 1, lease: 5, outcome: "measured", provenance: provenance)
        var members = try #require(try JSONValue(parsing: line.bytes(index: 0, trial: nil)).object)
        #expect(ProvenanceLine(.object(members)) != nil)
        members[key] = nil
        #expect(ProvenanceLine(.object(members)) == nil)
    }
}
