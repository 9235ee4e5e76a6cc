import Foundation
import GridCommands
import GridNode
import Testing

/// Lists of shots.
struct ShotListTests {
    private let now = Date(timeIntervalSince1970: 1_000)

    private func list(_ text: String) throws -> [ShotList.Entry] {
        try ShotList(Array(text.utf8), named: "film.csv", directory: "film/", now: self.now) { file in
            file.hasSuffix("reef.glb") || file.hasSuffix(".hdr")
        }.entries
    }

    private func message(_ text: String) throws -> String {
        let error = try #require(#expect(throws: NodeError.self) { try self.list(text) })
        return error.message
    }

    @Test
    func `each column lands where it belongs, and an empty field leaves the choice to the command line`() throws {
        let entries = try self.list(
            """
            shot,file,frames,camera,scene,variant,env,size,samples,fps,seed,priority,deadline,output
            a_010,reef.glb,1-48,"wide, left",day,wet,sky.hdr,1920x1080,512,23.976,7,3,90s,beauty.####.exr
            a_020,/assets/reef.glb,,,,,,,,,,,,
            """
        )
        var first = ShotList.Entry()
        (first.shot, first.file) = ("a_010", "film/reef.glb")
        first.frames = 1 ... 48
        (first.camera, first.scene, first.variant) = ("wide, left", "day", "wet")
        first.environment = "film/sky.hdr"
        (first.width, first.height, first.samples) = (1_920, 1_080, 512)
        (first.framesPerSecond, first.seed, first.priority) = (23.976, 7, 3)
        first.deadline = 1_090_000
        first.output = "beauty.####.exr"
        var second = ShotList.Entry()
        (second.shot, second.file) = ("a_020", "/assets/reef.glb")
        #expect(entries == [first, second])
    }

    @Test(arguments: [
        ("", "film.csv lists no shot"),
        ("shot,file\n", "film.csv lists no shot"),
        ("shot;file\na;reef.glb", "film.csv:1:1: the columns are not separated by commas"),
        ("shot,file,lens\na,reef.glb,50", "film.csv:1:11: there is no column \"lens\""),
        ("shot,file,shot\na,reef.glb,b", "film.csv:1:11: the column shot is there twice"),
        ("shot,frames\na,1", "film.csv:1:1: the column file is missing"),
        ("shot,file\n,reef.glb", "film.csv:2:1: shot is empty; it needs a name"),
        ("shot,file\na,", "film.csv:2:3: file is empty; it needs the path"),
        ("shot,file\na,none.glb", "film.csv:2:3: there is no file film/none.glb"),
        ("shot,file\n../a,reef.glb", "film.csv:2:1: shot is \"../a\"; write a name"),
        ("shot,file\n.a,reef.glb", "film.csv:2:1: shot is \".a\""),
        ("shot,file\na b,reef.glb", "film.csv:2:1: shot is \"a b\""),
        ("shot,file\na,reef.glb\nA,reef.glb", "film.csv:3:1: the shot A is there already, at 2:1"),
        ("shot,file,frames\na,reef.glb,8-1", "film.csv:2:12: frames is \"8-1\"; write first-last"),
        ("shot,file,size\na,reef.glb,640", "film.csv:2:12: size is \"640\""),
        ("shot,file,samples\na,reef.glb,0", "film.csv:2:12: samples is \"0\"; write a number of 1 to 65536"),
        ("shot,file,fps\na,reef.glb,nan", "film.csv:2:12: fps is \"nan\""),
        ("shot,file,seed\na,reef.glb,-1", "film.csv:2:12: seed is \"-1\""),
        ("shot,file,priority\na,reef.glb,4", "film.csv:2:12: priority is \"4\"; write a number of 0 to 3"),
        ("shot,file,deadline\na,reef.glb,soon", "film.csv:2:12: deadline is \"soon\""),
        ("shot,file,output\na,reef.glb,x/y.exr", "film.csv:2:12: output is \"x/y.exr\"; write a file name"),
        ("shot,file,output\na,reef.glb,frame.jpg", "film.csv:2:12: output is \"frame.jpg\""),
    ])
    func `a mistake is told with its line, column and cure, and nothing is read`(text: String, words: String) throws {
        let message = try self.message(text)
        #expect(message.hasPrefix(words), "\(message)")
    }

