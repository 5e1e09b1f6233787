import Console
import Glibc
import Journal
import Text
import Transport

extension CoordinatorLock.Holder {
    /// This process, as a holder.
    static func thisProcess(address: String = "") -> Self {
        Self(process: getpid(), host: hostName(), address: address)
    }
}

// Requests to a running coordinator, which `pause`, `unpause`, `drain`, `cancel` and `status` share.

/// The run directory. A running coordinator is reachable whatever happened to the files, so they are checked
/// only where no coordinator is running, to report what is wrong.
func servedPath(_ arguments: Arguments) throws(CommandFailure) -> String {
    let path = arguments.operands[0]
    if CoordinatorLock.holder(in: path) == nil { _ = try RunDirectory.open(path) }
    return path
}

/// Requests the end of the run and waits for it.
func end(_ request: OperatorRequest, _ arguments: Arguments) throws(CommandFailure) -> ExitCode {
    let path = try servedPath(arguments)
    let holder = CoordinatorLock.holder(in: path)
    let (client, said) = try ask(path, request)
    printOut(said)
    // The coordinator closes its end when its loop is over, and releases the lock when everything is written.
    while let line = client.receive() {
        guard let withdrawn = (try? JSONValue(parsing: line.utf8))?["withdrawn"]?.string else { continue }
        printError(printable(withdrawn))
        return .interrupted
    }
    while let now = CoordinatorLock.holder(in: path), now.process == holder?.process { usleep(20_000) }
    do throws(CommandFailure) {
        let status = try RunStatus(RunDirectory.open(path))
        printOut("\(status.headline)\n" + status.goingOn)
    } catch {
        printOut("the run has ended, and every record is in its journal, but: \(error.message)")
        printOut("to see what is wrong with it: ranksweep check \(shellPath(path))")
    }
    return .done
}

/// Sends a request to the run's coordinator.
///
/// - Returns: the connection, for more lines, and what the coordinator said.
func ask(
    _ path: String, _ request: OperatorRequest
) throws(CommandFailure) -> (ControlClient, String) {
    let (client, answer) = try reach(path, request, patience: nil)
    guard let said = answer["said"]?.string else {
        throw .input("the coordinator of \(path): \(printable(answer["error"]?.string ?? "no answer"))")
    }
    return (client, said)
}

/// Sends a request to the run's coordinator and reads the first line of its answer.
///
/// - Parameter patience: how long to wait for the answer, in milliseconds; nil: without limit.
func reach(
    _ path: String, _ request: OperatorRequest, patience: Int?
) throws(CommandFailure) -> (ControlClient, JSONValue) {
    var hasReported = false
    // A coordinator that has just begun, or is about to end, holds the lock but doesn't listen.
    for attempt in 0...50 {
        guard let holder = CoordinatorLock.holder(in: path) else {
            throw .input(
                "no coordinator is running on \(path) (to start one: ranksweep resume \(shellPath(path)))")
        }
        do throws(ControlError) {
            let client = try ControlClient(in: path, patience: patience)
            guard client.send(request.rawValue) else { throw ControlError.noAnswer }
            if patience == nil, !hasReported, !client.hears(within: 3000) {
                hasReported = true
                printError(
                    "process \(holder.process) on \(holder.host) does not answer: it may be stopped, or waiting for a "
                        + "disk; it gets the request when it continues; Ctrl-C ends the waiting, not the request"
                )
            }
            guard let line = client.receive() else { throw ControlError.noAnswer }
            return (client, (try? JSONValue(parsing: line.utf8)) ?? .null)
        } catch {
            guard attempt < 50, patience == nil, holder.host == hostName(), !error.isForbidden else {
                let location =
                    holder.host != hostName()
                    ? ": run this command on \(holder.host)"
                    : error.isForbidden
                        ? ": only the user who started it may control it"
                        : "; 'kill -INT \(holder.process)' works like Ctrl-C there"
                throw .input(
                    "process \(holder.process) on \(holder.host) runs \(path), but does not answer "
                        + "(\(error.message))\(location)")
            }
        }
        usleep(100_000)
    }
    throw .input("\(path): its coordinator does not answer")
}
