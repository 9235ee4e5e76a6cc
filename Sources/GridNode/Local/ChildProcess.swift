import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A process that this one started, and ends.
///
/// Its standard input is a pipe that closes when this process ends, however it ends, so that a child that watches it
/// never outlives its parent.
///
/// @unchecked Sendable is sound: the process id never changes, and what changes lies behind a lock.
package final class ChildProcess: @unchecked Sendable {
    private struct State {
        /// The end that is written to, -1 once it is closed.
        var input: Int32
        var exitStatus: Int32?
    }

    /// The process id.
    package let processID: Int32
    private let state: Mutex<State>

    /// Why a process could not be started.
    package struct LaunchError: Error, CustomStringConvertible {
        /// What failed, for people.
        package let description: String
    }

    /// Starts a program; its standard output and error go to the end of a file.
    ///
    /// - Throws: ``LaunchError`` with the system's reason.
    package init(executable: String, arguments: [String], logPath: String) throws {
        var pipeEnds: [Int32] = [-1, -1]
        guard pipe(&pipeEnds) == 0, fcntl(pipeEnds[0], F_SETFD, FD_CLOEXEC) == 0,
            fcntl(pipeEnds[1], F_SETFD, FD_CLOEXEC) == 0
        else {
            throw LaunchError(description: "\(executable) cannot be started: \(String(cString: strerror(errno)))")
        }
        // A child that ended is an error of write, not the end of this program.
        signal(SIGPIPE, SIG_IGN)
        defer { close(pipeEnds[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipeEnds[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, logPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A process group of its own: Ctrl-C at the terminal reaches the parent alone, which then ends its children.
        // What this process ignores, the child does not.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))
        var argumentPointers: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
        argumentPointers.append(nil)
        defer { for pointer in argumentPointers { free(pointer) } }
        var processID = pid_t()
        let status = posix_spawn(&processID, executable, &actions, &attributes, argumentPointers, environ)
        guard status == 0 else {
            close(pipeEnds[1])
            throw LaunchError(description: "\(executable) cannot be started: \(String(cString: strerror(status)))")
        }
        self.processID = processID
        self.state = Mutex(State(input: pipeEnds[1]))
    }

    deinit {
        self.closeInput()
    }

    /// Whether the process still runs.
    package var isRunning: Bool {
        self.state.withLock { state in
            guard state.exitStatus == nil else { return false }
            var status: Int32 = 0
            guard waitpid(self.processID, &status, WNOHANG) == self.processID else { return true }
            state.exitStatus = status
            return false
        }
    }

    /// Whether the process ended by itself and said that all went well.
    package var hasSucceeded: Bool {
        self.state.withLock { $0.exitStatus == 0 }
    }

    /// Writes all bytes to the process's standard input; blocks until it has taken them.
    ///
    /// - Returns: Whether it took them; false when it has ended.
    package func write(_ bytes: [UInt8]) -> Bool {
        let input = self.state.withLock { $0.input }
        return bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = writeBytes(UnsafeRawBufferPointer(rebasing: buffer[done...]), to: input)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
    }

    /// Tells the process that nothing more is written.
    package func closeInput() {
        self.state.withLock { state in
            if state.input >= 0 { close(state.input) }
            state.input = -1
        }
    }

    /// Asks the process to stop, and kills it when it has not after a while.
    package func stop(after patience: Duration) async {
        guard self.isRunning else { return }
        kill(self.processID, SIGTERM)
        let deadline = ContinuousClock.now + patience
        while self.isRunning {
            if ContinuousClock.now >= deadline {
                kill(self.processID, SIGKILL)
                self.state.withLock { state in
                    var status: Int32 = 0
                    if state.exitStatus == nil, waitpid(self.processID, &status, 0) == self.processID {
                        state.exitStatus = status
                    }
                }
                return
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The processor time that the process has used so far, all threads together; nil when it is gone.
    package var cpuTime: Duration? {
        guard let file = fopen("/proc/\(self.processID)/stat", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        // The second field is the program's name in parentheses and may hold spaces; the 12th and 13th after it are
        // user and system time in clock ticks (proc(5)).
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return nil }
        return .seconds(Double(user + system) / Double(sysconf(Int32(_SC_CLK_TCK))))
    }
}

// Inside of the type, `write` would mean its own function.
private func writeBytes(_ memory: UnsafeRawBufferPointer, to descriptor: CInt) -> Int {
    write(descriptor, memory.baseAddress, memory.count)
}
