/* Stands between a program and its disk: notes what is asked of it, and can refuse. For tests/faults; loaded by LD_PRELOAD.
 *
 * Files and folders below DISK_ROOT are watched.
 *
 * Noting: each request is passed on, and when it succeeded appended to DISK_LOG (if given):
 *   kind (1 byte), length of the name, length of the second name or the data (4 bytes each), offset (8 bytes), name, data
 * in this machine's byte order. Kinds: C created, W written, T cut or grown to the offset, S synced, R renamed, U unlinked,
 * M folder made, D folder removed; P is a line printed on standard output, so that what the screen said stands in its place.
 *
 * Refusing: disk_arm(at, sticky, fault) lets the at-th request from now that changes something fail, and with ``sticky`` all
 * after it; faults: 0 ENOSPC, 1 EIO, 2 half of it is written and the next request fails with ENOSPC. disk_count() tells how
 * many there were since, disk_refused() how many were refused, disk_last() which was the last refused; disk_disarm() ends it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
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
    const char *log_name = getenv("DISK_LOG");
    root = getenv("DISK_ROOT");
    if (root == NULL) return;
    root_length = strlen(root);
    if (log_name == NULL) return;
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
    if (log_file < 0) return;
    uint32_t lengths[2] = {(uint32_t)strlen(name), (uint32_t)length};
    put(&kind, 1);
    put(lengths, sizeof lengths);
    put(&offset, sizeof offset);
    put(name, lengths[0]);
    put(data, length);
}

/* --- refusing ---------------------------------------------------------------------------------------------------------- */

static long at = 0, seen = 0, refused = 0;
static int always = 0, fault = 0;
static char last[PATH_MAX + 64];

void disk_arm(long number, int sticky, int what) {
    at = number; seen = 0; refused = 0; always = sticky; fault = what;
    last[0] = 0;
}
void disk_disarm(void) { at = 0; }
long disk_count(void) { return seen; }
long disk_refused(void) { return refused; }
const char *disk_last(void) { return last; }

/* Whether this request fails; of a write, ``*length`` may be halved instead. */
static int refuse(const char *what, const char *name, size_t *length) {
    if (at == 0) return 0;
    seen++;
    int due = fault == 2 ? seen == at || seen == at + 1 || (always && seen > at) : seen == at || (always && seen > at);
    if (!due) return 0;
    refused++;
    snprintf(last, sizeof last, "%s %s", what, name);
    if (fault == 2 && seen == at && length != NULL && *length > 1) {
        *length /= 2;
        return 0;
    }
    errno = fault == 1 ? EIO : ENOSPC;
    return 1;
}

/* --- the requests ------------------------------------------------------------------------------------------------------ */

