/* Power loss, pessimistically: of a file survives what it held at its last fsync or fdatasync; of a directory, the names it had at
 * its last fsync. Everything else (sync_file_range, plain writes, renames) is lost. Preloaded into a process that writes below
 * POWER_ROOT; the durable image is kept below POWER_IMAGE:
 *   file-<inode>   content of a file
 *   dir-<inode>    names of a directory, one a line: kind (f, d, l), inode, name, for links a tab and the target
 *   keep-<inode>   hard link to a listed or synced file, so that its inode number is not used again
 * An image changes by rename, so that killing the process never leaves half of one.
 * A call named in POWER_IGNORE answers that all went well and keeps nothing: what a lying disk does, or a program that forgot to sync. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static void keep(const char *image, const char *path, ino_t inode) {
    char to[PATH_MAX];
    snprintf(to, sizeof to, "%s/keep-%lu", image, (unsigned long)inode);
    link(path, to);
}

static int finish(const char *image, const char *kind, ino_t inode) {
    char from[PATH_MAX], to[PATH_MAX];
    snprintf(from, sizeof from, "%s/writing", image);
    snprintf(to, sizeof to, "%s/%s-%lu", image, kind, (unsigned long)inode);
    return rename(from, to);
}

static int image_dir(const char *image, const char *path, ino_t inode) {
    char name[PATH_MAX], target[PATH_MAX];
    struct dirent *entry;
    struct stat status;
    DIR *dir = opendir(path);
    snprintf(name, sizeof name, "%s/writing", image);
    FILE *out = fopen(name, "w");
    if (!dir || !out) return -1;
    while ((entry = readdir(dir))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (lstat(name, &status)) continue;
        char kind = S_ISDIR(status.st_mode) ? 'd' : S_ISLNK(status.st_mode) ? 'l' : 'f';
        fprintf(out, "%c %lu %s", kind, (unsigned long)status.st_ino, entry->d_name);
        if (kind == 'l') {
            ssize_t length = readlink(name, target, sizeof target - 1);
            target[length < 0 ? 0 : length] = 0;
            fprintf(out, "\t%s", target);
        }
        fprintf(out, "\n");
        if (kind == 'f') keep(image, name, status.st_ino);
    }
    closedir(dir);
    if (fclose(out)) return -1;
    return finish(image, "dir", inode);
}

static int image_file(const char *image, const char *path, ino_t inode) {
    static char buffer[1 << 20];
    char name[PATH_MAX];
    ssize_t length;
    /* A handle of its own: the caller's may be write-only, and its place must not move. */
    int in = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(name, sizeof name, "%s/writing", image);
    int out = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (in < 0 || out < 0) return -1;
    while ((length = read(in, buffer, sizeof buffer)) > 0)
        if (write(out, buffer, length) != length) return -1;
    close(in);
    close(out);
    keep(image, path, inode);
    return finish(image, "file", inode);
}

static int survive(int fd) {
    const char *root = getenv("POWER_ROOT"), *image = getenv("POWER_IMAGE");
    char link_name[64], path[PATH_MAX];
    struct stat status;
    snprintf(link_name, sizeof link_name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link_name, path, sizeof path - 1);
    if (!root || !image || length < 0 || fstat(fd, &status)) return 0;
    path[length] = 0;
    if (strncmp(path, root, strlen(root))) return 0;
    pthread_mutex_lock(&turn);
    int failed = S_ISDIR(status.st_mode) ? image_dir(image, path, status.st_ino) : image_file(image, path, status.st_ino);
    pthread_mutex_unlock(&turn);
    return failed;
}

static int ignored(const char *call) {
    const char *calls = getenv("POWER_IGNORE");
    return calls && strstr(calls, call);
}

int fsync(int fd) { return ignored("fsync") ? 0 : survive(fd); }
int fdatasync(int fd) { return ignored("fdatasync") ? 0 : survive(fd); }
