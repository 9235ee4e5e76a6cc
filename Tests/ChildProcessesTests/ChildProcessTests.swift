import ChildProcesses
import Foundation
import Testing

/// Programs that this one starts.
struct ChildProcessTests {
    private static let shell = "/bin/sh"
    private static let patience = Duration.seconds(30)

    private func shell(
        _ script: String,
        input: [UInt8] = [],
        within patience: Duration = patience
    ) throws
        -> CompletedProcess
    {
        try CompletedProcess(executable: Self.shell, arguments: ["-c", script], input: input, within: patience)
    }

    @Test
    func `output, errors and the exit status are told apart`() throws {
        let done = try self.shell("echo out; echo err >&2; exit 7")
        #expect(done.status == 7)
        #expect(done.output == Array("out\n".utf8))
        #expect(done.errors == Array("err\n".utf8))
    }

    @Test
    func `a program that prints much before it reads does not stand still`() throws {
        let input = [UInt8](repeating: 65, count: 1 << 20)
        let done = try self.shell("head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2; cat", input: input)
        #expect(done.status == 0)
        #expect(done.output.count == 1_000_000 + input.count)
        #expect(done.errors.count == 1_000_000)
    }

    @Test
    func `a program whose time is over is killed, which its status says`() throws {
        #expect(try self.shell("sleep 60", within: .milliseconds(50)).status == -SIGKILL)
    }

    @Test
    func `a program that cannot be started is an error that names it`() {
        let error = #expect(throws: ChildProcess.LaunchError.self) {
            try CompletedProcess(executable: "/no/such/program", arguments: [], within: Self.patience)
        }
        #expect(error?.description.contains("/no/such/program") == true)
    }

    @Test
    func `a child inherits three descriptors and no more, also those that are not closed on exec`() throws {
        let file = open("/dev/null", O_RDONLY)
        defer { close(file) }
        #expect(fcntl(file, F_GETFD) & FD_CLOEXEC == 0)
        // The listing itself opens one more.
        let done = try self.shell("ls /proc/self/fd")
        #expect(String(decoding: done.output, as: UTF8.self).split(separator: "\n") == ["0", "1", "2", "3"])
    }

    @Test
    func `a child that reads its input ends with it, and what it was told comes back`() async throws {
        let process = try ChildProcess(executable: "/bin/cat", arguments: [], input: .pipe, output: .pipe)
        #expect(process.isRunning)
        #expect(process.residentBytes ?? 0 > 0)
        #expect(process.cpuTime != nil)
        #expect(process.write(Array("a line".utf8)))
        process.closeInput()
        #expect(process.readToEnd() == Array("a line".utf8))
        #expect(await process.waitUntilExit(within: Self.patience))
        #expect(process.exitStatus == 0)
        // Nobody has the number now, or somebody else has.
        process.send(SIGKILL)
        #expect(process.exitStatus == 0)
    }

    @Test
    func `a child that does not listen to reason is killed`() async throws {
        let process = try ChildProcess(
            executable: Self.shell,
            arguments: ["-c", "trap '' TERM; echo deaf; while :; do sleep 0.01; done"],
            output: .pipe
        )
        var byte: UInt8 = 0
        #expect(read(process.outputDescriptor, &byte, 1) == 1)
        await process.stop(after: .milliseconds(50))
        #expect(process.exitStatus == -SIGKILL)
    }

    @Test
    func `a signal that this process blocks reaches its child`() async throws {
        var (blocked, before) = (sigset_t(), sigset_t())
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        let process = try ChildProcess(executable: "/bin/sleep", arguments: ["60"])
        pthread_sigmask(SIG_SETMASK, &before, nil)
        await process.stop(after: Self.patience)
        #expect(process.exitStatus == -SIGTERM)
    }

    @Test
    func `variables are those that were given, and none else`() throws {
        let path = NSTemporaryDirectory() + "tessera-child-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let process = try ChildProcess(
            executable: "/usr/bin/env",
            arguments: [],
            environment: ["ONE=1", "TWO=2"],
            output: .file(path)
        )
        #expect(process.blockUntilExit(within: Self.patience))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "ONE=1\nTWO=2\n")
    }
}
