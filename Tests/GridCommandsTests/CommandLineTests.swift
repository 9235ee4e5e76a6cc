import ArgumentParser
import GridCommands
import Testing

/// What the parser makes of command lines; nothing is run.
struct CommandLineTests {
    /// The exit code of a command line that is only parsed; 0 when it is accepted.
    private func exitCode(_ line: String) -> Int32 {
        do {
            _ = try Tessera.parseAsRoot(line.split(separator: " ").map(String.init))
            return 0
        } catch {
            return Tessera.exitCode(for: error).rawValue
        }
    }

    @Test(arguments: [
        "render shot.glb -o out.png",
        "render shot.glb -o frame.####.exr --frames 1-48 --size 1920x1080 --spp 512 --depth 12 --seed 9",
        "render shot.glb -o out.png --camera hero --env sky.hdr --fps 25 --threads 4 --exposure 1.5 --view standard",
        "render shot.glb -o out.png --sky 0.5,0.6,1e2 --json --quiet",
        "render shot.glb -o out.png --shutter 180",
        "render shot.glb -o out.exr --layers albedo,normal,depth,object,material,samples",
        "render shot.glb -o frames/ --scene night --variant wet --bits 16 --exr-sample half --exr-compression dwaa --denoise",
        "render shot.glb -o out.png --limit triangles=2000000000 --limit json-depth=9 --memory 0.5",
        "submit shot.glb --limit texels=1",
        "node",
        "node --listen 127.0.0.1:0 --peer 192.0.2.7:7877 --peer /ip4/192.0.2.8/tcp/1 --dashboard off --no-lan",
        "node --listen [::1]:7877 --dashboard 0 --data /tmp/x --grid film --threads 2 --quota 1.5 --no-render -v",
        "node --memory 2.5",
        "submit shot.glb --frames 1-8 --to 192.0.2.7:7877 -o out/",
        "submit shot.glb --title dragon",
        "submit shot.glb --denoise --layers albedo,object,guides -o out/",
        "fetch 0123abcd -o out/ --denoise --layers depth",
        "submit --shots shots.csv -o film --size 1920x1080 --spp 512 --priority 2",
        "submit shot.glb --priority 3 --deadline 90m",
        "fetch 0123abcd -o out/ --now",
        "fetch 0123abcd -o out/ --video film.mp4 --fps 23.976",
        "render shot.glb -o out/ --video film.mp4",
        "sheet frames/ a.png b.exr -o sheet.png --columns 6 --width 320 --exposure 1 --view standard",
        "video frames/ more/ -o film.mp4 --fps 25",
        "order 0123abcd --pause",
        "order 0123abcd --resume --priority 0 --deadline none --json",
        "order 0123abcd --deadline 2099-12-01T18:00:00Z",
        "simulate --film --work 0.1",
        "simulate --scenario storm.json --csv",
        "jobs --json",
        "watch",
        "watch 0123ABCD",
        "peers",
        "stats --data /tmp/x",
        "demo --output demo",
        "simulate --nodes 20 --saboteurs 2 --storm 60 --seeds 3 --json",
        "keys",
        "keys show --json",
        "examples",
        "examples write leviathan -o x.glb",
        "examples render lava --size 320x180 --spp 16 -o pictures",
        "examples render --all",
        "render shot.glb -o out.png --noise 0.02 --filter box",
        "golden --json",
    ])
    func `a sensible command line is accepted`(line: String) {
        #expect(self.exitCode(line) == 0)
    }

