import Console
import Glibc
import Transport
import Wire

/// The source of a worker's keys.
enum KeySource: Equatable {
    case none
    case folder(String)
    /// The program that started the worker passes them through this descriptor.
    case descriptor(Int32)
}

/// A worker's socket, reconnected after its coordinator turned it away: by then the coordinator may accept
/// the key, or the folder may hold another one.
struct CoordinatorLink {
    let socket: WorkerSocket
    private let endpoint: Endpoint
    private let source: KeySource
    private var keys: WorkerKeys?
    private var retry = LinkRetry()
    private var wasLetIn = false

    init(_ endpoint: Endpoint, _ source: KeySource, as worker: WorkerID) throws(UsageError) {
        self.endpoint = endpoint
        self.source = source
        let keys: WorkerKeys?
        switch source {
        case .none: keys = nil
        case .folder(let path):
            do throws(KeyError) { keys = try WorkerKeys(reading: path) } catch {
                throw UsageError("--keys: \(error.message)")
            }
        case .descriptor(let descriptor):
            keys = Self.handedDown(descriptor)
            guard keys != nil else { throw UsageError("descriptor \(descriptor) has no keys") }
        }
        self.keys = keys
        do throws(TransportError) {
            socket = try WorkerSocket(connectingTo: endpoint, as: worker, keys: keys)
        } catch { throw UsageError(error.message) }
    }

    private static func handedDown(_ descriptor: Int32) -> WorkerKeys? {
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(descriptor, &bytes, bytes.count)
        return count > 0 ? WorkerKeys(handedDown: Array(bytes.prefix(count))) : nil
    }

    /// When `tend` has work to do without news from the socket.
    var deadline: Int64? { retry.deadline }

    /// Why there is no connection, if a reason is known.
    var trouble: String? { retry.reported.map(words) }

    private func words(_ trouble: ConnectionFailure) -> String {
        trouble.message(endpoint: endpoint.text, hasKeys: keys != nil, wasLetIn: wasLetIn)
    }

    /// Handles the socket's news and reconnects when that is due.
    ///
    /// - Returns: whether there is a new connection, and the lines to print.
    mutating func tend(at now: Int64) -> (isConnected: Bool, lines: [String]) {
        var isConnected = false
        var lines: [String] = []
        for news in socket.news() {
            switch news {
            case .connected:
                isConnected = true
                wasLetIn = true
                retry.connected()
            case .failed(let trouble):
                if retry.failed(trouble, at: now) { lines.append("\(words(trouble)); trying again") }
            }
        }
        if let deadline, now >= deadline {
            retry.triedAgain()
            if case .folder(let path) = source { keys = (try? WorkerKeys(reading: path)) ?? keys }
            do throws(TransportError) { try socket.connectAnew(keys: keys) } catch {
                lines.append(error.message)
                _ = retry.failed(retry.reported ?? .otherProtocol, at: now)
            }
        }
        return (isConnected, lines)
    }
}
