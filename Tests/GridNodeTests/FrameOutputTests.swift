import Foundation
import GridNode
import Testing

/// Where frames are written.
struct FrameOutputTests {
    @Test
    func `pictures of other kinds and layers without a place are refused before anything is rendered`() throws {
        let directory = try TestDirectory()
        for name in ["out.jpg", "out.####.TIFF", "a.b/shot.mp4"] {
            let error = #expect(throws: NodeError.self, "\(name)") {
                try FrameOutput(path: "\(directory.path)/\(name)").prepare()
            }
            #expect(error?.code == .invalidInput)
            #expect(!directory.holds(name))
        }
        var output = FrameOutput(path: "\(directory.path)/out.png")
        try output.prepare()
        output.layers = [.depth]
        #expect(throws: NodeError.self) { try output.prepare() }
        for name in ["out.exr", "frames", "shot.v2", "jpg", "take.jpg/out.exr"] {
            try output.at("\(directory.path)/\(name)").prepare(makesParent: true)
        }
        #expect(directory.holds("frames") && directory.holds("shot.v2"))
    }
}

extension TestDirectory {
    fileprivate func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(self.path)/\(name)") }
}
