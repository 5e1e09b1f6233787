#define _GNU_SOURCE
#include "cposix.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

static int write_end = -1;
static volatile sig_atomic_t exit_code = -1;
static char last_words[1024];

static void tell(int signal_number) {
    int saved = errno;
    if (exit_code >= 0) {
        if (write(STDERR_FILENO, last_words, strlen(last_words)) < 0) _exit(exit_code);
        _exit(exit_code);
    }
    unsigned char byte = (unsigned char)signal_number;
    // A full pipe already holds enough signals.
    if (write(write_end, &byte, 1) < 0) errno = saved;
    errno = saved;
}

int cposix_signal_pipe(const int *signals, int count) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    write_end = ends[1];
    struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART};
    sigfillset(&action.sa_mask);
    for (int i = 0; i < count; i++) {
        // An ignored signal stays ignored: nohup relies on it.
        struct sigaction before;
        if (sigaction(signals[i], NULL, &before) != 0) return -1;
        if (before.sa_handler != SIG_IGN && sigaction(signals[i], &action, NULL) != 0) return -1;
    }
    // The program that started this one may have blocked them.
    sigset_t wanted;
    sigemptyset(&wanted);
    for (int i = 0; i < count; i++) sigaddset(&wanted, signals[i]);
    sigprocmask(SIG_UNBLOCK, &wanted, NULL);
    return ends[0];
}

static volatile sig_atomic_t was_signalled = 0;

static void note(int signal_number) {
    (void)signal_number;
    was_signalled = 1;
}

void cposix_note_signal(int signal_number) {
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigaction(signal_number, &action, NULL);
}

int cposix_was_signalled(void) { return was_signalled != 0; }

long cposix_file_system_type(const char *path) {
    struct statfs status;
    return statfs(path, &status) == 0 ? (long)status.f_type : 0;
}

int cposix_allowed_processors(void) {
    // The mask has to be as large as the kernel's, whose size is not known.
    for (int most = 1024; most <= 1 << 20; most *= 2) {
        cpu_set_t *set = CPU_ALLOC(most);
        if (set == NULL) break;
        size_t size = CPU_ALLOC_SIZE(most);
        int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : -errno;
        CPU_FREE(set);
        if (count > 0) return count;
        if (count != -EINVAL) break;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

void cposix_exit_on_signal(int code, const char *words) {
    strncpy(last_words, words, sizeof last_words - 1);
    exit_code = code;
}

unsigned long long cposix_bytes_received(int descriptor) {
    struct tcp_info info;
    memset(&info, 0, sizeof info);
    socklen_t size = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
    size_t due = offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received;
    return size >= due ? info.tcpi_bytes_received : 0;
}

int cposix_set_pipe_size(int descriptor, int bytes) { return fcntl(descriptor, F_SETPIPE_SZ, bytes); }
