/* Stands between SQLite and the system for files whose path holds MARK: counts what is written,
   kills the process at one of these moments, lets writes fail, or keeps a shadow of what was synced.
   Preloaded (LD_PRELOAD); told what to do by stiff_arm. Linux. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *MARK = ".stiff";
static long count, kill_at, torn, fail_from, fail_to;
static double fail_seconds, failed_since;
static int fail_with;
static char shadow[4096], gone[64][4096];
static int gone_count;

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

void stiff_arm(long at, long half, long from, long to, double seconds, int with, const char *copy) {
    count = 0, kill_at = at, torn = half, fail_from = from, fail_to = to;
    fail_seconds = seconds, failed_since = 0, fail_with = with, gone_count = 0;
    strncpy(shadow, copy, sizeof shadow - 1);
}

long stiff_count(void) { return count; }

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, 4095);
    if (size < 0) return 0;
    path[size] = 0;
    return strstr(path, MARK) != NULL && strstr(path, "-shm") == NULL && strstr(path, "-lock") == NULL;
}

/* Whether the call is to fail; kills where that is asked. */
static int counted(int fd, const void *data, size_t size, off_t place) {
    char path[4096];
    int saved = errno;
    if (!path_of(fd, path)) { errno = saved; return 0; }
    count++;
    if (kill_at && count == kill_at) {
        if (torn && data) { REAL(pwrite64); real(fd, data, size / 2, place); }
        kill(getpid(), SIGKILL);
    }
    int fails = fail_from && count >= fail_from && count <= fail_to;
    if (fail_from && count >= fail_from && fail_seconds > 0) {
        if (failed_since == 0) failed_since = now();
        fails = now() - failed_since < fail_seconds;
    }
    errno = fails ? fail_with : saved;
    return fails;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t place) {
    REAL(pwrite64);
    return counted(fd, data, size, place) ? -1 : real(fd, data, size, place);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t place) {
    REAL(pwrite);
    return counted(fd, data, size, place) ? -1 : real(fd, data, size, place);
}
ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    return counted(fd, NULL, size, 0) ? -1 : real(fd, data, size);
}
int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    return counted(fd, NULL, 0, 0) ? -1 : real(fd, size);
}
int ftruncate(int fd, off_t size) {
    REAL(ftruncate);
    return counted(fd, NULL, 0, 0) ? -1 : real(fd, size);
}

static void keep(int fd) {
    char path[4096], copy[8200], block[65536];
    if (!shadow[0] || !path_of(fd, path)) return;
    REAL(write);
    snprintf(copy, sizeof copy, "%s/%s", shadow, strrchr(path, '/') + 1);
    int from = open(path, O_RDONLY), to = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ssize_t size;
    while (from >= 0 && to >= 0 && (size = read(from, block, sizeof block)) > 0) real(to, block, size);
    /* Closing a descriptor of a file lets go of this process's locks on it: opened by another path
       they would be lost, too, so that it is done where SQLite holds none that matter to the trial. */
    if (from >= 0) close(from);
    if (to >= 0) close(to);
    for (int k = 0; k < gone_count; k++) unlink(gone[k]);
    gone_count = 0;
}
int fsync(int fd) {
    REAL(fsync);
    if (counted(fd, NULL, 0, 0)) return -1;
    int done = real(fd);
    keep(fd);
    return done;
}
int fdatasync(int fd) {
    REAL(fdatasync);
    if (counted(fd, NULL, 0, 0)) return -1;
    int done = real(fd);
    keep(fd);
    return done;
}
int unlink(const char *path) {
    REAL(unlink);
    if (shadow[0] && strstr(path, MARK) && strrchr(path, '/') && gone_count < 64)
        snprintf(gone[gone_count++], 4096, "%.2000s/%.2000s", shadow, strrchr(path, '/') + 1);
    return real(path);
}
