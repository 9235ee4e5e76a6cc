#include "CDracoShim.h"

#include <cstdio>
#include <exception>
#include <memory>
#include <utility>

#include <draco/compression/decode.h>
#include <draco/mesh/mesh.h>

struct tessera_draco_mesh {
    std::unique_ptr<draco::Mesh> mesh;
};

tessera_draco_mesh *tessera_draco_decode(const void *bytes, size_t size, char *reason, size_t reason_size) {
    // Draco allocates by what a file claims; what cannot be had comes as an exception.
    try {
        draco::DecoderBuffer buffer;
        buffer.Init(static_cast<const char *>(bytes), size);
        draco::Decoder decoder;
        auto result = decoder.DecodeMeshFromBuffer(&buffer);
        if (!result.ok()) {
            std::snprintf(reason, reason_size, "%s", result.status().error_msg());
            return nullptr;
        }
        auto mesh = std::move(result).value();
        if (!mesh) {
            std::snprintf(reason, reason_size, "no mesh");
            return nullptr;
        }
        const uint32_t vertices = mesh->num_points();
        for (draco::FaceIndex i(0); i < mesh->num_faces(); ++i) {
            for (const auto corner : mesh->face(i)) {
                if (corner.value() >= vertices) {
                    std::snprintf(reason, reason_size, "a corner names no vertex");
                    return nullptr;
                }
            }
        }
        return new tessera_draco_mesh{std::move(mesh)};
    } catch (const std::exception &error) {
        std::snprintf(reason, reason_size, "%s", error.what());
        return nullptr;
    }
}

void tessera_draco_free(tessera_draco_mesh *mesh) { delete mesh; }

size_t tessera_draco_vertex_count(const tessera_draco_mesh *mesh) { return mesh->mesh->num_points(); }

size_t tessera_draco_triangle_count(const tessera_draco_mesh *mesh) { return mesh->mesh->num_faces(); }

void tessera_draco_copy_indices(const tessera_draco_mesh *mesh, uint32_t *indices) {
    for (draco::FaceIndex i(0); i < mesh->mesh->num_faces(); ++i) {
        for (const auto corner : mesh->mesh->face(i)) *indices++ = corner.value();
    }
}

int tessera_draco_component_count(const tessera_draco_mesh *mesh, uint32_t unique_id) {
    const draco::PointAttribute *attribute = mesh->mesh->GetAttributeByUniqueId(unique_id);
    return attribute ? attribute->num_components() : 0;
}

template <typename Number>
static bool copy(const draco::Mesh &mesh, const draco::PointAttribute &attribute, float *values) {
    const int components = attribute.num_components();
    const size_t size = sizeof(Number) * components;
    // GetValue writes as many bytes as the stride has.
    if (attribute.byte_stride() != static_cast<int64_t>(size)) return false;
    Number element[256];
    if (components > 256) return false;
    for (draco::PointIndex i(0); i < mesh.num_points(); ++i) {
        const auto index = attribute.mapped_index(i);
        if (index.value() >= attribute.size()) return false;
        attribute.GetValue(index, static_cast<void *>(element));
        for (int k = 0; k < components; ++k) *values++ = static_cast<float>(element[k]);
    }
    return true;
}

int tessera_draco_copy_attribute(const tessera_draco_mesh *mesh, uint32_t unique_id, float *values) {
    const draco::PointAttribute *attribute = mesh->mesh->GetAttributeByUniqueId(unique_id);
    if (!attribute) return 0;
    switch (attribute->data_type()) {
    case draco::DT_INT8: return copy<int8_t>(*mesh->mesh, *attribute, values);
    case draco::DT_UINT8: return copy<uint8_t>(*mesh->mesh, *attribute, values);
    case draco::DT_INT16: return copy<int16_t>(*mesh->mesh, *attribute, values);
    case draco::DT_UINT16: return copy<uint16_t>(*mesh->mesh, *attribute, values);
    case draco::DT_INT32: return copy<int32_t>(*mesh->mesh, *attribute, values);
    case draco::DT_UINT32: return copy<uint32_t>(*mesh->mesh, *attribute, values);
    case draco::DT_FLOAT32: return copy<float>(*mesh->mesh, *attribute, values);
    default: return 0;
    }
}