    @Test(arguments: [
        "render",
        "render shot.glb",
        "render shot.glb -o out.png --size 0x10",
        "render shot.glb -o out.png --bits 12",
        "render shot.glb -o out.png --noise 0",
        "render shot.glb -o out.png --noise nan",
        "submit shot.glb --noise 0.05",
        "submit",
        "submit shot.glb --shots shots.csv",
        "submit --shots shots.csv -o film.####.exr",
        "submit shot.glb --priority 4",
        "submit shot.glb --video film.mp4",
        "submit --shots shots.csv -o film --video film.mp4",
        "fetch 0123abcd -o out/ --fps 0",
        "render shot.glb -o out/ --video film.avi",
        "sheet -o sheet.png",
        "sheet frames/",
        "sheet frames/ -o sheet.jpg",
        "sheet frames/ -o sheet.png --columns 0",
        "sheet frames/ -o sheet.png --width 9999",
        "video frames/ -o film.webm",
        "video frames/ -o film.mp4 --fps inf",
        "submit shot.glb --deadline tomorrow",
        "submit shot.glb --deadline -8h",
        "submit shot.glb --deadline 2001-12-01T18:00:00Z",
        "submit shot.glb --deadline 1e300d",
        "order 0123abcd",
        "order 0123abcd --pause --cancel",
        "simulate --json --csv",
        "render shot.glb -o out.exr --layers albedo,normals",
        "render shot.glb -o out.exr --exr-compression jpeg",
        "render shot.glb -o out.png --size 640",
        "render shot.glb -o out.png --size 99999x10",
        "render shot.glb -o out.png --spp 0",
        "render shot.glb -o out.png --spp 65537",
        "render shot.glb -o out.png --spp many",
        "render shot.glb -o out.png --depth 65",
        "render shot.glb -o out.png --frames 0",
        "render shot.glb -o out.png --frames 8-1",
        "render shot.glb -o out.png --frames 1-",
        "render shot.glb -o out.png --frames 1-100001",
        "render shot.glb -o out.png --seed -1",
        "render shot.glb -o out.png --sky 1,2",
        "render shot.glb -o out.png --sky 1,2,-3",
        "render shot.glb -o out.png --sky 1,2,nan",
        "render shot.glb -o out.png --sky 1,2,3 --env sky.hdr",
        "render shot.glb -o out.png --fps 0",
        "render shot.glb -o out.png --fps inf",
        "render shot.glb -o out.png --shutter 361",
        "render shot.glb -o out.png --shutter -1",
        "render shot.glb -o out.png --shutter nan",
        "render shot.glb -o out.png --threads 0",
        "render shot.glb -o out.png --exposure 21",
        "render shot.glb -o out.png --view pretty",
        "node --listen 127.0.0.1",
        "node --listen :7877",
        "node --listen 127.0.0.1:65536",
        "node --peer nonsense",
        "node --dashboard sometimes",
        "node --quota 0",
        "node --memory 0",
        "render shot.glb -o out.png --memory 0",
        "render shot.glb -o out.png --limit triangles",
        "render shot.glb -o out.png --limit triangles=0",
        "render shot.glb -o out.png --limit leaves=9",
        "node --memory nan",
        "submit shot.glb --to 192.0.2.7",
        "fetch xyz -o out/",
        "fetch 0123abcd",
        "watch 12",
        "simulate --nodes 1",
        "simulate --jobs 0",
        "simulate --storm -1",
        "examples write nothing",
        "examples render nothing",
        "nonsense",
        "render shot.glb -o out.png --nonsense",
    ])
    func `a wrong command line is refused with 64`(line: String) {
        #expect(self.exitCode(line) == 64)
    }

    @Test(arguments: [
        ("render shot.glb -o out.exr --layers albedo,normals", ["\"normals\"", "normal", "samples", "guides"]),
        ("render shot.glb -o out.png --limit leaves=9", ["\"leaves\"", "triangles", "texels", "json-depth"]),
        ("render shot.glb -o out.png --limit texels=many", ["above zero"]),
    ])
    func `a wrong word is answered with those that there are`(line: String, words: [String]) throws {
        let error = try #require(throws: (any Error).self) {
            try Tessera.parseAsRoot(line.split(separator: " ").map(String.init))
        }
        let message = Tessera.fullMessage(for: error)
        for word in words { #expect(message.contains(word), "\(message)") }
    }

    @Test(arguments: [
        "render", "node", "submit", "fetch", "jobs", "watch", "peers", "stats", "demo", "simulate", "keys", "examples",
        "golden", "sheet", "video",
    ])
    func `the help of each command begins with its simplest call`(command: String) throws {
        let help = Tessera.fullMessage(for: try #require(self.helpRequest(command)))
        #expect(help.contains("\ntessera \(command)"))
        #expect(!help.contains("TODO"))
    }

    private func helpRequest(_ command: String) -> (any Error)? {
        do {
            // Asked for help, the parser gives a command that prints it.
            var help = try Tessera.parseAsRoot([command, "--help"])
            try help.run()
            return nil
        } catch {
            return error
        }
    }
}
