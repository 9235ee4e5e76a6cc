import GridCore
import GridNode
import GridWire
import PeerSession
import RenderCore
import Testing

/// What asynchronous functions may keep across a suspension.
struct AsyncFrameTests {
    /// Swift 6.3 makes the frame of an asynchronous function too small when a value in it is aligned to more than 16 bytes.
    ///
    /// LLVM lays the frame out as if it were 16, and then pads. Such a function writes over its neighbour's memory.
    @Test
    func `no value that tasks pass about is aligned to more than the frames of asynchronous functions`() {
        let alignments: [(String, Int)] = [
            ("Digest", MemoryLayout<Digest>.alignment),
            ("PeerID", MemoryLayout<PeerID>.alignment),
            ("SignedRecord", MemoryLayout<SignedRecord>.alignment),
            ("GridRecord", MemoryLayout<GridRecord>.alignment),
            ("JobManifest", MemoryLayout<JobManifest>.alignment),
            ("SceneIndex", MemoryLayout<SceneIndex>.alignment),
            ("LeaseRequest", MemoryLayout<LeaseRequest>.alignment),
            ("LeaseGrant", MemoryLayout<LeaseGrant>.alignment),
            ("StewardMessage", MemoryLayout<StewardMessage>.alignment),
            ("Ledger", MemoryLayout<Ledger>.alignment),
            ("Steward", MemoryLayout<Steward>.alignment),
            ("Worker", MemoryLayout<Worker>.alignment),
            ("NodeSnapshot", MemoryLayout<NodeSnapshot>.alignment),
            ("Multiaddr", MemoryLayout<Multiaddr>.alignment),
            ("Scene", MemoryLayout<Scene>.alignment),
            ("SubmitRequest", MemoryLayout<SubmitRequest>.alignment),
        ]
        for (name, alignment) in alignments { #expect(alignment <= 16, "\(name)") }
    }
}
