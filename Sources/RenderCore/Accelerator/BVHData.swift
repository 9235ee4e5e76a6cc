/// Bounding volume hierarchies with eight children a node: one over the world, and one over each mesh that is placed more
/// than once and each set of particles.
///
/// A node is 256 bytes: for x, y and z eight lower, then eight upper planes, then eight child codes, then nothing. A
/// missing child has a box in the infinite, and the code of an empty leaf: a ray that is not finite may come even there, and
/// must not go round in circles. A leaf block is 160 bytes. One of triangles has nine rows (three corners of x, y, z) of
/// four triangles, then their four ids; the highest bit of an id says that the surface has holes; a missing triangle has
/// corners that are not numbers. One of spheres has rows of eight x, y, z and radii, then eight ids; a missing sphere has
/// a radius that is not a number.
///
/// What moves while the shutter is open has boxes around all of its way, and leaves of two blocks: one for the opening,
/// one for the closing. Only meshes and particles in their own space have such leaves.
struct BVHData: BitwiseCopyable {
    static var nodeSize: Int { 256 }
    static var leafSize: Int { 160 }
    /// The leaf that nothing is in, the first of all.
    @inline(__always) static var emptyLeaf: UInt32 { ChildCode.triangles }
    /// Marks surfaces with holes in ids.
    @inline(__always) static var flag: UInt32 { 0x8000_0000 }
    /// The most nodes on a path from a root.
    static var depthMax: Int { 96 }
    /// Seven siblings wait on each level at most, in the world and in one instance.
    static var stackSize: Int { 2 * 8 * Self.depthMax }
    /// The ids of the world's triangles count through all instances; this stands in the place of one instance.
    @inline(__always) static var world: UInt32 { 0xffff_fffe }

    var nodes: UnsafeRawPointer
    var leaves: UnsafeRawPointer
    var nodeCount: Int
    var leafCount: Int
    /// The codes at which the world, the placed meshes and the sets of particles begin.
    var root: UInt32
    var meshRoots: UnsafePointer<UInt32>
    var particleRoots: UnsafePointer<UInt32>
    /// By how much the box of each triangle of the world is larger than the triangle; part of the definition of a hit.
    var padding: Float

    /// Whether the hierarchy is larger than the nearer caches.
    @inline(__always) var isLarge: Bool { self.nodeCount > 1024 }

    /// The code at which a placed instance's hierarchy begins.
    @inline(__always) func root(of instance: UnsafePointer<InstanceData>) -> UInt32 {
        instance.pointee.isParticles
            ? self.particleRoots[instance.pointee.mesh] : self.meshRoots[instance.pointee.mesh]
    }
}

/// What a child code stands for; the other bits are a number.
enum ChildCode {
    /// The upper two bits are zero for nodes.
    @inline(__always) static var kinds: UInt32 { 0xc000_0000 }
    @inline(__always) static var instance: UInt32 { 0x4000_0000 }
    @inline(__always) static var triangles: UInt32 { 0x8000_0000 }
    @inline(__always) static var spheres: UInt32 { 0xc000_0000 }
    /// Spheres that move: two blocks, for the opening and for the closing of the shutter.
    ///
    /// Cut from the numbers of spheres, so that whoever never meets a moving leaf needs to know nothing of it.
    @inline(__always) static var moving: UInt32 { 0xe000_0000 }
    /// Triangles that move, two blocks as well.
    @inline(__always) static var movingTriangles: UInt32 { 0xf000_0000 }
    /// What the numbers of leaves stay below where anything moves.
    @inline(__always) static var movingLeavesMax: Int { 1 << 28 }
}
