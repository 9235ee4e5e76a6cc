import Foundation
import GridNode
import Testing

struct CodeMemoryTests {
    /// The bytes of files that this process has in memory.
    private func residentFileBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("RssFile:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }) << 10
    }

    @Test
    func `code that is given back is had again when it is called`() throws {
        let texts = (0 ..< 100).map { "\($0)" }
        let before = try self.residentFileBytes()
        CodeMemory.releaseUnused()
        let after = try self.residentFileBytes()
        #expect(after < before)
        #expect((0 ..< 100).map { "\($0)" } == texts)
    }
}
