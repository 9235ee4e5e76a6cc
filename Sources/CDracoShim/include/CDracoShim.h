#pragma once
// A C interface to what glTF needs of Draco's decoder, which is C++: KHR_draco_mesh_compression.
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A decoded mesh.
typedef struct tessera_draco_mesh tessera_draco_mesh;

/// Decodes a triangle mesh; NULL when the bytes hold none, in which case `reason` gets a text of less than `reason_size`
/// bytes. No exception leaves this function.
tessera_draco_mesh *_Nullable tessera_draco_decode(
    const void *_Nullable bytes, size_t size, char *_Nonnull reason, size_t reason_size);

/// Frees a mesh.
void tessera_draco_free(tessera_draco_mesh *_Nonnull mesh);

/// The number of vertices.
size_t tessera_draco_vertex_count(const tessera_draco_mesh *_Nonnull mesh);

/// The number of triangles.
size_t tessera_draco_triangle_count(const tessera_draco_mesh *_Nonnull mesh);

/// Writes three vertex numbers for each triangle.
void tessera_draco_copy_indices(const tessera_draco_mesh *_Nonnull mesh, uint32_t *_Nonnull indices);

/// The number of components of the attribute with a unique identifier, zero when there is none.
int tessera_draco_component_count(const tessera_draco_mesh *_Nonnull mesh, uint32_t unique_id);

/// Writes the components of an attribute for each vertex, integers as they are; returns zero when that is not possible.
int tessera_draco_copy_attribute(
    const tessera_draco_mesh *_Nonnull mesh, uint32_t unique_id, float *_Nonnull values);

#ifdef __cplusplus
}
#endif
