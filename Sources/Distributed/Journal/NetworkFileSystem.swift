import CPosix

/// File systems whose files may be on another machine. SQLite's locks and write-ahead log aren't reliable
/// there.
public enum NetworkFileSystem {
    /// Name of such a file system by `f_type` of statfs(2); nil for a disk of this machine.
    public static func name(ofType type: Int) -> String? {
        // From linux/magic.h and the file systems' own sources. Some are negative where `f_type` has 32 bits.
        switch UInt32(truncatingIfNeeded: type) {
        case 0x6969: "NFS"
        case 0x517b, 0xff53_4d42, 0xfe53_4d42: "CIFS (SMB)"
        case 0x0bd0_0bd0: "Lustre"
        case 0x4750_4653: "GPFS"
        case 0x1983_0326: "BeeGFS"
        case 0xaad7_aaea: "PanFS"
        case 0x00c3_6400: "Ceph"
        case 0x2003_0528: "OrangeFS"
        case 0x5346_414f, 0x6b41_4653: "AFS"
        case 0x7375_7245: "Coda"
        case 0x0116_1970: "GFS2"
        case 0x7461_636f: "OCFS2"
        case 0x0102_1997: "9P"
        case 0x786f_4256: "a VirtualBox shared folder"
        case 0x6573_5546: "FUSE (sshfs and the like)"
        default: nil
        }
    }

    /// Name of such a file system that a folder is on; nil for a disk of this machine, or if the system
    /// doesn't say.
    public static func name(at path: String) -> String? {
        name(ofType: cposix_file_system_type(path))
    }

    /// Warning for a user who starts a run in a folder on such a file system.
    public static func warning(directory: String, fileSystem: String) -> String {
        "warning: \(directory) is on \(fileSystem): SQLite's locks and syncs may not hold there, so that two "
            + "coordinators could write one journal, or a crash lose records; keep the run directory on a disk of "
            + "this machine (--out DIR) and copy it when the run is done"
    }
}
