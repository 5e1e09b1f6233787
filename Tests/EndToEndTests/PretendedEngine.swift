@testable import Cluster

/// A batch engine that isn't Slurm: other programs, words and numbers, in the manner of Grid Engine.
struct PretendedEngine: BatchEngine {
    static let name = "Queue"
    static let key = "queue"
    static let settings = [BatchSetting("lane"), BatchSetting("resources", isList: true)]
    static let programs = (submit: "qsub", list: "qstat", cancel: "qdel")
    static let environment = ["QUEUE_ROOT"]

    private(set) var lane: String?
    private(set) var resources: [String] = []

    mutating func set(_ key: String, to text: String) -> String? {
        if key == "lane" { lane = text } else { resources.append(text) }
        return text.contains("=") || key == "lane" ? nil : "is no resource: NAME=VALUE"
    }

    var timeSeconds: Int? { nil }
    mutating func prepare(asking ask: BatchQuestion) throws(BatchProblem) {
        guard let lane, case .output(let lanes) = ask("qstat", ["-lanes"]) else { return }
        guard lanes.split(separator: "\n").contains(Substring(lane)) else {
            throw BatchProblem("lane", "there is no lane '\(lane)'")
        }
    }

    var directives: String { resources.map { "#$ -l \($0)\n" }.joined() }
    func script(of job: BatchJob) -> String {
        "#!/bin/sh\n\(directives)exec \(job.command.joined(separator: " "))\n"
    }
    func submission(of job: BatchJob, count: Int) -> [String] {
        ["-t", "1-\(count)", "-N", job.name, "-ac", job.comment, "-o", job.logs, job.script]
    }
    func trial(script: String, slots: Int) -> [String] { ["-w", "v", "-pe", "smp", String(slots), script] }
    func listing(name: String) -> [String] { ["-name", name] }
    func cancellation(of ids: [String]) -> [String] { ["-ids", ids.joined(separator: ",")] }
    func cancelCommand(name: String) -> String { "qdel \(name)" }

    /// "Your job-array 7.1-3:1 has been submitted".
    func submitted(_ output: String, count: Int) -> [String]? {
        let words = output.split(separator: " ")
        guard words.count > 2, let number = words[2].split(separator: ".").first else { return nil }
        return (1...count).map { "\(number).\($0)" }
    }

    /// "7.1 r tcp://head:5555".
    func listed(_ output: String) -> [(listing: BatchListing, comment: String)]? {
        output.split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            return (
                BatchListing(id: String(words[0]), phase: words[1] == "r" ? .running : .over),
                String(words[2])
            )
        }
    }

    func refusal(_ errors: String) -> BatchRefusal {
        BatchRefusal(
            errors.split(separator: "\n").first.map(String.init) ?? "", isFinal: errors.contains("unknown"))
    }
    func meansEnded(_ errors: String) -> Bool { errors.contains("gone") }
    func areNodesUp(asking ask: BatchQuestion) -> Bool { true }
}
