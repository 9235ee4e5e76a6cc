public import GridWire

/// What chunks are held for.
///
/// A chunk stays while any use pins it, and uses of one job end apart: a scene with the work on it, the pixels of a frame
/// when the submitter has them.
public enum ChunkUse: Hashable, Sendable {
    /// Rendering a job's frames, or lending their scene to those who do.
    case scene(JobID)
    /// Keeping what was rendered of a frame until its submitter has it.
    case pixels(JobID, frame: Int)
}
