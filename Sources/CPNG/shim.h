#pragma once
#include <png.h>

// Only the simplified png_image_* interface is used: it returns codes. The classic one reports errors by longjmp, which
// may not cross Swift frames. The macros below are function-like, so Swift cannot see them.

/// The upper bound of the encoded size in bytes of an image whose width, height and format are set; 0 when it overflows.
static inline size_t tessera_png_encoded_size_max(png_image image) {
    return PNG_IMAGE_PNG_SIZE_MAX(image);
}
