/* Notes what a program asks the disk to keep, and when it was told that it is kept. For test_power.py; loaded by LD_PRELOAD.
 *
 * Files below RECORD_ROOT are watched. Each request is passed on, and when it succeeded appended to RECORD_LOG:
 *   kind (1 byte), length of the name, length of the second name or the data (4 bytes each), offset (8 bytes), name, data
 * in this machine's byte order. Kinds: C created, W written, T cut or grown to the offset, S synced, R renamed, U unlinked;
 * P is a line printed on standard output, so that what the screen said stands in its place between them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST_FILES 4096

static char *names[MOST_FILES];
static const char *root;
static size_t root_length;
static int log_file = -1;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    const char *log_name = getenv("RECORD_LOG");
    root = getenv("RECORD_ROOT");
    if (root == NULL || log_name == NULL) return;
    root_length = strlen(root);
    int found = (int)syscall(SYS_openat, AT_FDCWD, log_name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    log_file = fcntl(found, F_DUPFD_CLOEXEC, 900); /* out of the way of those who close low numbers */
    syscall(SYS_close, found);
}

static void put(const void *data, size_t length) {
    const char *rest = data;
    while (length > 0) {
        ssize_t done = syscall(SYS_write, log_file, rest, length);
        if (done <= 0) abort();
        rest += done;
        length -= (size_t)done;
    }
}

static void note(char kind, const char *name, const void *data, size_t length, int64_t offset) {
    uint32_t lengths[2] = {(uint32_t)strlen(name), (uint32_t)length};
    put(&kind, 1);
    put(lengths, sizeof lengths);
    put(&offset, sizeof offset);
    put(name, lengths[0]);
    put(data, length);
}

static int watched(const char *path, char full[PATH_MAX]) {
    if (log_file < 0 || path == NULL) return 0;
    if (path[0] == '/') {
        if (strlen(path) >= PATH_MAX) return 0;
        strcpy(full, path);
    } else {
        if (getcwd(full, PATH_MAX) == NULL || strlen(full) + strlen(path) + 2 > PATH_MAX) return 0;
        strcat(full, "/");
        strcat(full, path);
    }
    return strncmp(full, root, root_length) == 0;
}

static const char *name_of(int file) { return log_file >= 0 && file >= 0 && file < MOST_FILES ? names[file] : NULL; }

#define NEXT(type, symbol) ((type)dlsym(RTLD_NEXT, symbol))

static int opened(const char *symbol, int folder, const char *path, int flags, mode_t mode) {
    char full[PATH_MAX];
    struct stat found;
    int ours = (folder == AT_FDCWD || path[0] == '/') && watched(path, full);
    pthread_mutex_lock(&turn);
    int before = ours && stat(full, &found) == 0;
    int file = NEXT(int (*)(int, const char *, int, mode_t), symbol)(folder, path, flags, mode);
    if (file >= 0 && file < MOST_FILES && ours) {
        free(names[file]);
        names[file] = strdup(full);
        if (!before) note('C', full, "", 0, 0);
        else if (flags & O_TRUNC) note('T', full, "", 0, 0);
    }
    pthread_mutex_unlock(&turn);
    return file;
}

#define MODE(flags) mode_t mode = 0; if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }

int open(const char *path, int flags, ...) { MODE(flags) return opened("openat", AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened("openat64", AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags) return opened("openat", folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags) return opened("openat64", folder, path, flags, mode); }

int close(int file) {
    pthread_mutex_lock(&turn);
    if (name_of(file)) {
        free(names[file]);
        names[file] = NULL;
    }
    int done = NEXT(int (*)(int), "close")(file);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t write(int file, const void *data, size_t length) {
    pthread_mutex_lock(&turn);
    const char *name = name_of(file);
    off64_t at = name ? lseek64(file, 0, SEEK_CUR) : 0;
    ssize_t done = NEXT(ssize_t (*)(int, const void *, size_t), "write")(file, data, length);
    if (done > 0 && name) note('W', name, data, (size_t)done, at);
    else if (done > 0 && file == STDOUT_FILENO && log_file >= 0) note('P', "", data, (size_t)done, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t at) {
    pthread_mutex_lock(&turn);
    ssize_t done = NEXT(ssize_t (*)(int, const void *, size_t, off64_t), "pwrite64")(file, data, length, at);
    if (done > 0 && name_of(file)) note('W', name_of(file), data, (size_t)done, at);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t pwrite(int file, const void *data, size_t length, off_t at) { return pwrite64(file, data, length, at); }

int ftruncate64(int file, off64_t length) {
    pthread_mutex_lock(&turn);
    int done = NEXT(int (*)(int, off64_t), "ftruncate64")(file, length);
    if (done == 0 && name_of(file)) note('T', name_of(file), "", 0, length);
    pthread_mutex_unlock(&turn);
    return done;
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

static int synced(const char *symbol, int file) {
    pthread_mutex_lock(&turn);
    int done = NEXT(int (*)(int), symbol)(file);
    if (done == 0 && name_of(file)) note('S', name_of(file), "", 0, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int fsync(int file) { return synced("fsync", file); }
int fdatasync(int file) { return synced("fdatasync", file); }

int rename(const char *from, const char *to) {
    char old[PATH_MAX], new[PATH_MAX];
    pthread_mutex_lock(&turn);
    int done = NEXT(int (*)(const char *, const char *), "rename")(from, to);
    if (done == 0 && watched(from, old) && watched(to, new)) note('R', old, new, strlen(new), 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int unlink(const char *path) {
    char full[PATH_MAX];
    pthread_mutex_lock(&turn);
    int done = NEXT(int (*)(const char *), "unlink")(path);
    if (done == 0 && watched(path, full)) note('U', full, "", 0, 0);
    pthread_mutex_unlock(&turn);
    return done;
}
