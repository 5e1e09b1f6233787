// OpenBLAS allocates its buffers when it is loaded, before `main`, and if the system refuses them it retries
// forever. So a limit that leaves no room for them must be found earlier: in .preinit_array, which runs
// before the initialisers of all libraries. The C library is not initialised yet either, so only system calls
// are possible.
#define _GNU_SOURCE
#include <limits.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

// OpenBLAS's buffer (32 << 22 bytes on x86-64), a thread's stack, and what the program itself needs to start.
static const unsigned long buffer_bytes = (128ul + 8) << 20, own_bytes = 32ul << 20;

static long number(const char *text) {
    long value = 0;
    while (*text >= '0' && *text <= '9' && value < 100000) value = value * 10 + *text++ - '0';
    return value;
}

static long thread_count(char **environment) {
    static const char *const names[] = {"OPENBLAS_NUM_THREADS=", "GOTO_NUM_THREADS=", "OMP_NUM_THREADS="};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (char **entry = environment; *entry != NULL; entry++)
            if (strncmp(*entry, names[i], strlen(names[i])) == 0) {
                long threads = number(*entry + strlen(names[i]));
                if (threads > 0) return threads;
            }
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static void say(const char *text) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) return;
}

static void say_number(unsigned long value) {
    char digits[24];
    char *start = digits + sizeof digits - 1;
    *start = 0;
    do *--start = (char)('0' + value % 10); while ((value /= 10) > 0);
    say(start);
}

static void look(int count, char **arguments, char **environment) {
    (void)count;
    (void)arguments;
    struct rlimit space, data;
    if (getrlimit(RLIMIT_AS, &space) != 0 || getrlimit(RLIMIT_DATA, &data) != 0) return;
    if (space.rlim_cur == RLIM_INFINITY && data.rlim_cur == RLIM_INFINITY) return;
    unsigned long bytes = (unsigned long)thread_count(environment) * buffer_bytes + own_bytes;
    void *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room != MAP_FAILED) {
        munmap(room, bytes);
        return;
    }
    int is_space = space.rlim_cur != RLIM_INFINITY;
    say("error: the limit on ");
    say(is_space ? "address space (ulimit -v) is " : "private memory (ulimit -d) is ");
    say_number((is_space ? space.rlim_cur : data.rlim_cur) >> 20);
    say(" MiB, and a program that calculates needs ");
    say_number(bytes >> 20);
    say(" MiB to begin with: raise it there, or with ");
    say(is_space ? "LimitAS=" : "LimitDATA=");
    say(" in a systemd unit; --memory-limit bounds what a trial uses\n");
    _exit(2);
}

__attribute__((section(".preinit_array"), used)) static void (*before_libraries)(int, char **, char **) = look;