    @Test
    func `all mistakes of a list are told at a time, twenty at most`() throws {
        let text = "shot,file,samples\n" + (1 ... 30).map { "s\($0),reef.glb,many\n" }.joined()
        let lines = try self.message(text).split(separator: "\n")
        #expect(lines.count == 21)
        #expect(lines.last == "and 10 more")
        let error = #expect(throws: NodeError.self) { try self.list(text) }
        #expect(error?.hint?.contains("nothing was submitted") == true)
    }

    @Test
    func `a thousand shots are the most`() throws {
        func text(_ count: Int) -> String {
            "shot,file\n" + (1 ... count).map { "s\($0),reef.glb\n" }.joined()
        }
        #expect(try self.list(text(1_000)).count == 1_000)
        #expect(try self.message(text(1_001)).hasPrefix("film.csv lists 1001 shots; 1000 are the most"))
    }

    @Test
    func `fields in quotes hold commas, quotes and line breaks, and lines end as on Windows or Unix`() throws {
        let text = "\u{FEFF}a,\"b\"\r\n\"1,\"\"x\"\"\",\"two\r\nlines\"\né,last"
        let records = try CSVText(Array(text.utf8), named: "x").records
        #expect(records.map { $0.map(\.text) } == [["a", "b"], ["1,\"x\"", "two\r\nlines"], ["é", "last"]])
        #expect(records.map { $0.map { "\($0.place)" } } == [["1:1", "1:3"], ["2:1", "2:11"], ["4:1", "4:3"]])
    }

    @Test(arguments: [
        ("a,b\n1", "x:2:1: the record has 1 field, the header has 2"),
        ("a,b\n1,2,3", "x:2:5: the record has 3 fields, the header has 2"),
        ("a,b\n\n1,2", "x:2:1: the line is empty"),
        ("a\n\"b", "x:2:1: the quote that opens here is never closed"),
        ("a\n\"b\"c", "x:2:4: a quoted field goes on after its closing quote"),
        ("a\nb\"c\"", "x:2:2: a quote stands in a field that does not begin with one"),
        ("a\rb", "x:1:3: a carriage return stands alone"),
    ])
    func `a text that is not as RFC 4180 says is refused`(text: String, words: String) throws {
        let error = #expect(throws: NodeError.self) { try CSVText(Array(text.utf8), named: "x") }
        #expect(error?.message.hasPrefix(words) == true, "\(error?.message ?? "")")
        #expect(error?.hint != nil)
    }

    @Test
    func `bytes that are no text are refused, and so are too many`() {
        #expect(throws: NodeError.self) { try CSVText([0x61, 0xFF], named: "x") }
        #expect(throws: NodeError.self) { try CSVText([UInt8](repeating: 0x61, count: (8 << 20) + 1), named: "x") }
    }

    @Test
    func `what is written with quotes comes back, whatever it is`() throws {
        var generator = Seeded(state: 3)
        let alphabet: [Character] = ["a", ",", "\"", "\n", "\r\n", "é", " ", "\r"]
        for _ in 0 ..< 300 {
            let width = Int.random(in: 1 ... 4, using: &generator)
            let records = (0 ..< Int.random(in: 1 ... 5, using: &generator)).map { _ in
                (0 ..< width).map { _ in
                    String(
                        (0 ..< Int.random(in: 0 ... 6, using: &generator)).map { _ in
                            alphabet.randomElement(using: &generator) ?? "a"
                        }
                    )
                }
            }
            let lines = records.map { record in
                record.map { "\"" + $0.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }.joined(separator: ",")
            }
            let text = lines.joined(separator: "\r\n")
            // By scalars: to Swift a CR LF is one character that equals no other.
            let written = records.joined().map { Array($0.unicodeScalars) }
            let read = try CSVText(Array(text.utf8), named: "x").records.joined().map { Array($0.text.unicodeScalars) }
            #expect(read == written)
        }
    }

    @Test
    func `bytes at random and every truncation are read or refused`() {
        let whole = Array("shot,file,samples,deadline\r\na,\"reef.glb\",5,8h\r\n\"b\"\"c\",reef.glb,,\r\n".utf8)
        var generator = Seeded(state: 5)
        for round in 0 ..< 4_000 {
            var bytes = Array(whole.prefix(round < whole.count ? round : whole.count))
            if round >= whole.count {
                for _ in 0 ..< 3 {
                    bytes[Int.random(in: 0 ..< bytes.count, using: &generator)] = .random(
                        in: 0 ... 255,
                        using: &generator
                    )
                }
            }
            _ = try? ShotList(bytes, named: "x", directory: "", now: self.now) { _ in true }
        }
    }

    /// SplitMix64.
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var z = self.state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
