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

/// A pipe; nil where there are no free descriptors at the moment.
package func makePipe() throws(CommandFailure) -> PipeEnds? {
    if let ends = PipeEnds() { return ends }
    let code = errno
    guard code == EMFILE || code == ENFILE else { throw .fault("pipe: \(systemMessage(code))") }
    return nil
}
