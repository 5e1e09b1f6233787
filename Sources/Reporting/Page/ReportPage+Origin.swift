import Sweep
import Text

/// Where the results came from: the sweep, the machines, and how to reproduce them.
extension ReportPage {
    var sweep: HTML {
        let axes = spec.axes.map { axis -> [HTML] in
            [
                .code(axis.path), HTML(groupedDigits(axis.count)),
                .element("span", ["class": "long"], HTML(values(axis))),
            ]
        }
        var content = HTML.nothing
        if !axes.isEmpty { content += table(["axis", "count", "values"], label: "Axes", axes) }
        if !spec.zip.isEmpty {
            let groups = spec.zip.map { $0.joined(separator: " with ") }
            content += .paragraph("Advancing together: \(groups.joined(separator: "; ")).")
        }
        if !spec.conditions.isEmpty {
            content += .paragraph(
                "Points where ", spec.conditions.map { .code($0.text) }.joined(separator: " and "), ".")
        }
        let settings = settingsList
        if !settings.isEmpty {
            content += table(
                ["setting", "value"], label: "Settings",
                settings.map { [.code($0.path), .element("span", ["class": "long"], HTML($0.value))] })
            content += .paragraph("Settings that are not listed have their defaults.")
        }
        content += .line(
            "details", .line("summary", "The sweep, normalised (", .code("sweep.json"), ")"),
            .element("pre", ["class": "scroll", "tabindex": "0"], .code(shownSweep.indentedText())))
        return section("sweep", "The sweep", content)
    }

    /// All values of a short axis; the beginning and the end of a long one.
    private func values(_ axis: Axis) -> String {
        let shown = axis.count <= 24 ? Array(0..<axis.count) : [0, 1, 2, 3, axis.count - 1]
        var texts = shown.map { shortText(axis.label(at: $0)) }
        if axis.count > 24 { texts.insert("…", at: 4) }
        return texts.joined(separator: ", ")
    }

    /// The normalised sweep, with each file's facts replaced by its SHA-256.
    private var shownSweep: JSONValue {
        var members = spec.canonicalJSON.object ?? [:]
        let digests = spec.files.named.map { ($0.path, JSONValue.string($0.file.digest)) }
        if !digests.isEmpty { members["files"] = .object(Dictionary(uniqueKeysWithValues: digests)) }
        return .object(members)
    }

    /// The sweep's settings for all trials, by path.
    private var settingsList: [(path: String, value: String)] {
        var list: [(path: String, value: String)] = []
        func collect(_ value: JSONValue, _ path: String) {
            guard let members = value.object, !members.isEmpty else {
                list.append((path, valueText(value)))
                return
            }
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                collect(member, path.isEmpty ? key : "\(path).\(key)")
            }
        }
        let others: Set = ["axes", "figures", "name", "where", "zip", "sobol"]
        collect(.object((shownSweep.object ?? [:]).filter { !others.contains($0.key) }), "")
        return list
    }

    var provenanceSection: HTML {
        guard let provenance else { return .nothing }
        var facts: [(String, String)] = []
        if let start = provenance.firstStartMilliseconds.flatMap(utcText) {
            facts.append(("first start", start))
        }
        if let end = provenance.lastEndMilliseconds.flatMap(utcText) { facts.append(("last end", end)) }
        facts.append(("attempts", groupedDigits(provenance.attempts)))
        facts.append(("work", coreHoursText(seconds: provenance.seconds)))
        if provenance.measuringSeconds > 0, provenance.trainingSeconds > 0 {
            let share = 100 * provenance.measuringSeconds / provenance.trainingSeconds
            facts.append(
                (
                    "measuring",
                    "\(coreHoursText(seconds: provenance.measuringSeconds)) of these, "
                        + "\(rounded(share, digits: 2)) % of training time"
                ))
        }
        facts.append(("peak memory of a slot", bytesText(provenance.peakMemoryBytes)))
        facts.append(("program", "ranksweep \(version), commit \(commit)"))
        if !provenance.commits.isEmpty {
            let shown = provenance.commits.prefix(10).joined(separator: ", ")
            facts.append(("workers", "commit \(shown)\(provenance.commits.count > 10 ? ", …" : "")"))
        }
        if provenance.unreadable > 0 {
            facts.append(("lines not understood", groupedDigits(provenance.unreadable)))
        }
        let list = facts.map { fact in
            [.element("dt", HTML(fact.0)), .line("dd", HTML(fact.1))].joined()
        }
        var content = HTML.line("dl", list.joined())
        let machines = provenance.machines
        if !machines.isEmpty {
            content += table(
                ["host", "processor", "BLAS kernel", "attempts", "core-hours", "peak memory"], numeric: 3,
                label: "Machines",
                machines.prefix(100).map { machine in
                    [
                        HTML(machine.host), HTML(machine.cpu), HTML(machine.kernel),
                        HTML(groupedDigits(machine.attempts)),
                        HTML(fourDigits((machine.seconds / 3600 * 10000).rounded() / 10000)),
                        HTML(bytesText(machine.peakMemoryBytes)),
                    ]
                })
            if machines.count > 100 {
                content += .paragraph("And \(counted(machines.count - 100, "other machine")).")
            }
        }
        if provenance.kernels.count > 1 {
            content += .paragraph(
                "Different BLAS kernels: last digits of records may depend on which trial ran where.",
                class: "note")
        }
        if provenance.commits.count > 1 {
            content += .paragraph(
                "Workers of several commits: records may depend on which trial ran where.", class: "note")
        }
        return section("provenance", "Provenance", content)
    }

    var again: HTML {
        // The name came from a worker, so it is put into a shell command only if it is a plain word.
        let isWord = { (text: String) in
            text.utf8.count <= 40
                && text.utf8.allSatisfy { byte in
                    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                        || byte == 95
                }
        }
        let kernels = provenance?.kernels ?? []
        let option = kernels.count == 1 && isWord(kernels[0]) ? " --blas-kernel \(kernels[0])" : ""
        let commands = """
            ranksweep run sweep.json --out again\(option)
            cmp records.ndjson again/records.ndjson
            """
        let same = provenance == nil ? "" : ", on processors that have the same BLAS kernel"
        let sets = spec.imageSets.map(\.rawValue).joined(separator: " and ")
        let data: HTML =
            sets.isEmpty ? .nothing : .paragraph("It reads \(sets): ", .code("--data DIR"), " says where.")
        return section(
            "again", "Run it again",
            .paragraph(
                "In this page’s folder, with ranksweep \(version)\(same); equal settings give equal ",
                "records, byte for byte:"),
            .line("pre", ["class": "scroll", "tabindex": "0"], .code(commands)), data,
            .paragraph(
                "Tables, figures and this page alone, from the records: ", .code("ranksweep figures .")))
    }
}