static int watched(const char *path, char full[PATH_MAX]) {
    if (root == NULL || path == NULL) return 0;
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

static const char *name_of(int file) { return root != NULL && file >= 0 && file < MOST_FILES ? names[file] : NULL; }

/* The same for a path below an open folder: Python removes whole trees that way. */
static int below(int folder, const char *path, char full[PATH_MAX]) {
    if (folder == AT_FDCWD || path[0] == '/') return watched(path, full);
    return name_of(folder) && snprintf(full, PATH_MAX, "%s/%s", name_of(folder), path) < PATH_MAX;
}

#define NEXT(type, symbol) ((type)dlsym(RTLD_NEXT, symbol))

static int opened(const char *symbol, int folder, const char *path, int flags, mode_t mode) {
    char full[PATH_MAX];
    struct stat found;
    pthread_mutex_lock(&turn);
    int ours = below(folder, path, full);
    int before = ours && stat(full, &found) == 0;
    int makes = ours && ((!before && (flags & O_CREAT)) || (before && (flags & O_TRUNC)));
    int file = -1;
    if (!makes || !refuse("open", full, NULL)) file = NEXT(int (*)(int, const char *, int, mode_t), symbol)(folder, path, flags, mode);
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
    off64_t place = name ? lseek64(file, 0, SEEK_CUR) : 0;
    ssize_t done = -1;
    if (!name || !refuse("write", name, &length)) done = NEXT(ssize_t (*)(int, const void *, size_t), "write")(file, data, length);
    if (done > 0 && name) note('W', name, data, (size_t)done, place);
    else if (done > 0 && file == STDOUT_FILENO && root != NULL) note('P', "", data, (size_t)done, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t place) {
    pthread_mutex_lock(&turn);
    const char *name = name_of(file);
    ssize_t done = -1;
    if (!name || !refuse("pwrite", name, &length))
        done = NEXT(ssize_t (*)(int, const void *, size_t, off64_t), "pwrite64")(file, data, length, place);
    if (done > 0 && name) note('W', name, data, (size_t)done, place);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t pwrite(int file, const void *data, size_t length, off_t place) { return pwrite64(file, data, length, place); }

/* Copying inside the kernel would pass us by; whoever is told that it cannot be done reads and writes instead. */
ssize_t sendfile64(int out, int in, off64_t *place, size_t length) {
    (void)in, (void)place, (void)length;
    if (!name_of(out)) return NEXT(ssize_t (*)(int, int, off64_t *, size_t), "sendfile64")(out, in, place, length);
    errno = EINVAL;
    return -1;
}
ssize_t sendfile(int out, int in, off_t *place, size_t length) { return sendfile64(out, in, (off64_t *)place, length); }
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t length, unsigned flags) {
    if (!name_of(out))
        return NEXT(ssize_t (*)(int, off64_t *, int, off64_t *, size_t, unsigned), "copy_file_range")(in, from, out, to, length, flags);
    errno = EXDEV;
    return -1;
}

int ftruncate64(int file, off64_t length) {
    pthread_mutex_lock(&turn);
    const char *name = name_of(file);
    int done = -1;
    if (!name || !refuse("ftruncate", name, NULL)) done = NEXT(int (*)(int, off64_t), "ftruncate64")(file, length);
    if (done == 0 && name) note('T', name, "", 0, length);
    pthread_mutex_unlock(&turn);
    return done;
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

static int synced(const char *symbol, int file) {
    pthread_mutex_lock(&turn);
    const char *name = name_of(file);
    int done = -1;
    if (!name || !refuse(symbol, name, NULL)) done = NEXT(int (*)(int), symbol)(file);
    if (done == 0 && name) note('S', name, "", 0, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int fsync(int file) { return synced("fsync", file); }
int fdatasync(int file) { return synced("fdatasync", file); }

int rename(const char *from, const char *to) {
    char old[PATH_MAX], new[PATH_MAX];
    pthread_mutex_lock(&turn);
    int ours = watched(from, old) & watched(to, new);
    int done = -1;
    if (!ours || !refuse("rename", new, NULL)) done = NEXT(int (*)(const char *, const char *), "rename")(from, to);
    if (done == 0 && ours) note('R', old, new, strlen(new), 0);
    pthread_mutex_unlock(&turn);
    return done;
}

static int named(const char *symbol, char kind, const char *path) {
    char full[PATH_MAX];
    pthread_mutex_lock(&turn);
    int ours = watched(path, full);
    int done = -1;
    if (!ours || !refuse(symbol, full, NULL)) done = NEXT(int (*)(const char *), symbol)(path);
    if (done == 0 && ours) note(kind, full, "", 0, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int unlink(const char *path) { return named("unlink", 'U', path); }
int rmdir(const char *path) { return named("rmdir", 'D', path); }

int unlinkat(int folder, const char *path, int flags) {
    char full[PATH_MAX];
    pthread_mutex_lock(&turn);
    int ours = below(folder, path, full);
    int done = -1;
    if (!ours || !refuse("unlink", full, NULL)) done = NEXT(int (*)(int, const char *, int), "unlinkat")(folder, path, flags);
    if (done == 0 && ours) note(flags & AT_REMOVEDIR ? 'D' : 'U', full, "", 0, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int mkdir(const char *path, mode_t mode) {
    char full[PATH_MAX];
    pthread_mutex_lock(&turn);
    int ours = watched(path, full);
    struct stat found;
    int there = ours && stat(full, &found) == 0;
    int done = -1;
    if (!ours || there || !refuse("mkdir", full, NULL)) done = NEXT(int (*)(const char *, mode_t), "mkdir")(path, mode);
    if (done == 0 && ours) note('M', full, "", 0, 0);
    pthread_mutex_unlock(&turn);
    return done;
}
