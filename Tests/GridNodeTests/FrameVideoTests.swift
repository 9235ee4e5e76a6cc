import ChildProcesses
import Foundation
import GridNode
import Testing

/// Videos and contact sheets of frames.
struct FrameVideoTests {
    private static let programs = ["/usr/bin", "/usr/local/bin", "/bin"]

    /// Whether ffmpeg and ffprobe are here; says so where they are not.
    static let isFFmpegHere: Bool = {
        let names = ["ffmpeg", "ffprobe"]
        let isHere = names.allSatisfy { name in
            Self.programs.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
        }
        if !isHere { print("ffmpeg is not installed: the tests that make videos are left out (apt install ffmpeg)") }
        return isHere
    }()

    /// Renders a few frames of a small shot.
    private func frames(_ directory: TestDirectory, size: String, to output: String) async throws {
        try TestShot.write(to: "\(directory.path)/shot.gltf")
        let result = try await Program.run(
            ["render", "\(directory.path)/shot.gltf", "--size", size, "--spp", "2", "-o", output, "--quiet"],
            in: directory
        )
        try #require(result.status == 0, "\(result.errors)")
    }

    private func probe(_ path: String) throws -> [String: Any] {
        let probe = try CompletedProcess(
            executable: "/usr/bin/env",
            arguments: ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", "file:\(path)"],
            within: .seconds(60)
        )
        let answer = try #require(try JSONSerialization.jsonObject(with: Data(probe.output)) as? [String: Any])
        return try #require((answer["streams"] as? [[String: Any]])?.first)
    }

    @Test(.enabled(if: FrameVideoTests.isFFmpegHere, "ffmpeg is not installed"))
    func `a video has all frames at the shot's rate, in colours that players show, also of odd sizes`() async throws {
        let directory = try TestDirectory()
        let path = "\(directory.path)/a film: 100 %d.mp4"
        let result = try await self.render(directory, video: path)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains(path))
        let stream = try self.probe(path)
        #expect(stream["codec_name"] as? String == "h264")
        #expect(stream["pix_fmt"] as? String == "yuv420p")
        #expect(stream["r_frame_rate"] as? String == "25/1")
        #expect(stream["nb_read_frames"] as? String == "\(TestShot.frameCount)")
        #expect(stream["width"] as? Int == 66)
        #expect(stream["height"] as? Int == 50)
        let left = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.contains("partial") }
        #expect(left.isEmpty)

        // The frames that lie there make the same video once more, also those of light.
        for kind in ["png", "exr"] {
            let again = "\(directory.path)/\(kind).mp4"
            let files = (1 ... TestShot.frameCount).map { "\(directory.path)/out/frame.000\($0).\(kind)" }
            let made = try await Program.run(["video"] + files + ["--fps", "25", "-o", again, "-q"], in: directory)
            #expect(made.status == 0, "\(made.errors)")
            #expect(directory.contents("\(kind).mp4") == FileManager.default.contents(atPath: path))
        }
    }

    private func render(_ directory: TestDirectory, video: String) async throws -> Program.Result {
        try TestShot.write(to: "\(directory.path)/shot.gltf")
        return try await Program.run(
            [
                "render", "\(directory.path)/shot.gltf", "--size", "65x49", "--spp", "2", "--fps", "25", "--frames",
                "1-\(TestShot.frameCount)", "-o", "\(directory.path)/out", "--video", video, "--exr-sample", "float",
            ],
            in: directory
        )
    }

    @Test(.enabled(if: FrameVideoTests.isFFmpegHere, "ffmpeg is not installed"))
    func `frames of different sizes make no video, and the file that does not fit is named`() async throws {
        let directory = try TestDirectory()
        try await self.frames(directory, size: "32x24", to: "\(directory.path)/a/")
        try await self.frames(directory, size: "40x24", to: "\(directory.path)/b/")
        let result = try await Program.run(
            ["video", "\(directory.path)/a", "\(directory.path)/b", "-o", "\(directory.path)/film.mp4"],
            in: directory
        )
        #expect(result.status == 1)
        #expect(result.errors.contains("b/frame.0001.png has 40x24 pixels, the first frame 32x24"), "\(result.errors)")
        #expect(directory.contents("film.mp4") == nil)
    }

    @Test
    func `without ffmpeg, and where nothing can be written, it is said before anything is rendered`() throws {
        let none = #expect(throws: NodeError.self) {
            try FrameVideo(path: "/tmp/x.mp4", framesPerSecond: 24, searchPath: "/nowhere::relative")
        }
        #expect(none?.message == "ffmpeg is not installed, and a video is made by it")
        #expect(none?.hint?.contains("apt install ffmpeg") == true)
        #expect(throws: NodeError.self) { try FrameVideo(path: "x.avi", framesPerSecond: 24) }
        guard Self.isFFmpegHere else { return }
        #expect(throws: NodeError.self) { try FrameVideo(path: "/no/such/place/x.mp4", framesPerSecond: 24) }
    }

    @Test
    func `a contact sheet takes files and directories, pictures of a screen and of light`() async throws {
        let directory = try TestDirectory()
        try await self.frames(directory, size: "32x24", to: "\(directory.path)/a/")
        let result = try await Program.run(
            [
                "sheet", "\(directory.path)/a", "\(directory.path)/a/frame.0002.exr", "--columns", "5", "-o",
                "\(directory.path)/sheet.png",
            ],
            in: directory
        )
        #expect(result.status == 0, "\(result.errors)")
        let header = [UInt8](try #require(directory.contents("sheet.png")).prefix(24))
        let width = header.dropFirst(16).prefix(4).reduce(0) { (sum: Int, byte: UInt8) in sum << 8 | Int(byte) }
        // Five frames of 32 pixels on cells of 480, and six gaps of 8 (PNG: IHDR begins with the width).
        #expect(width == 5 * 488 + 8)

        let nothing = try await Program.run(
            ["sheet", "\(directory.path)/none", "-o", "\(directory.path)/sheet.png"],
            in: directory
        )
        #expect(nothing.status == 1)
        #expect(nothing.errors.contains("there is no file or directory"))
    }

    @Test
    func `the frames of a directory come in the order of their numbers, and hidden files are none`() throws {
        let directory = try TestDirectory()
        for name in ["f.10.png", "f.9.png", "f.9.exr", ".f.1.png", "notes.txt", "e.11.png", "f.png"] {
            try Data().write(to: URL(fileURLWithPath: "\(directory.path)/\(name)"))
        }
        let names = try FrameFiles.listed([directory.path]).map { String($0.dropFirst(directory.path.count + 1)) }
        #expect(names == ["e.11.png", "f.9.png", "f.10.png", "f.png"])
        #expect(throws: NodeError.self) { try FrameFiles.listed(["\(directory.path)/x"]) }
    }
}
