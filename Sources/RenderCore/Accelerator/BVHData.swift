/// A bounding volume hierarchy with eight children a node.
///
/// A node is 256 bytes: for x, y and z eight lower, then eight upper planes, then eight child codes, then nothing. A code
/// with its highest bit set is a leaf block, others are nodes; a missing child has an empty box. A leaf block is 160
/// bytes: nine rows (three corners of x, y, z) of four triangles, then their four ids. The highest bit of an id says that
/// the surface has holes; a missing triangle has corners that are not numbers.
struct BVHData: BitwiseCopyable {
    static var nodeSize: Int { 256 }
    static var leafSize: Int { 160 }
    /// Marks leaves in child codes and surfaces with holes in ids.
    @inline(__always) static var flag: UInt32 { 0x8000_0000 }
    /// The most nodes on a path from the root.
    static var depthMax: Int { 96 }
    /// Seven siblings wait on each level at most.
    static var stackSize: Int { 8 * Self.depthMax }

    var nodes: UnsafeRawPointer
    var leaves: UnsafeRawPointer
    var nodeCount: Int
    var leafCount: Int
    /// By how much the box of each triangle is larger than the triangle; part of the definition of a hit.
    var padding: Float
}
