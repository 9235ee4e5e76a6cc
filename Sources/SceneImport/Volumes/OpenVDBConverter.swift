import ChildProcesses
import Glibc

/// Turns OpenVDB files (`.vdb`) into NanoVDB, by OpenVDB's own `vdb_tool` where it is installed.
///
/// The library is large and not made for files of strangers, so it never comes into this process: the tool runs in one of
/// its own with bounds on memory, time and output, gets the file as its standard input and gives the result as its
/// standard output. No name or text of a file reaches its command line, and what it writes is read like any other file.
enum OpenVDBConverter {
    /// The largest address space of the tool, in bytes.
    private static let memoryMax = 32 << 30
    /// The most processor seconds of the tool.
    private static let secondsMax = 600
    /// The most seconds that it may take, waiting included.
    private static let patience = 1_200
    /// The largest result, in bytes.
    private static let resultMax = 16 << 30
    private static let magic: [UInt8] = [0x20, 0x42, 0x44, 0x56, 0, 0, 0, 0]

    /// Whether a file begins as OpenVDB's do.
    static func isOpenVDB(_ file: ByteView) -> Bool {
        file.starts(with: self.magic)
    }

    /// The grids of the file as a NanoVDB file.
    static func nanoVDB(_ file: ByteView) throws(ImportError) -> ByteView {
        guard let tool = self.tool() else {
            throw ImportError(
                .unsupported,
                "it is an OpenVDB file, which vdb_tool converts, and that is not installed: install it (Debian: apt install "
                    + "libopenvdb-tools), or convert the file elsewhere (vdb_tool -read a.vdb -write a.nvdb)"
            )
        }
        let (input, output, words) = (try self.scratch(), try self.scratch(), try self.scratch())
        defer { for descriptor in [input, output, words] { close(descriptor) } }
        guard file.withUnsafeBytes({ self.write($0, to: input) }), lseek(input, 0, SEEK_SET) == 0 else {
            throw ImportError(.unreadable, "there is no room for it in the directory of temporary files")
        }
        let status = try self.run(tool, input: input, output: output, words: words)
        guard status == 0 else {
            let said = self.text(of: words)
            throw ImportError(
                .malformed,
                "OpenVDB cannot read it" + (said.isEmpty ? "; it is damaged or too large" : " (\(said))")
            )
        }
        return ByteView(try MappedFile("/proc/self/fd/\(output)", maxBytes: self.resultMax))
    }

    /// Where the tool is; relative entries of the path would run whatever lies in the current directory.
    private static func tool() -> String? {
        guard let variable = getenv("PATH") else { return nil }
        return String(cString: variable).split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/vdb_tool" }
            .first { (program: String) -> Bool in access(program, X_OK) == 0 }
    }

    /// A file without a name: it is gone with its descriptor, however this process ends.
    private static func scratch() throws(ImportError) -> Int32 {
        let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        // mkstemp puts other letters in place of these.
        var name = Array("\(directory)/tessera-\(String(repeating: "X", count: 6))".utf8CString)
        let descriptor = mkstemp(&name)
        guard descriptor >= 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw ImportError(.unreadable, "no temporary file can be made in \(directory): set TMPDIR")
        }
        unlink(name)
        return descriptor
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// Runs the tool to its end, in bounds that a shell sets, and gives its exit status.
    private static func run(
        _ tool: String,
        input: Int32,
        output: Int32,
        words: Int32
    ) throws(ImportError) -> Int32 {
        // A shell counts memory in KiB and files in blocks of 512 bytes.
        let script =
            "ulimit -c 0 && ulimit -v \(self.memoryMax >> 10) && ulimit -t \(self.secondsMax) && "
            + "ulimit -f \(self.resultMax >> 9) && exec \"$0\" -quiet -read stdin.vdb -write stdout.nvdb"
        let process: ChildProcess
        do {
            process = try ChildProcess(
                executable: "/bin/sh",
                arguments: ["-c", script, tool],
                environment: ["PATH=/usr/bin:/bin", "LC_ALL=C"],
                input: .descriptor(input),
                output: .descriptor(output),
                errors: .descriptor(words)
            )
        } catch {
            throw ImportError(.unreadable, "vdb_tool cannot be started (\(error))")
        }
        guard process.blockUntilExit(within: .seconds(self.patience)) else {
            process.kill()
            throw ImportError(.unreadable, "vdb_tool did not end within \(self.patience) seconds")
        }
        return process.exitStatus ?? -1
    }

    /// The last line that the tool wrote, for people.
    private static func text(of descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return "" }
        let printed = bytes[..<count].map { (0x20 ..< 0x7f).contains($0) ? $0 : UInt8(ascii: "\n") }
        let last = printed.split(separator: UInt8(ascii: "\n")).last.map { String(decoding: $0, as: UTF8.self) }
        return ResourceLoader.shortened(last ?? "")
    }
}
