/// The text of a shard's file of two trials, as `writeShard` would write it.
public enum ShardText {
    /// The header, two records of trials of an MLP on Gaussian data, and three attempts.
    public static func lines(header: String, sweep: String, trials: [String]) -> [String] {
        let records = trials.map {
            "{\"axes\":{},\"metrics\":{\"test_loss\":0.5,\"train_loss\":0.5},\"outcome\":\"measured\","
                + "\"sweep\":\"\(sweep)\",\"trial\":\"\($0)\",\"version\":1}"
        }
        let failure = ",\"cause\":\"no luck\",\"log\":[\"a\",\"b\"]"
        let outcomes = [(0, "failed", failure), (0, "measured", ""), (1, "measured", "")]
        let attempts = outcomes.map { index, outcome, more in
            "{\"attempt\":1,\"blas_kernel\":\"K\",\"cpu\":\"C\",\"host\":\"h\",\"index\":\(index),\"lease\":\"7\","
                + "\"outcome\":\"\(outcome)\",\"peak_memory_bytes\":9,\"process\":3,\"seconds\":0.5,\"slot\":0,"
                + "\"start_unix_ms\":5,\"trial\":\"\(trials[index])\"\(more)}"
        }
        return [header] + records + attempts
    }

    /// The bytes of a file of these lines, with the line that ends it.
    public static func whole(
        _ lines: [String], records: Int, attempts: Int, digest: (String) -> String
    ) -> [UInt8] {
        let text = lines.map { $0 + "\n" }.joined()
        let end =
            "{\"end\":{\"attempts\":\(attempts),\"records\":\(records),\"sha256\":\"\(digest(text))\"}}\n"
        return Array((text + end).utf8)
    }
}
