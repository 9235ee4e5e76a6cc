// Renders golden leaves in WebAssembly under node and prints their hashes: host.c without threads.
//
//   node host.mjs core.wasm BVH ORDER [SEEDS]     ORDER 1: in order; 2: backwards
import { readFileSync } from "node:fs";

const [path, bvh, order, seeds] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(path), {});
const core = instance.exports;

function bytes(pointer, count) {
    // Always a new view: a memory that grew has detached the old one.
    return new Uint8Array(core.memory.buffer, pointer, count);
}

function readText() {
    return Buffer.from(bytes(text, 256)).toString("utf8").replace(/\0.*/s, "");
}

const count = core.tessera_leaf_count();
const text = core.host_allocate(256);
bytes(text, 256).fill(0);
const session = core.tessera_session_open(Number(bvh), text);
if (!session) {
    console.error(`the core refuses the golden scene: ${readText()}`);
    process.exit(1);
}
const hashes = core.host_allocate(32 * count);
const version = core.host_allocate(32);
const indices = Array.from({ length: count }, (_, i) => i);
const hex = (pointer) => Buffer.from(bytes(pointer, 32)).toString("hex");
if (seeds) {
    for (let seed = 1; seed <= Number(seeds); seed++) {
        const renderer = core.tessera_renderer_open(session, seed);
        for (const i of indices) core.tessera_leaf_hash(renderer, i, hashes + 32 * i);
        core.tessera_renderer_close(renderer);
        core.tessera_version(hashes, count, version);
        console.log(`seed ${seed} ${hex(version)}`);
    }
    process.exit(0);
}
const renderer = core.tessera_renderer_open(session, 0);
for (const i of order === "1" ? indices : [...indices].reverse()) {
    core.tessera_leaf_hash(renderer, i, hashes + 32 * i);
}

core.tessera_expected_version(text);
console.log(`expected ${readText()}`);
for (const i of indices) console.log(`leaf ${i} ${hex(hashes + 32 * i)}`);
core.tessera_version(hashes, count, version);
console.log(`version ${hex(version)}`);
