import RenderCore
import SceneImport
import Testing

/// Damaged files: an error or a shot, never a crash, never memory out of proportion.
struct DamageTests {
    /// Imports bytes and, when they still are a scene, takes a frame and encodes it.
    private func digest(_ bytes: [UInt8]) {
        guard let shot = try? ShotImporter().importShot(bytes, directory: "/nonexistent") else { return }
        _ = try? shot.assets.encoded()
        for number in [1, shot.lastFrame] {
            _ = try? shot.frame(number).encoded(for: shot.assets)
        }
    }

    @Test
    func `every truncation of a file ends well`() throws {
        let bytes = try Sample.rich()
        for count in 0 ..< bytes.count {
            let error = Sample.failure { () throws(ImportError) in
                try ShotImporter().importShot(Array(bytes.prefix(count)), directory: "/nonexistent")
            }
            #expect(error != nil, "\(count) bytes of \(bytes.count) were accepted")
        }
    }

    @Test
    func `a thousand damaged GLB files end well`() throws {
        let original = try Sample.rich()
        var random = SeededRandom(seed: 2_026)
        for _ in 0 ..< 1_000 {
            var bytes = original
            if random.unit() < 0.2 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
            for _ in 0 ... Int(random.next() % 12) where !bytes.isEmpty {
                let at = Int(random.next() % UInt64(bytes.count))
                bytes[at] ^= 1 << UInt8(random.next() % 8)
            }
            self.digest(bytes)
        }
    }

    @Test
    func `a thousand documents with strange numbers end well`() throws {
        let original = try Sample.rich()
        let size = Int(original[12]) | Int(original[13]) << 8 | Int(original[14]) << 16
        let json = Array(original[20 ..< 20 + size])
        let binary = Array(original[(28 + size)...])
        let strange = [
            "-1", "0", "1", "65536", "4294967295", "2147483648", "9223372036854775807", "1e300", "-1e300", "1e-300",
            "0.5", "null", "[]", "{}", "\"x\"", "true", "99999999999999999999999",
        ]
        var random = SeededRandom(seed: 77)
        for _ in 0 ..< 1_000 {
            var text = json
            for _ in 0 ... Int(random.next() % 3) {
                // Replace a number that begins at a random place.
                let start = Int(random.next() % UInt64(text.count))
                func isDigit(_ byte: UInt8) -> Bool { (48 ... 57).contains(byte) || byte == 46 || byte == 45 }
                guard let first = text[start...].firstIndex(where: isDigit) else { continue }
                let end = text[first...].firstIndex { !isDigit($0) } ?? text.endIndex
                let value = strange[Int(random.next() % UInt64(strange.count))]
                text.replaceSubrange(first ..< end, with: Array(value.utf8))
            }
            self.digest(GLBWriter.container(json: String(decoding: text, as: UTF8.self), binary: binary))
        }
    }

    @Test
    func `a thousand damaged glTF texts end well`() throws {
        let original = Array(
            Sample.document(
                "\"nodes\":[{\"mesh\":0,\"translation\":[1,2,3]},{\"children\":[0]}]",
                Sample.triangleMembers.replacing(
                    "{\"byteLength\":44}",
                    with: """
                        {"byteLength":44,"uri":"data:application/octet-stream;base64,\
                        AAAAAAAAAAAAAAAAAACAPwAAAAAAAAAAAAAAAAAAgD8AAAAAAAABAAIAAAA="}
                        """
                )
            ).utf8
        )
        var random = SeededRandom(seed: 5)
        for _ in 0 ..< 1_000 {
            var bytes = original
            for _ in 0 ... Int(random.next() % 6) {
                let at = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes[at] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: at)
                default: bytes.insert(UInt8(truncatingIfNeeded: random.next() % 128), at: at)
                }
            }
            self.digest(bytes)
        }
    }
}
