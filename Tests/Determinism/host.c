// Renders golden leaves and those of looks on threads and prints their hashes.
//
//   host BVH THREADS LOOK...          BVH 0 or 1; several threads take the leaves in a shuffled order; a look is the path
//                                     of LOOK.assets and LOOK.frame
//   host BVH THREADS --seeds COUNT    other golden leaves: as many with each of so many seeds, on one thread
//
// Prints "expected VERSION", one "leaf INDEX HASH" for each leaf in order, "version VERSION" of the golden ones and for
// each look "look NAME HASH"; of other leaves only "seed SEED VERSION".
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *tessera_session_open(int32_t bvh, uint8_t *reason);
int32_t tessera_session_add(
    void *session, const uint8_t *assets, int32_t assets_count, const uint8_t *frame, int32_t frame_count, uint8_t *reason
);
int32_t tessera_golden_count(void);
int32_t tessera_look_count(void);
void *tessera_renderer_open(void *session, int32_t seed);
void tessera_renderer_close(void *renderer);
void tessera_leaf_hash(void *renderer, int32_t index, uint8_t *hash);
void tessera_version(const uint8_t *hashes, int32_t count, uint8_t *hash);
void tessera_expected_version(uint8_t *text);

static void *session;
static int32_t *order;
static int32_t count;
static uint8_t *hashes;
static atomic_int next_place;

static void *render(void *unused) {
    (void)unused;
    void *renderer = tessera_renderer_open(session, 0);
    for (;;) {
        int32_t place = atomic_fetch_add(&next_place, 1);
        if (place >= count) return NULL;
        tessera_leaf_hash(renderer, order[place], hashes + 32 * (size_t)order[place]);
    }
}

static void print_hash(const uint8_t *hash) {
    for (int i = 0; i < 32; i++) printf("%02x", hash[i]);
    printf("\n");
}

static void render_seeds(int32_t seeds) {
    uint8_t version[32];
    for (int32_t seed = 1; seed <= seeds; seed++) {
        void *renderer = tessera_renderer_open(session, seed);
        for (int32_t i = 0; i < count; i++) tessera_leaf_hash(renderer, i, hashes + 32 * (size_t)i);
        tessera_renderer_close(renderer);
        tessera_version(hashes, count, version);
        printf("seed %d ", seed);
        print_hash(version);
    }
}

// The bytes of a file, at most two gigabytes; ends the program where there is none.
static uint8_t *read_file(const char *look, const char *suffix, int32_t *size) {
    char path[4096];
    snprintf(path, sizeof path, "%s%s", look, suffix);
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    long length = ftell(file);
    uint8_t *bytes = length > 0 && length <= INT32_MAX ? malloc((size_t)length) : NULL;
    rewind(file);
    if (!bytes || fread(bytes, 1, (size_t)length, file) != (size_t)length) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    fclose(file);
    *size = (int32_t)length;
    return bytes;
}

static void add_look(const char *look) {
    int32_t assets_count, frame_count;
    char reason[256] = "";
    uint8_t *assets = read_file(look, ".assets", &assets_count);
    uint8_t *frame = read_file(look, ".frame", &frame_count);
    if (!tessera_session_add(session, assets, assets_count, frame, frame_count, (uint8_t *)reason)) {
        fprintf(stderr, "the core refuses %s: %s\n", look, reason);
        exit(1);
    }
    free(assets);
    free(frame);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: host BVH THREADS [LOOK... | --seeds COUNT]\n");
        return 64;
    }
    int is_seeds = argc == 5 && !strcmp(argv[3], "--seeds");
    int looks = is_seeds ? 0 : argc - 3;
    int threads = atoi(argv[2]);
    int32_t golden = tessera_golden_count();
    count = golden + looks * tessera_look_count();
    if (threads < 1 || threads > 16 || count < 1) return 64;
    char reason[256] = "";
    session = tessera_session_open(atoi(argv[1]), (uint8_t *)reason);
    if (!session) {
        fprintf(stderr, "the core refuses the golden scene: %s\n", reason);
        return 1;
    }
    for (int i = 0; i < looks; i++) add_look(argv[3 + i]);
    hashes = calloc((size_t)count, 32);
    order = calloc((size_t)count, sizeof *order);
    if (!hashes || !order) return 1;
    if (is_seeds) {
        render_seeds(atoi(argv[4]));
        return 0;
    }
    for (int32_t i = 0; i < count; i++) order[i] = i;
    if (threads > 1) {
        uint32_t state = 12345;
        for (int32_t i = count - 1; i > 0; i--) {
            state = state * 1664525u + 1013904223u;
            int32_t j = (int32_t)((state >> 8) % (uint32_t)(i + 1));
            int32_t swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
    }
    // Swift needs more stack than some systems give to a second thread.
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 8 << 20);
    pthread_t workers[16];
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&workers[i], &attributes, render, NULL)) return 1;
    }
    for (int i = 0; i < threads; i++) pthread_join(workers[i], NULL);

    char expected[65] = "";
    tessera_expected_version((uint8_t *)expected);
    printf("expected %s\n", expected);
    for (int32_t i = 0; i < count; i++) {
        printf("leaf %d ", i);
        print_hash(hashes + 32 * (size_t)i);
    }
    uint8_t version[32];
    tessera_version(hashes, golden, version);
    printf("version ");
    print_hash(version);
    for (int i = 0; i < looks; i++) {
        const char *slash = strrchr(argv[3 + i], '/');
        tessera_version(hashes + 32 * (size_t)(golden + i * tessera_look_count()), tessera_look_count(), version);
        printf("look %s ", slash ? slash + 1 : argv[3 + i]);
        print_hash(version);
    }
    return 0;
}
