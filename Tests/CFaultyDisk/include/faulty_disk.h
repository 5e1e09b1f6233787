// A disk that fails, for tests: a layer over SQLite's default file system (a VFS). Files in one folder are under
// it, all others are left alone. Nothing is ever really synced: what was not synced is known, and a power loss
// takes it away. One folder at a time; not for several threads.
#ifndef FAULTY_DISK_H
#define FAULTY_DISK_H

enum faulty_disk_fault {
    /// The step fails with SQLITE_FULL, all others go well.
    FAULTY_DISK_FULL_ONCE,
    /// The step fails with SQLITE_IOERR; a write leaves half of its bytes.
    FAULTY_DISK_ERROR_ONCE,
    /// That step and all after it fail: the process was killed there, or the disk is gone for good.
    FAULTY_DISK_KILLED,
    /// The power fails at that step: all that was not synced is lost.
    FAULTY_DISK_POWER_LOST,
    /// The power fails at that step: of what was not synced every other write reached the disk, the second first.
    FAULTY_DISK_POWER_LOST_TORN,
};

/// Becomes SQLite's default file system. Returns an SQLite result code.
int faulty_disk_install(void);

/// From now on the `step`-th change (write, sync, truncation, deletion; from 1) in files whose path begins with
/// `folder` is struck. 0: none.
void faulty_disk_arm(const char *folder, long step, enum faulty_disk_fault fault);

/// Changes since it was armed.
long faulty_disk_steps(void);

/// Whether the fault has struck.
int faulty_disk_struck(void);

/// All goes well from now on. After the last connection is closed.
void faulty_disk_disarm(void);

#endif
