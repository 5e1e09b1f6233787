import Files
import Glibc
import Text

/// A fault in keys or their files. It never contains the content of a key file.
public enum KeyError: Error, Equatable, Sendable {
    case noFolder(path: String)
    case noWorkerFolder(path: String)
    case missing(path: String)
    /// A coordinator was given a worker's folder, or a worker a coordinator's.
    case otherSide(path: String, belongsTo: String)
    /// The file has no key, or more than one.
    case notAKey(path: String)
    /// Others can read a secret.
    case readable(path: String, mode: UInt32)
    /// Others can put in keys of their own.
    case writable(path: String, mode: UInt32)
    case foreign(path: String)
    case exists(path: String)
    case hasKeys(name: String, path: String)
    case badName(String)
    case unknownName(String, path: String, near: String?)
    /// The name was revoked, and may have no keys.
    case revoked(name: String, path: String)
    case notRevoked(String, path: String, near: String?)
    /// The folder for the worker's machine is no longer here.
    case movedAway(name: String, path: String)
    /// A worker's folder contains another one.
    case nested(path: String, inner: String)
    /// A secret key and a public key that don't belong together.
    case mismatch(secret: String, public: String)
    case system(doing: String, path: String, code: Int32)

    /// Whether the error says nothing about the key, because the system was short of something for a moment.
    var isPassing: Bool {
        guard case .system(_, _, let code) = self else { return false }
        return [EMFILE, ENFILE, ENOMEM, EIO, EINTR, EAGAIN, ESTALE, ENOBUFS].contains(code)
    }

    /// One sentence for a person.
    public var message: String {
        switch self {
        case .noFolder(let path):
            "\(path): no such folder; on the coordinator's machine \(quotedCommand("ranksweep keys new \(shellPath(path))")) makes it"
        case .noWorkerFolder(let path):
            "\(path): no such folder; on the coordinator's machine 'ranksweep keys add DIR NAME' makes it, to be "
                + "copied here"
        case .missing(let path): "\(path): not found: this is not a complete folder of keys"
        case .otherSide(let path, let belongsTo):
            "\(path): these are the keys of a \(belongsTo): the coordinator takes the folder that 'ranksweep keys "
                + "new' made, a worker the one that 'ranksweep keys add' made"
        case .notAKey(let path):
            "\(path): not a key file: it must hold one key of 40 letters, as 'ranksweep keys' writes it"
        case .readable(let path, let mode):
            "\(path): others can read this secret (mode \(octal(mode))): chmod 600 \(shellPath(path)), and if anyone may "
                + "have read it, make new keys"
        case .writable(let path, let mode):
            "\(path): others can change this (mode \(octal(mode))), and so let anyone in: chmod go-w \(shellPath(path))"
        case .foreign(let path): "\(path): belongs to another user: only one's own keys are trusted"
        case .exists(let path): "\(path): is there already; keys are never overwritten"
        case .hasKeys(let name, let path):
            "'\(name)' has keys already (\(path)); for new ones: ranksweep keys renew"
        case .badName(let name):
            "'\(name)' is no name for a worker: letters, digits, '.', '-' and '_', 64 at most, a letter or "
                + "digit first"
        case .unknownName(let name, let path, let near):
            "no worker '\(name)' in \(path)" + (near.map { "; did you mean '\($0)'?" } ?? "")
        case .revoked(let name, let path):
            "'\(name)' is revoked, and gets no keys: "
                + "\(quotedCommand("ranksweep keys unrevoke \(shellPath(path)) \(name)")) takes that back"
        case .notRevoked(let name, let path, let near):
            "'\(name)' is not revoked in \(path)" + (near.map { "; did you mean '\($0)'?" } ?? "")
        case .movedAway(let name, let path):
            "\(path)/hosts/\(name) is not here: the keys of '\(name)' were installed or moved away; "
                + "\(quotedCommand("ranksweep keys renew \(shellPath(path)) \(name)")) makes new ones"
        case .nested(let path, let inner):
            "\(path) holds another folder of keys, \(inner): a copy over an old folder lands inside it, and the "
                + "old keys would stay in use; remove the wrong ones ('ranksweep keys install' replaces a folder)"
        case .mismatch(let secret, let publicFile):
            "\(publicFile) is not the public key of \(secret): files of two sets of keys are mixed up"
        case .system(let doing, let path, let code):
            "\(path): cannot \(doing) it: \(String(cString: strerror(code)))"
        }
    }
}

private func octal(_ mode: UInt32) -> String { "0" + String(mode & 0o7777, radix: 8) }

/// A key in a file: a line of explanation, then a line with the key's 40 letters.
enum KeyFile {
    /// Most bytes of a key file.
    private static let limit = 4096

    static func publicKey(_ path: String) throws(KeyError) -> PublicKey {
        guard let key = PublicKey(text: try line(path, isSecret: false)) else { throw .notAKey(path: path) }
        return key
    }

