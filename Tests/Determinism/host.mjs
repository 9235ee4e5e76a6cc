// Renders golden leaves and those of looks in WebAssembly under node and prints their hashes: host.c without threads.
//
//   node host.mjs core.wasm BVH ORDER [LOOK... | --seeds COUNT]     ORDER 1: in order; 2: backwards
import { readFileSync } from "node:fs";
import { basename } from "node:path";

const [path, bvh, order, ...rest] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(path), {});
const core = instance.exports;
const seeds = rest[0] === "--seeds" ? Number(rest[1]) : 0;
const looks = seeds ? [] : rest;

function bytes(pointer, count) {
    // Always a new view: a memory that grew has detached the old one.
    return new Uint8Array(core.memory.buffer, pointer, count);
}

function readText() {
    return Buffer.from(bytes(text, 256)).toString("utf8").replace(/\0.*/s, "");
}

function refuse(what) {
    console.error(`the core refuses ${what}: ${readText()}`);
    process.exit(1);
}

function load(file) {
    const contents = readFileSync(file);
    const pointer = core.host_allocate(contents.length);
    bytes(pointer, contents.length).set(contents);
    return [pointer, contents.length];
}

const text = core.host_allocate(256);
bytes(text, 256).fill(0);
const session = core.tessera_session_open(Number(bvh), text);
if (!session) refuse("the golden scene");
for (const look of looks) {
    if (!core.tessera_session_add(session, ...load(`${look}.assets`), ...load(`${look}.frame`), text)) refuse(look);
}
const golden = core.tessera_golden_count();
const count = golden + looks.length * core.tessera_look_count();
const hashes = core.host_allocate(32 * count);
const version = core.host_allocate(32);
const indices = Array.from({ length: count }, (_, i) => i);
const hex = (pointer) => Buffer.from(bytes(pointer, 32)).toString("hex");
if (seeds) {
    for (let seed = 1; seed <= seeds; seed++) {
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
core.tessera_version(hashes, golden, version);
console.log(`version ${hex(version)}`);
looks.forEach((look, i) => {
    core.tessera_version(hashes + 32 * (golden + i * core.tessera_look_count()), core.tessera_look_count(), version);
    console.log(`look ${basename(look)} ${hex(version)}`);
});
