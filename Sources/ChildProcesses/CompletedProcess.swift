import CSpawnShim

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A program that was run to its end.
package struct CompletedProcess: Sendable {
    /// Its exit status, or the number of the signal that ended it, negative.
    package var status: Int32
    /// What it printed to standard output.
    package var output: [UInt8]
    /// What it printed to standard error.
    package var errors: [UInt8]

    /// Runs a program; blocks until it ends, or kills it when its time is over.
    ///
    /// Input and output lie in memory, never in pipes, so that a program that prints much before it reads does not stand
    /// still.
    ///
    /// - Throws: ``ChildProcess/LaunchError`` where it cannot be started.
    package init(
        executable: String,
        arguments: [String],
        input: [UInt8] = [],
        within patience: Duration
    ) throws {
        var files: [CInt] = []
        defer { for file in files { close(file) } }
        for name in ["input", "output", "errors"] {
            let file = spawnshim_memory_file(name)
            guard file >= 0 else {
                throw ChildProcess.LaunchError(
                    description: "\(executable) cannot be started: \(String(cString: strerror(errno)))"
                )
            }
            files.append(file)
        }
        guard pwrite(files[0], input, input.count, 0) == input.count else {
            throw ChildProcess.LaunchError(description: "\(executable) cannot be started: no memory for its input")
        }
        let process = try ChildProcess(
            executable: executable,
            arguments: arguments,
            input: .descriptor(files[0]),
            output: .descriptor(files[1]),
            errors: .descriptor(files[2])
        )
        if !process.blockUntilExit(within: patience) { process.kill() }
        self.status = process.exitStatus ?? -SIGKILL
        self.output = Self.contents(of: files[1])
        self.errors = Self.contents(of: files[2])
    }

    private static func contents(of file: CInt) -> [UInt8] {
        let size = Int(lseek(file, 0, SEEK_END))
        guard size > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = max(pread(file, buffer.baseAddress, size, 0), 0)
        }
    }
}
