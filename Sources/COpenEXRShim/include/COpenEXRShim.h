#pragma once
// A C interface to OpenEXR's C++ library: files of several channels and parts in memory. The C library that comes with
// OpenEXR 3.1 has no DWAA compression yet.
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// How the values of a channel are stored.
enum { tessera_exr_half = 0, tessera_exr_float = 1, tessera_exr_uint = 2 };

/// How rows are packed.
enum { tessera_exr_none = 0, tessera_exr_zip = 1, tessera_exr_dwaa = 2 };

/// A channel of a part.
typedef struct {
    const char *_Nonnull name;
    /// tessera_exr_half or tessera_exr_float, both from 32-bit floats, or tessera_exr_uint from 32-bit words.
    int sample;
    /// The first value; rows from the top.
    const void *_Nonnull values;
    /// 32-bit words from one value to the next one in its row, and from one row to the next one.
    size_t pixel_stride;
    size_t row_stride;
} tessera_exr_channel;

/// A part of a file.
typedef struct {
    const char *_Nonnull name;
    int compression;
    const tessera_exr_channel *_Nonnull channels;
    size_t channel_count;
} tessera_exr_part;

/// A text attribute of all parts.
typedef struct {
    const char *_Nonnull name;
    const char *_Nonnull text;
} tessera_exr_attribute;

/// A block of memory.
typedef struct {
    void *_Nullable bytes;
    size_t size;
} tessera_exr_memory;

/// Writes a file into memory that `tessera_exr_free` takes back; returns zero and a text of less than `reason_size` bytes
/// when that fails. No exception leaves this function.
int tessera_exr_encode(
    int width, int height, const tessera_exr_part *_Nonnull parts, size_t part_count,
    const tessera_exr_attribute *_Nullable attributes, size_t attribute_count, tessera_exr_memory *_Nonnull result,
    char *_Nonnull reason, size_t reason_size);

/// Frees what `tessera_exr_encode` returned.
void tessera_exr_free(tessera_exr_memory memory);

/// Reads the size of the first part's data; returns zero and a text when the bytes are no OpenEXR picture.
int tessera_exr_size(
    const void *_Nullable bytes, size_t size, int64_t *_Nonnull width, int64_t *_Nonnull height,
    char *_Nonnull reason, size_t reason_size);

/// Reads red, green and blue (or luminance three times) of the first part into 3 x width x height floats, rows from the
/// top; `width` and `height` are those that `tessera_exr_size` gave.
int tessera_exr_decode(
    const void *_Nullable bytes, size_t size, int64_t width, int64_t height, float *_Nonnull pixels,
    char *_Nonnull reason, size_t reason_size);

#ifdef __cplusplus
}
#endif
