// Launch: what starts a run's workers elsewhere: on hosts by ssh, and as jobs of a batch engine.
// Imports Cluster, which decides, Transport (keys, child programs), Console, Files, Text, CZlib, CPosix and
// Glibc. Leaves out the coordinator, which polls a `WorkerSource`, sweeps, and the workers of this machine.

import Console
import Files
import Glibc
import Transport

extension CommandFailure {
    package init(_ error: TransportError) { self = .input(error.message) }
}

/// Both ends of a pipe, closed on exec, so that a child gets an end only where it is passed explicitly. nil
/// where there are no free descriptors at the moment.
package func makePipe() throws(CommandFailure) -> [Int32]? {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
        let code = errno
        if code == EMFILE || code == ENFILE { return nil }
        throw .fault("pipe: \(systemMessage(code))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return ends
}
