#pragma once
// OpenEXRCore, the C interface of OpenEXR 3.1 and later: it returns codes and needs none of the C++ libraries.
#include <OpenEXR/openexr.h>

/// What EXR_DEFAULT_CONTEXT_INITIALIZER expands to, which Swift cannot see.
static inline exr_context_initializer_t tessera_exr_default_initializer(void) {
    exr_context_initializer_t initializer = EXR_DEFAULT_CONTEXT_INITIALIZER;
    return initializer;
}
