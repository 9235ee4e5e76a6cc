// What the benchmark needs of Embree 3: one triangle mesh, its hierarchy, and rays one by one.
#ifndef TESSERA_CEMBREE_H
#define TESSERA_CEMBREE_H

#include <stdint.h>

/// A ray: origin, the distance where it ends, direction, and what Embree is not asked about. The layout of `StreamRay`.
typedef struct {
  float origin[3];
  float distance;
  float direction[3];
  uint32_t key;
  float time;
} embree_ray;

/// A hit: the distance, the mesh, and the triangle or 0xffffffff.
typedef struct {
  float distance;
  uint32_t mesh;
  uint32_t triangle;
} embree_hit;

typedef struct embree_scene embree_scene;

/// A mesh in an empty scene of a new device. `positions` must have four readable bytes after its end; both arrays are
/// shared and must outlive the scene.
embree_scene *embree_make(const float *positions, intptr_t vertices, const uint32_t *indices, intptr_t triangles,
                          int32_t threads);
/// Builds the hierarchy: default quality, ROBUST.
void embree_build(embree_scene *scene);
/// The bytes that the device holds now.
int64_t embree_bytes(const embree_scene *scene);
void embree_free(embree_scene *scene);

/// `rtcIntersect1` for each ray.
void embree_nearest(const embree_scene *scene, const embree_ray *rays, intptr_t count, embree_hit *hits);
/// `rtcOccluded1` for each ray; returns how many are occluded.
intptr_t embree_occluded(const embree_scene *scene, const embree_ray *rays, intptr_t count);

/// Denormals to zero on this thread, as Embree's manual asks; returns what to restore.
uint32_t embree_flush_denormals(void);
void embree_restore(uint32_t state);
/// Keeps this thread on one processor; 0 when the system refuses.
int32_t embree_pin(int32_t processor);
void embree_unpin(void);

#endif
