#define _GNU_SOURCE
#include "CEmbree.h"

#include <embree3/rtcore.h>
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

struct embree_scene {
  RTCDevice device;
  RTCScene scene;
  _Atomic int64_t bytes;
};

static bool count_bytes(void *pointer, ssize_t bytes, bool post) {
  (void)post;
  atomic_fetch_add(&((embree_scene *)pointer)->bytes, bytes);
  return true;
}

embree_scene *embree_make(const float *positions, intptr_t vertices, const uint32_t *indices, intptr_t triangles,
                          int32_t threads) {
  embree_scene *result = calloc(1, sizeof *result);
  if (!result) abort();
  char configuration[64];
  snprintf(configuration, sizeof configuration, "threads=%d,set_affinity=0", (int)threads);
  result->device = rtcNewDevice(configuration);
  rtcSetDeviceMemoryMonitorFunction(result->device, count_bytes, result);
  result->scene = rtcNewScene(result->device);
  rtcSetSceneFlags(result->scene, RTC_SCENE_FLAG_ROBUST);
  rtcSetSceneBuildQuality(result->scene, RTC_BUILD_QUALITY_MEDIUM);
  RTCGeometry mesh = rtcNewGeometry(result->device, RTC_GEOMETRY_TYPE_TRIANGLE);
  rtcSetSharedGeometryBuffer(mesh, RTC_BUFFER_TYPE_VERTEX, 0, RTC_FORMAT_FLOAT3, positions, 0, 12, (size_t)vertices);
  rtcSetSharedGeometryBuffer(mesh, RTC_BUFFER_TYPE_INDEX, 0, RTC_FORMAT_UINT3, indices, 0, 12, (size_t)triangles);
  rtcCommitGeometry(mesh);
  rtcAttachGeometry(result->scene, mesh);
  rtcReleaseGeometry(mesh);
  return result;
}

void embree_build(embree_scene *scene) { rtcCommitScene(scene->scene); }

int64_t embree_bytes(const embree_scene *scene) { return atomic_load(&scene->bytes); }

void embree_free(embree_scene *scene) {
  rtcReleaseScene(scene->scene);
  rtcReleaseDevice(scene->device);
  free(scene);
}

void embree_nearest(const embree_scene *scene, const embree_ray *rays, intptr_t count, embree_hit *hits) {
  struct RTCIntersectContext context;
  rtcInitIntersectContext(&context);
  for (intptr_t i = 0; i < count; i++) {
    const embree_ray *r = rays + i;
    struct RTCRayHit query;
    query.ray.org_x = r->origin[0];
    query.ray.org_y = r->origin[1];
    query.ray.org_z = r->origin[2];
    query.ray.dir_x = r->direction[0];
    query.ray.dir_y = r->direction[1];
    query.ray.dir_z = r->direction[2];
    query.ray.tnear = 0;
    query.ray.tfar = r->distance;
    query.ray.time = 0;
    query.ray.mask = 0xffffffffu;
    query.ray.flags = 0;
    query.hit.geomID = RTC_INVALID_GEOMETRY_ID;
    query.hit.primID = RTC_INVALID_GEOMETRY_ID;
    rtcIntersect1(scene->scene, &context, &query);
    hits[i].distance = query.ray.tfar;
    hits[i].mesh = query.hit.geomID;
    hits[i].triangle = query.hit.primID;
  }
}

intptr_t embree_occluded(const embree_scene *scene, const embree_ray *rays, intptr_t count) {
  struct RTCIntersectContext context;
  rtcInitIntersectContext(&context);
  intptr_t occluded = 0;
  for (intptr_t i = 0; i < count; i++) {
    const embree_ray *r = rays + i;
    struct RTCRay query;
    query.org_x = r->origin[0];
    query.org_y = r->origin[1];
    query.org_z = r->origin[2];
    query.dir_x = r->direction[0];
    query.dir_y = r->direction[1];
    query.dir_z = r->direction[2];
    query.tnear = 0;
    query.tfar = r->distance;
    query.time = 0;
    query.mask = 0xffffffffu;
    query.flags = 0;
    rtcOccluded1(scene->scene, &context, &query);
    occluded += query.tfar < 0;
  }
  return occluded;
}

uint32_t embree_flush_denormals(void) {
#if defined(__x86_64__)
  uint32_t state = _mm_getcsr();
  _mm_setcsr(state | 0x8040u);
  return state;
#else
  return 0;
#endif
}

void embree_restore(uint32_t state) {
#if defined(__x86_64__)
  _mm_setcsr(state);
#else
  (void)state;
#endif
}

int32_t embree_pin(int32_t processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

void embree_unpin(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < CPU_SETSIZE; i++) CPU_SET(i, &set);
  sched_setaffinity(0, sizeof set, &set);
}
