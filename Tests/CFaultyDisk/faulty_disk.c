#include "faulty_disk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

// A write or truncation that is not synced yet.
struct change {
    struct change *next;  // the older one
    sqlite3_int64 offset;
    sqlite3_int64 size_before;
    int count;            // -1: a truncation to `offset`
    int old_count;
    unsigned char *old_bytes;
    unsigned char *new_bytes;
};

struct file {
    sqlite3_file base;
    struct file *next;
    struct change *unsynced;  // the newest first
    sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs layer;
static struct file *open_files;
static char folder_path[4096];
static pthread_mutex_t folder_lock = PTHREAD_MUTEX_INITIALIZER;
static long strike_at, steps;
static enum faulty_disk_fault strike_kind;
static int struck;

static sqlite3_file *real(sqlite3_file *file) { return ((struct file *)file)->real; }

static void forget(struct file *file) {
    while (file->unsynced) {
        struct change *change = file->unsynced;
        file->unsynced = change->next;
        free(change->old_bytes);
        free(change->new_bytes);
        free(change);
    }
}

static void remember(struct file *file, const void *bytes, int count, sqlite3_int64 offset) {
    struct change *change = calloc(1, sizeof *change);
    sqlite3_file *below = file->real;
    below->pMethods->xFileSize(below, &change->size_before);
    sqlite3_int64 end = count < 0 ? change->size_before : offset + count;
    if (end > change->size_before) end = change->size_before;
    change->offset = offset;
    change->count = count;
    change->old_count = end > offset ? (int)(end - offset) : 0;
    if (change->old_count) {
        change->old_bytes = malloc(change->old_count);
        below->pMethods->xRead(below, change->old_bytes, change->old_count, offset);
    }
    if (count > 0) {
        change->new_bytes = malloc(count);
        memcpy(change->new_bytes, bytes, count);
    }
    change->next = file->unsynced;
    file->unsynced = change;
}

// The file as it is after the power came back.
static void lose(struct file *file, int torn) {
    sqlite3_file *below = file->real;
    for (struct change *change = file->unsynced; change; change = change->next) {
        if (change->old_count)
            below->pMethods->xWrite(below, change->old_bytes, change->old_count, change->offset);
        below->pMethods->xTruncate(below, change->size_before);
    }
    int number = 0;
    // Newest first: what was written last may reach the disk alone.
    for (struct change *change = file->unsynced; torn && change; change = change->next) {
        if (number++ % 2 == 0 && change->count > 0)
            below->pMethods->xWrite(below, change->new_bytes, change->count, change->offset);
    }
    forget(file);
}

// Whether this change goes well; else an SQLite result code.
static int next_step(int error) {
    int is_for_good = strike_kind >= FAULTY_DISK_KILLED;
    if (struck && is_for_good) return error;
    steps++;
    if (strike_at == 0 || steps != strike_at) return SQLITE_OK;
    struck = 1;
    if (strike_kind == FAULTY_DISK_POWER_LOST || strike_kind == FAULTY_DISK_POWER_LOST_TORN)
        for (struct file *file = open_files; file; file = file->next)
            lose(file, strike_kind == FAULTY_DISK_POWER_LOST_TORN);
    return strike_kind == FAULTY_DISK_FULL_ONCE ? SQLITE_FULL : error;
}

static int close_file(sqlite3_file *file) {
    struct file *own = (struct file *)file;
    for (struct file **link = &open_files; *link; link = &(*link)->next) {
        if (*link == own) {
            *link = own->next;
            break;
        }
    }
    forget(own);
    return own->real->pMethods->xClose(own->real);
}

static int read_file(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    return real(file)->pMethods->xRead(real(file), bytes, count, offset);
}

static int write_file(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    int before = struck;
    int code = next_step(SQLITE_IOERR_WRITE);
    if (code != SQLITE_OK) {
        // Also what fails may have been written in part.
        if (!before && (strike_kind == FAULTY_DISK_ERROR_ONCE || strike_kind == FAULTY_DISK_KILLED)) {
            remember((struct file *)file, bytes, count / 2, offset);
            real(file)->pMethods->xWrite(real(file), bytes, count / 2, offset);
        }
        return code;
    }
    remember((struct file *)file, bytes, count, offset);
    return real(file)->pMethods->xWrite(real(file), bytes, count, offset);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size) {
    int code = next_step(SQLITE_IOERR_TRUNCATE);
    if (code != SQLITE_OK) return code;
    remember((struct file *)file, NULL, -1, size);
    return real(file)->pMethods->xTruncate(real(file), size);
}

static int sync_file(sqlite3_file *file, int flags) {
    (void)flags;
    int code = next_step(SQLITE_IOERR_FSYNC);
    if (code == SQLITE_OK) forget((struct file *)file);
    return code;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    return real(file)->pMethods->xFileSize(real(file), size);
}
static int lock_file(sqlite3_file *file, int kind) { return real(file)->pMethods->xLock(real(file), kind); }
static int unlock_file(sqlite3_file *file, int kind) { return real(file)->pMethods->xUnlock(real(file), kind); }
static int check_lock(sqlite3_file *file, int *result) {
    return real(file)->pMethods->xCheckReservedLock(real(file), result);
}
static int control(sqlite3_file *file, int operation, void *argument) {
    // How big a file will be is not for us: it would be grown behind our back.
    if (operation == SQLITE_FCNTL_SIZE_HINT || operation == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
static int sector_size(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }
static int device(sqlite3_file *file) {
    (void)file;
    // It promises nothing.
    return 0;
}
static int map_shared(sqlite3_file *file, int region, int size, int extend, void volatile **memory) {
    return real(file)->pMethods->xShmMap(real(file), region, size, extend, memory);
}
static int lock_shared(sqlite3_file *file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
static void barrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }
static int unmap_shared(sqlite3_file *file, int delete) {
    return real(file)->pMethods->xShmUnmap(real(file), delete);
}

static const sqlite3_io_methods methods = {
    2,          close_file,   read_file,     write_file,  truncate_file, sync_file, file_size,
    lock_file,  unlock_file,  check_lock,    control,     sector_size,   device,    map_shared,
    lock_shared, barrier,     unmap_shared,  0,           0,
};

// Tests beside this one open files of their own meanwhile.
static int is_ours(const char *path) {
    pthread_mutex_lock(&folder_lock);
    int result = folder_path[0] && path && strncmp(path, folder_path, strlen(folder_path)) == 0;
    pthread_mutex_unlock(&folder_lock);
    return result;
}

static void set_folder(const char *folder) {
    pthread_mutex_lock(&folder_lock);
    strncpy(folder_path, folder, sizeof folder_path - 1);
    pthread_mutex_unlock(&folder_lock);
}

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out_flags) {
    (void)vfs;
    if (!is_ours(path)) return real_vfs->xOpen(real_vfs, path, file, flags, out_flags);
    struct file *own = (struct file *)file;
    memset(own, 0, sizeof *own);
    own->real = (sqlite3_file *)(own + 1);
    int code = real_vfs->xOpen(real_vfs, path, own->real, flags, out_flags);
    if (code != SQLITE_OK) return code;
    own->base.pMethods = &methods;
    own->next = open_files;
    open_files = own;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync_folder) {
    (void)vfs;
    if (is_ours(path)) {
        int code = next_step(SQLITE_IOERR_DELETE);
        if (code != SQLITE_OK) return code;
    }
    return real_vfs->xDelete(real_vfs, path, sync_folder);
}

int faulty_disk_install(void) {
    if (real_vfs) return SQLITE_OK;
    real_vfs = sqlite3_vfs_find(NULL);
    if (!real_vfs) return SQLITE_ERROR;
    layer = *real_vfs;
    layer.zName = "faulty";
    layer.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
    layer.pNext = NULL;
    layer.xOpen = open_file;
    layer.xDelete = delete_file;
    return sqlite3_vfs_register(&layer, 1);
}

void faulty_disk_arm(const char *folder, long step, enum faulty_disk_fault fault) {
    set_folder(folder);
    strike_at = step;
    strike_kind = fault;
    steps = 0;
    struck = 0;
}

long faulty_disk_steps(void) { return steps; }

int faulty_disk_struck(void) { return struck; }

void faulty_disk_disarm(void) {
    set_folder("");
    strike_at = 0;
    struck = 0;
}
