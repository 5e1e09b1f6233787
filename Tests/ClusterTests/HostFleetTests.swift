import Testing
import TestSupport

@testable import Cluster

/// A fleet with a clock that is turned by hand, and the processes that it should have.
struct TestFleet {
    var fleet = HostFleet()
    var now: Int64 = 0
    private(set) var effects: [HostFleet.Effect] = []
    /// Host → step of its process.
    private(set) var processes: [String: HostFleet.Step] = [:]

    init(_ hosts: String...) { handle(.hosts(hosts.map { HostSettings(host: $0) })) }

    mutating func handle(_ event: HostFleet.Event) {
        if case .ended(let host, _) = event { processes[host] = nil }
        if case .barred(let host, _) = event { processes[host] = nil }
        // Told of steps that were begun just now: of others the fleet does not believe it.
        if case .impossible(let host, _) = event, isDoing(host) { processes[host] = nil }
        let new = fleet.handle(event, at: now)
        effects += new
        for effect in new {
            switch effect {
            case .begin(let step, let settings):
                #expect(processes[settings.host] == nil, "two processes of one host")
                #expect(!fleet.isEnding, "a step is begun at the end")
                processes[settings.host] = step
            case .end(let host): #expect(processes[host] != nil, "\(host) has no process to end")
            case .tell: break
            }
        }
    }

    private func isDoing(_ host: String) -> Bool {
        fleet.hosts.contains { if case .doing = $0.phase { $0.settings.host == host } else { false } }
    }

    /// A probe's answer.
    mutating func answer(_ host: String, _ lines: String..., settings: String = "x86_64") {
        handle(
            .ended(
                host: host,
                StepEnd(code: 0, report: ["system Linux", "machine \(settings)"] + lines + ["done"])))
    }

    mutating func end(_ host: String, _ code: Int32?, _ errors: String...) {
        handle(.ended(host: host, StepEnd(code: code, errors: errors)))
    }

    mutating func pass(_ milliseconds: Int64) {
        now += milliseconds
        handle(.tick)
    }

    mutating func take() -> [HostFleet.Effect] {
        defer { effects = [] }
        return effects
    }
}

@Suite struct HostFleetTests {
    private let a = HostSettings(host: "a")

    @Test func `A new host is looked at, gets what it lacks, and starts`() {
        var fleet = TestFleet("a")
        #expect(fleet.take() == [.begin(.probe, a)])
        fleet.answer("a", "missing mnist/x")
        #expect(fleet.take() == [.tell(.sending(host: "a", .bundle)), .begin(.bundle, a)])
        fleet.end("a", 0)
        #expect(fleet.take() == [.tell(.sending(host: "a", .data)), .begin(.data, a)])
        fleet.end("a", 0)
        #expect(fleet.take() == [.begin(.start, a)])
        fleet.handle(.started(host: "a"))
        #expect(fleet.take().isEmpty && fleet.fleet.runningCount == 1 && fleet.fleet.nextDeadline == nil)
    }

    @Test func `Only files that the last probe missed are sent`() {
        var fleet = TestFleet("a", "b")
        fleet.answer("a", "bundle", "missing mnist/x", "differs /d/mnist/y.gz", "missing mnist/y")
        fleet.answer("b", "bundle")
        #expect(fleet.fleet.missingFiles(of: "a") == ["mnist/x", "mnist/y"])
        #expect(fleet.fleet.missingFiles(of: "b").isEmpty && fleet.fleet.missingFiles(of: "c").isEmpty)
        fleet.end("a", HostFailure.Code.incomplete)
        fleet.pass(HostFleet.firstBackOff)
        fleet.answer("a", "bundle", "missing mnist/y")
        #expect(fleet.fleet.missingFiles(of: "a") == ["mnist/y"] && fleet.processes["a"] == .data)
    }

    @Test func `Repeated transfers are reported once, until the worker ran`() {
        var fleet = TestFleet("a")
        func isTold() -> Bool { fleet.take().contains(.tell(.sending(host: "a", .bundle))) }
        fleet.answer("a")
        #expect(isTold())
        fleet.end("a", HostFailure.Code.incomplete, "cat: write error: No space left on device")
        fleet.pass(HostFleet.firstBackOff)
        fleet.answer("a")
        #expect(fleet.processes["a"] == .bundle && !isTold())
        fleet.end("a", 0)
        fleet.handle(.started(host: "a"))
        fleet.end("a", nil)
        fleet.pass(HostFleet.longestBackOff)
        fleet.answer("a")
        #expect(isTold())
    }

