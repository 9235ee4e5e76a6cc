// The few functions of a C library that Embedded Swift calls, for WebAssembly without a system.
//
// Memory is handed out in powers of two and reused by size, which is all that rendering some blocks needs.
#include <stddef.h>
#include <stdint.h>

#define WASM_PAGE 65536u

extern unsigned char __heap_base;

static uintptr_t heap_end;
static void *free_lists[32];

// Each piece begins with 16 bytes that hold its size class, so that every piece is aligned to 16 bytes.
#define HEADER 16u

static unsigned size_class(size_t size) {
    unsigned class = 5;
    while (class < 31 && ((size_t)1 << class) < size) class++;
    return class;
}

static void *take(size_t size) {
    if (!heap_end) heap_end = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
    uintptr_t start = heap_end;
    uintptr_t end = start + size;
    if (end < start) return NULL;
    uintptr_t limit = __builtin_wasm_memory_size(0) * WASM_PAGE;
    if (end > limit && __builtin_wasm_memory_grow(0, (end - limit + WASM_PAGE - 1) / WASM_PAGE) == (size_t)-1) {
        return NULL;
    }
    heap_end = end;
    return (void *)start;
}

__attribute__((export_name("host_allocate"))) void *host_allocate(size_t size) {
    if (size > ((size_t)1 << 30)) return NULL;
    unsigned class = size_class(size + HEADER);
    unsigned char *piece = free_lists[class];
    if (piece) {
        free_lists[class] = *(void **)(piece + HEADER);
    } else {
        piece = take((size_t)1 << class);
        if (!piece) return NULL;
    }
    *(uint32_t *)piece = class;
    *(uint32_t *)(piece + HEADER - 4) = HEADER;
    return piece + HEADER;
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    if (alignment <= 16) {
        *memory = host_allocate(size);
        return *memory ? 0 : 12;
    }
    unsigned char *piece = host_allocate(size + alignment);
    if (!piece) return 12;
    uintptr_t aligned = ((uintptr_t)piece + alignment - 1) & ~(uintptr_t)(alignment - 1);
    // The last word before the memory says how far away its piece begins.
    *(uint32_t *)(aligned - 4) = (uint32_t)(aligned - (uintptr_t)piece) + HEADER;
    *memory = (void *)aligned;
    return 0;
}

void free(void *memory) {
    if (!memory) return;
    unsigned char *piece = (unsigned char *)memory - *(uint32_t *)((unsigned char *)memory - 4);
    unsigned class = *(uint32_t *)piece;
    *(void **)(piece + HEADER) = free_lists[class];
    free_lists[class] = piece;
}

void *memmove(void *to, const void *from, size_t count) {
    unsigned char *t = to;
    const unsigned char *f = from;
    if (t < f) {
        for (size_t i = 0; i < count; i++) t[i] = f[i];
    } else {
        while (count--) t[count] = f[count];
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t count) { return memmove(to, from, count); }

void *memset(void *to, int value, size_t count) {
    unsigned char *t = to;
    while (count--) *t++ = (unsigned char)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t count) {
    const unsigned char *x = a;
    const unsigned char *y = b;
    for (; count--; x++, y++) {
        if (*x != *y) return *x < *y ? -1 : 1;
    }
    return 0;
}

// Embedded Swift seeds its hash tables with it. Nothing that the core makes may depend on their order.
void arc4random_buf(void *memory, size_t count) {
    static unsigned char value;
    unsigned char *m = memory;
    while (count--) *m++ = value += 151;
}

int putchar(int character) { return character; }
