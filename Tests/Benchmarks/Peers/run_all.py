"""Runs the whole comparison, one process after the other, pinned to one core.

Usage:
    python run_all.py --scenes DIR --out DIR --mitsuba-python PATH --blender-python PATH [--core 0]
                      [--lux-python PATH] [--small DIR] [--only s1_cornell,...] [--peers tessera,tessera-oidn,cycles,mitsuba-llvm,mitsuba-scalar,cycles-oidn,cycles-notree,luxcore,extras]
Environment: DRJIT_LIBLLVM_PATH names an LLVM shared library for Mitsuba's llvm variant (LLVM 19 for recent CPUs).
"extras" are the other ways to hold two million particles: baked octahedra, Mitsuba's native quadrics in the LLVM
variant, and (with --small, a folder with s5_monster.glb made with --particles 20000) real glTF instances.
Reference samples per pixel are set per scene so that no reference takes much over two minutes; report.py corrects
for the reference's own noise. Mitsuba's two variants are the same estimator and share the LLVM reference.
"""
import argparse
import os
import subprocess
import time

T3 = "1:16,2:16,3:16,4:64,5:64,6:64,7:256"
#        scene          cycles ref  tests                       llvm ref  llvm tests  scalar tests
PLAN = {
    "s1_cornell": (1024, T3, 4096, T3, "1:16,2:16,3:16,4:64"),
    "s2_metal": (1024, T3, 2048, T3, "1:16,2:16,3:16,4:64"),
    "s4_manylights": (256, "1:16,2:16,3:16,4:64", 768, T3, "1:16,2:16,4:64"),
    "s6_water": (512, "1:16,2:16,3:16,4:64,7:256", 1024, T3, "1:16,2:16,3:16,4:64"),
    # the two-million-particle scene: native spheres (Cycles point cloud, Mitsuba ellipsoids in the scalar variant)
    "s5_monster": (1024, "1:16,2:16,3:16,4:64,7:256", 0, "", "0:512,1:16,2:16,3:16,4:64"),
}

# Samples of our own references.
TESSERA_REFERENCE = {"s1_cornell": 4096, "s2_metal": 2048, "s4_manylights": 1024, "s5_monster": 1024, "s6_water": 1024}


def run(a, scene, mod, tag, extra, runs, limit=1500):
    py = {"cycles": a.blender_python, "mitsuba": a.mitsuba_python, "lux": a.lux_python, "tessera": a.mitsuba_python}[mod]
    t = time.time()
    try:
        r = subprocess.run(["taskset", "-c", a.core, py, os.path.join(os.path.dirname(os.path.abspath(__file__)), f"bench_{mod}.py"),
                            "--scene", scene, "--scenes", a.scenes, "--out", a.out, "--tag", tag, "--runs", runs, *extra],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=limit)
        rc, err = r.returncode, r.stderr.decode(errors="replace")[-600:]
    except subprocess.TimeoutExpired:
        rc, err = "timeout", ""
    print(scene, tag, "rc", rc, round(time.time() - t, 1), "s", flush=True)
    if rc and mod != "lux":  # pyluxcore aborts while the interpreter shuts down, after all results are written
        print(err, flush=True)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    for k in ("scenes", "out", "mitsuba-python", "blender-python"):
        ap.add_argument("--" + k, required=True)
    ap.add_argument("--lux-python")
    ap.add_argument("--tessera", help="the program to measure, such as .build/release/tessera")
    ap.add_argument("--tessera-tag", default="tessera")
    ap.add_argument("--tessera-extra", default="", help="more options of tessera render")
    ap.add_argument("--small")
    ap.add_argument("--core", default="0")
    ap.add_argument("--only", default=",".join(PLAN))
    ap.add_argument("--peers", default="tessera,tessera-oidn,cycles,mitsuba-llvm,mitsuba-scalar,cycles-oidn,cycles-notree,luxcore,extras")
    a = ap.parse_args()
    peers = a.peers.split(",")
    for s in a.only.split(","):
        cref, ct, lref, lt, st = PLAN[s]
        opt = ["--opt", "points"] if s == "s5_monster" else []
        jobs = []  # (script, tag, options, runs)
        if "tessera" in peers and a.tessera:
            jobs.append(("tessera", a.tessera_tag, ["--tessera", a.tessera, "--extra", a.tessera_extra], f"{T3},0:{TESSERA_REFERENCE[s]}"))
        if "tessera-oidn" in peers and a.tessera:
            extra = a.tessera_extra + " --denoise"
            jobs.append(("tessera", "tessera-oidn", ["--tessera", a.tessera, "--extra", extra], "1:1,1:2,1:4,1:8,1:12,1:16,1:24"))
        if "mitsuba-llvm" in peers and lt:
            jobs.append(("mitsuba", "mitsuba-llvm", ["--variant", "llvm_ad_rgb"], f"{lt},0:{lref}"))
        if "mitsuba-scalar" in peers:
            jobs.append(("mitsuba", "mitsuba-scalar", ["--variant", "scalar_rgb"], st))
        if "cycles" in peers:
            jobs.append(("cycles", "cycles", opt, f"{ct},0:{cref}"))
        if "cycles-oidn" in peers:
            jobs.append(("cycles", "cycles-oidn", ["--opt", ",".join(["oidn"] + opt[1:])], "1:16"))
        if "cycles-notree" in peers and s == "s4_manylights":
            jobs.append(("cycles", "cycles-notree", ["--opt", "nolighttree"], "1:16,2:16"))
        if "luxcore" in peers and a.lux_python and s != "s5_monster":
            jobs.append(("lux", "luxcore", [], "1:16,2:16,4:64,0:192"))
        for j in jobs:
            run(a, s, *j)
    if "extras" in peers:
        b = "s5_monster_baked"
        run(a, "s5_monster", "mitsuba", "mitsuba-llvm-quadrics", ["--variant", "llvm_ad_rgb"], "1:16,2:16")
        run(a, b, "mitsuba", "mitsuba-llvm", ["--variant", "llvm_ad_rgb"], "1:16,2:16,4:64,0:256")
        run(a, b, "mitsuba", "mitsuba-scalar", ["--variant", "scalar_rgb"], "1:16,2:16")
        run(a, b, "cycles", "cycles", [], "1:16")
        if a.lux_python:
            run(a, b, "lux", "luxcore", [], "1:16,2:16,0:128")
        if a.small:
            d = argparse.Namespace(**{**vars(a), "scenes": a.small})
            run(d, "s5_monster", "cycles", "cycles-gltf-instances-small", [], "1:16")
            run(d, "s5_monster", "mitsuba", "mitsuba-scalar-instances-small", ["--variant", "scalar_rgb", "--opt", "instances"], "1:16")
            run(d, "s5_monster", "mitsuba", "mitsuba-llvm-instances-small", ["--variant", "llvm_ad_rgb", "--opt", "instances"], "1:16")
