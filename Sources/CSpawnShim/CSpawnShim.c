#define _GNU_SOURCE
#include "CSpawnShim.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int spawnshim_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int spawnshim_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

void spawnshim_close_from(posix_spawn_file_actions_t *actions, int first) {
#ifdef __GLIBC__
    posix_spawn_file_actions_addclosefrom_np(actions, first);
#else
    (void)actions;
    (void)first;
#endif
}