    @Test func `Each host's state can be asked for, with why it waits`() {
        var fleet = TestFleet("a", "b", "c")
        fleet.answer("a", "bundle")
        fleet.handle(.started(host: "a"))
        fleet.answer("b")
        fleet.end("c", 255, "ssh: connect to host c port 22: Connection refused")
        fleet.pass(500)
        let facts = fleet.fleet.facts(at: fleet.now)
        #expect(facts.map(\.host) == ["a", "b", "c"])
        #expect(facts.map(\.state) == [.running, .sendingWorker, .waiting])
        #expect(facts.map(\.failures) == [0, 0, 1])
        #expect(facts.map(\.retryMilliseconds) == [nil, nil, HostFleet.firstBackOff - 500])
        #expect(facts.map { $0.failure?.kind } == [nil, nil, .unreachable])
        // It works again: what was is not said of it any more.
        fleet.pass(HostFleet.firstBackOff)
        fleet.answer("c", "bundle")
        #expect(fleet.fleet.facts(at: fleet.now)[2].failure?.kind == .unreachable)
        fleet.handle(.started(host: "c"))
        #expect(fleet.fleet.facts(at: fleet.now)[2].failure == nil)
    }

    @Test func `A worker that finds no coordinator differs from one that is interrupted`() {
        func kind(_ errors: String...) -> HostFailure.Cause {
            HostFailure(of: .start, StepEnd(code: 3, errors: errors), hasRun: true).kind
        }
        #expect(kind("error: no coordinator at tcp://hub:5555 for 2 minutes; giving up") == .noCoordinator)
        #expect(kind("stopped") == .workerEnded(code: 3))
    }

    @Test func `The error in a worker's last lines is reported, not the advice after it`() {
        let end = StepEnd(code: 2, errors: ["error: w: no option '--new'", "Try 'w --help'."])
        let failure = HostFailure(of: .start, end, hasRun: true)
        #expect(failure.kind == .refused && failure.said == "error: w: no option '--new'")
        #expect(failure.words.contains("make bundle"))
        let wrong = StepEnd(code: 255, errors: ["unknown option -- -", "usage: ssh [-46]", "  [command]"])
        #expect(HostFailure(of: .probe, wrong, hasRun: false).said == "unknown option -- -")
    }

    @Test func `A host that has all starts at once`() {
        var fleet = TestFleet("a")
        fleet.answer("a", "bundle", "have mnist/x")
        #expect(fleet.take() == [.begin(.probe, a), .begin(.start, a)])
    }

    @Test func `Failures wait 2 s, doubling to 2 min, and are reported when they are news`() {
        var fleet = TestFleet("a")
        var shown: [Int] = []
        for times in 1...20 {
            _ = fleet.take()
            fleet.end("a", 255, "ssh: connect to host a port 22: No route to host")
            let wait = min(120_000, Int64(2000) << Int64(times - 1))
            #expect(fleet.fleet.nextDeadline == fleet.now + wait)
            for effect in fleet.take() {
                guard case .tell(.failed("a", let failure, let count, let retry)) = effect else { continue }
                #expect(retry == wait)
                #expect(failure.kind == .unreachable && count == times)
                #expect(failure.said == "ssh: connect to host a port 22: No route to host")
                shown.append(times)
            }
            fleet.pass(wait - 1)
            #expect(fleet.processes.isEmpty)
            fleet.pass(1)
            #expect(fleet.processes == ["a": .probe])
        }
        #expect(shown == [1, 4, 20])
    }

    @Test func `A worker that ran for a minute has a clean slate, one that did not has none`() {
        for (milliseconds, wait) in [(60_000, 2000), (59_999, 16_000)] as [(Int64, Int64)] {
            var fleet = TestFleet("a")
            for back in [2000, 4000, 8000] as [Int64] {
                fleet.end("a", 255, "x")
                fleet.pass(back)
            }
            fleet.answer("a", "bundle")
            fleet.handle(.started(host: "a"))
            fleet.pass(milliseconds)
            fleet.end("a", 137)
            #expect(fleet.fleet.nextDeadline == fleet.now + wait)
        }
    }

    @Test func `One host's failure is nothing to the others`() {
        var fleet = TestFleet("a", "b")
        fleet.end("a", 255, "Permission denied (publickey).")
        fleet.answer("b", "bundle")
        fleet.handle(.started(host: "b"))
        #expect(fleet.fleet.runningCount == 1 && fleet.processes == ["b": .start])
    }

    @Test func `A process that does not answer is ended, and another starts only when it is gone`() {
        var fleet = TestFleet("a")
        // While the coordinator itself was stopped no step was slow.
        fleet.now += 10 * HostFleet.patience
        fleet.handle(.stoodStill(milliseconds: 10 * HostFleet.patience))
        fleet.pass(HostFleet.patience - 1)
        #expect(!fleet.take().contains(.end(host: "a")))
        fleet.pass(1)
        #expect(fleet.take().last == .end(host: "a"))
        fleet.pass(HostFleet.patience)
        #expect(fleet.take().isEmpty)
        fleet.end("a", nil)
        #expect(fleet.take() == [.tell(.failed(host: "a", .tooSlow, times: 1, retryMilliseconds: 2000))])
    }

