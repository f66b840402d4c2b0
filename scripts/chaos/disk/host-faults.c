/*
 * Faults of a host for the processes that load this (LD_PRELOAD): a disk that syncs slowly, hangs, fails or takes no
 * writes, and a wall clock that is wrong. Which of them hold now is read from a file of 64-bit numbers, $HOST_FAULTS,
 * that is mapped into memory: it may be changed at any time, and costs nothing while all are 0.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct faults {
  /* Every sync takes so long; less than 0: until this changes. */
  int64_t sync_delay_ms;
  /* Every sync fails with this, after its delay. */
  int64_t sync_errno;
  /* Writing to a file in the working directory, or in its pg_wal (which may be on another disk), fails with this. */
  int64_t write_errno;
  /* So does opening one for writing, making, renaming or removing one. */
  int64_t change_errno;
  /* Not 0: pg_wal is well. */
  int64_t spares_wal;
  /* Added to the wall clock. The monotonic clocks are right. */
  int64_t wall_offset_ms;
};

static const struct faults none;
static volatile const struct faults *faults = &none;
static const int64_t look_again_ms = 5;

#define REAL(name) ((__typeof__(&name))real(#name, &real_##name))
#define SLOT(name) static void *real_##name
SLOT(clock_gettime);

static void *real(const char *name, void **slot) {
  if (*slot == NULL) *slot = dlsym(RTLD_NEXT, name);
  return *slot;
}

__attribute__((constructor)) static void load(void) {
  const char *path = getenv("HOST_FAULTS");
  int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void *mapped = mmap(NULL, sizeof(struct faults), PROT_READ, MAP_SHARED, fd, 0);
  if (mapped != MAP_FAILED) faults = mapped;
  close(fd);
}

static int64_t mono_ms(void) {
  struct timespec now;
  REAL(clock_gettime)(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int failing(int64_t code) {
  if (code == 0) return 0;
  errno = (int)code;
  return 1;
}

/* A delay that is shortened or lifted holds nobody any longer. */
static int sync_fails(void) {
  int64_t began = mono_ms();
  while (faults->sync_delay_ms != 0 && (faults->sync_delay_ms < 0 || mono_ms() - began < faults->sync_delay_ms)) {
    struct timespec pause = {0, look_again_ms * 1000000};
    nanosleep(&pause, NULL);
  }
  return failing(faults->sync_errno);
}

static int is_on_disk_of(const char *path, const struct stat *file) {
  struct stat directory;
  return stat(path, &directory) == 0 && file->st_dev == directory.st_dev;
}

/* Sockets, pipes and shared memory are on no disk. Whoever spares pg_wal has it on a disk of its own. */
static int write_fails(int fd) {
  struct stat file;
  if (faults->write_errno == 0 || fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) return 0;
  int concerned = is_on_disk_of(".", &file) || (faults->spares_wal == 0 && is_on_disk_of("pg_wal", &file));
  return concerned && failing(faults->write_errno);
}

/* PostgreSQL names everything in its data directory, which is its working directory, by a relative path. */
static int change_fails(const char *path) {
  if (faults->change_errno == 0 || path[0] == '/') return 0;
  if (faults->spares_wal != 0 && strncmp(path, "pg_wal", strlen("pg_wal")) == 0) return 0;
  return failing(faults->change_errno);
}

#define SYNC(name) \
  SLOT(name);      \
  int name(int fd) { return sync_fails() ? -1 : REAL(name)(fd); }
SYNC(fsync)
SYNC(fdatasync)
SYNC(syncfs)

SLOT(write);
ssize_t write(int fd, const void *bytes, size_t count) {
  return write_fails(fd) ? -1 : REAL(write)(fd, bytes, count);
}
SLOT(pwrite);
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  return write_fails(fd) ? -1 : REAL(pwrite)(fd, bytes, count, at);
}
SLOT(pwritev);
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  return write_fails(fd) ? -1 : REAL(pwritev)(fd, parts, count, at);
}
SLOT(ftruncate);
int ftruncate(int fd, off_t length) { return write_fails(fd) ? -1 : REAL(ftruncate)(fd, length); }
SLOT(posix_fallocate);
int posix_fallocate(int fd, off_t at, off_t length) {
  return write_fails(fd) ? errno : REAL(posix_fallocate)(fd, at, length);
}

SLOT(open);
int open(const char *path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  if ((flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0 && change_fails(path)) return -1;
  return REAL(open)(path, flags, mode);
}
SLOT(fopen);
FILE *fopen(const char *path, const char *mode) {
  return mode[0] != 'r' && change_fails(path) ? NULL : REAL(fopen)(path, mode);
}
SLOT(rename);
int rename(const char *from, const char *to) { return change_fails(from) ? -1 : REAL(rename)(from, to); }
SLOT(unlink);
int unlink(const char *path) { return change_fails(path) ? -1 : REAL(unlink)(path); }
SLOT(mkdir);
int mkdir(const char *path, mode_t mode) { return change_fails(path) ? -1 : REAL(mkdir)(path, mode); }

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = REAL(clock_gettime)(clock, now);
  int64_t offset_ms = faults->wall_offset_ms;
  if (result != 0 || offset_ms == 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
  int64_t ns = now->tv_nsec + (offset_ms % 1000) * 1000000;
  now->tv_sec += offset_ms / 1000 + (ns < 0 ? -1 : ns / 1000000000);
  now->tv_nsec = ns < 0 ? ns + 1000000000 : ns % 1000000000;
  return 0;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec precise;
  if (clock_gettime(CLOCK_REALTIME, &precise) != 0) return -1;
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}
time_t time(time_t *out) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}