    static func pair(_ path: String) throws(KeyError) -> KeyPair {
        guard let secret = SecretKey(text: try line(path, isSecret: true)), let pair = KeyPair(secret: secret)
        else { throw .notAKey(path: path) }
        return pair
    }

    /// The line of a key file that is no comment; nil unless there is exactly one. '#' is a letter of Z85,
    /// and a space isn't.
    static func keyLine(_ text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimming(" \t") }
        let keys = lines.filter { !$0.isEmpty && !$0.hasPrefix("# ") }
        return keys.count == 1 ? keys[0] : nil
    }

    private static func line(_ path: String, isSecret: Bool) throws(KeyError) -> String {
        let bytes = try bytes(path, isSecret: isSecret)
        guard let line = keyLine(String(decoding: bytes, as: UTF8.self)) else { throw .notAKey(path: path) }
        return line
    }

    /// Bytes of a key file. Throws if anybody else can have read the secret or changed the file.
    static func bytes(_ path: String, isSecret: Bool) throws(KeyError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw errno == ENOENT ? .missing(path: path) : systemError("read", path) }
        defer { close(file) }
        try check(file, path, isSecret: isSecret)
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = read(file, &bytes, bytes.count)
        guard count >= 0 else { throw systemError("read", path) }
        guard count < limit else { throw .notAKey(path: path) }
        return Array(bytes.prefix(count))
    }

    /// Checks the file that is open, and not one that may take its place.
    private static func check(_ file: Int32, _ path: String, isSecret: Bool) throws(KeyError) {
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw systemError("read", path) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw .notAKey(path: path) }
        guard facts.st_uid == geteuid() || facts.st_uid == 0 else { throw .foreign(path: path) }
        guard !isSecret || facts.st_mode & 0o077 == 0 else {
            throw .readable(path: path, mode: facts.st_mode)
        }
        guard facts.st_mode & 0o022 == 0 else { throw .writable(path: path, mode: facts.st_mode) }
    }

    /// Checks that others can't add, remove or replace keys.
    static func checkFolder(_ path: String) throws(KeyError) {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else {
            throw errno == EACCES ? systemError("read", path) : .noFolder(path: path)
        }
        guard facts.st_uid == geteuid() || facts.st_uid == 0 else { throw .foreign(path: path) }
        guard facts.st_mode & 0o022 == 0 else { throw .writable(path: path, mode: facts.st_mode) }
    }

    /// Writes a key file: completely, durably, and never over another.
    static func write(_ key: String, about: String, to path: String, mode: mode_t) throws(KeyError) {
        try write(Array("# \(about)\n\(key)\n".utf8), to: path, mode: mode)
    }

    /// Writes the bytes of a key file, in the same way.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(KeyError) {
        let partial = path + ".partial"
        unlink(partial)
        let file = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw systemError("write", path) }
        defer { unlink(partial) }
        let isWritten = fchmod(file, mode) == 0 && writeAll(bytes, to: file) && fsync(file) == 0
        let code = errno
        close(file)
        guard isWritten else {
            throw .system(doing: "write", path: path, code: code)
        }
        guard link(partial, path) == 0 else {
            throw errno == EEXIST ? .exists(path: path) : systemError("write", path)
        }
    }

    static func makeFolder(_ path: String) throws(KeyError) {
        // The process's mask may clear bits of this mode, and never sets any.
        guard mkdir(path, 0o700) == 0 else {
            throw errno == EEXIST ? .exists(path: path) : systemError("make", path)
        }
    }

    /// Gives a complete folder its name, if that is free or an empty folder.
    static func publish(_ partial: String, as path: String) throws(KeyError) {
        guard rename(partial, path) == 0 else {
            let isTaken = [ENOTEMPTY, EEXIST, ENOTDIR].contains(errno)
            throw isTaken ? .exists(path: path) : systemError("make", path)
        }
        syncFolder(path + "/..")
    }

    /// Makes a folder's names durable: a key that was revoked must not come back after a crash.
    static func syncFolder(_ path: String) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// Names in a folder that have this ending, without it, sorted. A missing folder has none.
    static func names(in path: String, ending: String) throws(KeyError) -> [String] {
        let found: [String]
        do throws(FileError) { found = try listFolder(path) } catch {
            guard error.code != ENOENT else { return [] }
            throw .system(doing: "read", path: path, code: error.code)
        }
        return found.filter { $0.hasSuffix(ending) && !$0.hasPrefix(".") }.map {
            String($0.dropLast(ending.count))
        }.sorted()
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func systemError(_ doing: String, _ path: String) -> KeyError {
        .system(doing: doing, path: path, code: errno)
    }
}

extension Substring {
    fileprivate func trimming(_ letters: String) -> String {
        String(drop { letters.contains($0) }.reversed().drop { letters.contains($0) }.reversed())
    }
}