    @Test func `Sending takes as long as it takes`() {
        var fleet = TestFleet("a")
        fleet.answer("a")
        #expect(fleet.processes == ["a": .bundle] && fleet.fleet.nextDeadline == nil)
    }

    @Test func `Hosts are added, removed and changed while others work`() {
        var fleet = TestFleet("a", "b", "c")
        for host in ["a", "b", "c"] {
            fleet.answer(host, "bundle")
            fleet.handle(.started(host: host))
        }
        _ = fleet.take()
        var changed = HostSettings(host: "c")
        changed.slots = 2
        fleet.handle(.hosts([HostSettings(host: "a"), changed, HostSettings(host: "d")]))
        #expect(
            fleet.take() == [
                .tell(.removed(host: "b")), .end(host: "b"), .tell(.changed(host: "c")), .end(host: "c"),
                .tell(.added(host: "d")), .begin(.probe, HostSettings(host: "d")),
            ])
        fleet.end("b", 3)
        #expect(fleet.take().isEmpty && fleet.fleet.count == 3)
        fleet.end("c", 3)
        #expect(fleet.take() == [.begin(.probe, changed)])
    }

    @Test func `A host that is back before its process has ended begins anew after it`() {
        var fleet = TestFleet("a", "b")
        fleet.answer("b", "bundle")
        fleet.handle(.started(host: "b"))
        fleet.handle(.hosts([a]))
        fleet.handle(.hosts([a, HostSettings(host: "b")]))
        _ = fleet.take()
        fleet.end("b", 3)
        #expect(fleet.take() == [.begin(.probe, HostSettings(host: "b"))])
    }

    @Test func `At the end running workers continue, and no other begins; a stop ends all`() {
        var fleet = TestFleet("a", "b")
        fleet.answer("a", "bundle")
        fleet.handle(.started(host: "a"))
        _ = fleet.take()
        fleet.handle(.finish)
        #expect(fleet.take() == [.end(host: "b")])
        fleet.end("b", nil)
        fleet.pass(1_000_000)
        #expect(fleet.take().isEmpty)
        fleet.handle(.stop)
        #expect(fleet.take() == [.end(host: "a")])
        fleet.end("a", 3)
        #expect(fleet.take().isEmpty && fleet.fleet.nextDeadline == nil)
    }

    @Test func `Many hosts are begun so many at a time`() {
        var fleet = TestFleet()
        fleet.handle(.hosts((0..<100).map { HostSettings(host: "h\($0)") }))
        #expect(fleet.processes.count == HostFleet.maxAtOnce)
        #expect(fleet.fleet.nextDeadline ?? .max >= HostFleet.patience)
        fleet.answer("h0", "bundle")
        fleet.handle(.started(host: "h0"))
        #expect(fleet.processes.count == HostFleet.maxAtOnce + 1)
        #expect(fleet.processes["h24"] == .probe)
    }

    @Test(
        arguments: [
            (255, "ssh: Could not resolve hostname nod1: Name or service not known", .unknownName),
            (255, "ssh: connect to host a port 22: Connection refused", .unreachable),
            (255, "ssh: connect to host a port 22: Connection timed out", .unreachable),
            (255, "ann@a: Permission denied (publickey,password).", .authentication),
            (255, "Host key verification failed.", .hostKey),
            (255, "Timeout, server a not responding.", .connectionLost),
            (255, "Error: remote port forwarding failed for listen port 0", .forwardRefused),
            (255, "something else", .ssh),
            (74, "cat: write error: No space left on device", .noSpace),
            (73, "mkdir: cannot create directory '/x': Permission denied", .notWritable),
            (75, "the bundle has other bytes than here", .damagedInTransit),
            (77, "libc.so.6: version `GLIBC_2.38' not found (required by x)", .glibcTooOld),
            (77, "x: Exec format error", .noExecution), (5, "odd", .stepFailed(code: 5)), (nil, "", .ssh),
        ] as [(Int32?, String, HostFailure.Cause)])
    func `Failures are reported in the words of ssh and the host`(
        code: Int32?, line: String, kind: HostFailure.Cause
    ) {
        let chatter = ["Warning: Permanently added 'a' (ED25519) to the list of known hosts.", line, ""]
        let failure = HostFailure(of: .bundle, StepEnd(code: code, errors: chatter), hasRun: false)
        #expect(failure.kind == kind)
        #expect(failure.said == line)
        #expect(line.isEmpty ? failure.words == "ssh failed" : failure.words.contains(line))
    }

    @Test func `The way in which a worker ended is reported`() {
        func kind(_ code: Int32?) -> HostFailure.Cause {
            HostFailure(of: .start, StepEnd(code: code), hasRun: true).kind
        }
        #expect(kind(2) == .refused && kind(137) == .workerKilled && kind(3) == .workerEnded(code: 3))
        // Ssh says nothing about a worker that a signal ended.
        #expect(kind(255) == .workerKilled && kind(nil) == .workerKilled)
        let lost = StepEnd(code: 255, errors: ["Connection to a closed by remote host."])
        #expect(HostFailure(of: .start, lost, hasRun: true).kind == .connectionLost)
    }

    @Test func `A host that cannot run the worker says why`() {
        func failure(_ lines: [String], data: String? = nil) -> HostFailure.Cause? {
            ProbeReport(lines).failure(data: data)?.kind
        }
        let linux = ["system Linux", "machine x86_64"]
        #expect(failure(linux + ["done"]) == nil)
        #expect(failure(linux) == .stepFailed(code: 0))
        #expect(
            failure(["system Darwin", "machine arm64", "done"]) == .wrongMachine("it is Darwin, not Linux"))
        #expect(
            failure(["system Linux", "machine aarch64", "done"]) == .wrongMachine("it is aarch64, not x86_64")
        )
        #expect(failure(linux + ["lacks tar", "done"]) == .lacks("tar"))
        // Files in our own folder may be overwritten, files in the user's may not.
        #expect(failure(linux + ["differs /d/mnist/x", "done"]) == nil)
        #expect(failure(linux + ["differs /d/mnist/x", "done"], data: "/d") == .dataDiffer("/d/mnist/x"))
    }

    /// In any order of events a host has one process at most, nothing is begun at the end,
    /// waiting is never for ever, and once all is well again every host of the list works.
    @Test(arguments: 0..<200 as Range<UInt64>) func `Any course of events keeps what must hold`(seed: UInt64)
    {
        var draws = Draws(seed)
        func pick(_ count: Int) -> Int { Int(draws.next() % UInt64(count)) }
        let names = (0..<6).map { "h\($0)" }
        var fleet = TestFleet("h0")
        var list = ["h0"]
        func settings(_ names: [String]) -> [HostSettings] { names.map { HostSettings(host: $0) } }
        for _ in 0..<300 {
            let live = fleet.processes.keys.sorted()
            switch pick(10) {
            case 0:
                list = names.filter { _ in pick(2) == 0 }
                fleet.handle(.hosts(settings(list)))
            case 1: fleet.pass(Int64(pick(200_000)))
            case 2: fleet.handle(.ended(host: names[pick(6)], StepEnd(code: 255)))
            case 3: fleet.handle(.started(host: names[pick(6)]))
            case 4 where !live.isEmpty: fleet.handle(.impossible(host: live[pick(live.count)], "no"))
            case 5 where !live.isEmpty: fleet.end(live[pick(live.count)], Int32(pick(256)), "words")
            default:
                guard !live.isEmpty else { continue }
                let host = live[pick(live.count)]
                switch fleet.processes[host] {
                case .probe: fleet.answer(host, pick(2) == 0 ? "bundle" : "missing x")
                case .start: fleet.handle(.started(host: host))
                default: fleet.end(host, 0)
                }
            }
            for host in fleet.fleet.hosts {
                let name = host.settings.host
                if case .waiting(let until) = host.phase {
                    #expect(fleet.processes[name] == nil, "seed \(seed): \(name) waits with a process")
                    #expect(until <= fleet.now + HostFleet.longestBackOff, "seed \(seed)")
                    #expect(!host.isRemoved, "seed \(seed): \(name) should be gone")
                } else {
                    #expect(fleet.processes[name] != nil, "seed \(seed): \(name) has lost its process")
                }
            }
            #expect(fleet.fleet.count == list.count, "seed \(seed)")
        }
        // Healing: everything that is asked for succeeds.
        fleet.handle(.hosts(settings(list)))
        for _ in 0..<100 where fleet.fleet.runningCount < list.count || fleet.fleet.hosts.count > list.count {
            for host in fleet.fleet.hosts {
                let name = host.settings.host
                switch host.phase {
                case .doing(.probe, _): fleet.answer(name, "bundle")
                case .doing(.start, _): fleet.handle(.started(host: name))
                case .doing: fleet.end(name, 0)
                case .ending: fleet.end(name, 3)
                case .waiting, .running: break
                }
            }
            fleet.pass(HostFleet.longestBackOff)
        }
        #expect(fleet.fleet.runningCount == list.count, "seed \(seed)")
        fleet.handle(.stop)
        for name in fleet.processes.keys.sorted() { fleet.end(name, 3) }
        #expect(fleet.fleet.nextDeadline == nil && fleet.processes.isEmpty, "seed \(seed)")
    }
}
