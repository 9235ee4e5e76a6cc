#ifndef CSPAWNSHIM_H
#define CSPAWNSHIM_H

#include <spawn.h>

// Extensions of the C library that Swift does not see, since they hide behind _GNU_SOURCE.

/// pipe2(2) with O_CLOEXEC. Returns 0, or -1 with errno.
int spawnshim_pipe(int ends[2]);

/// An open file without a name, in memory alone and closed on exec (memfd_create(2)). Returns -1 with errno on failure.
int spawnshim_memory_file(const char *name);

/// Has the child close all descriptors from `first` on, where the C library can (glibc 2.34 and later).
void spawnshim_close_from(posix_spawn_file_actions_t *actions, int first);

#endif
