import CSpawnShim
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A process that this one started, and ends.
///
/// It inherits no descriptor but the three that it is given, and no blocked or ignored signal. With ``Input/pipe`` its
/// standard input closes when this process ends, however it ends, so that a child that watches it never outlives its
/// parent.
///
/// @unchecked Sendable is sound: what never changes is constant, and what changes lies behind a lock.
package final class ChildProcess: @unchecked Sendable {
    /// What the process reads as its standard input.
    package enum Input: Sendable {
        /// Nothing.
        case null
        /// What ``ChildProcess/write(_:)`` gives it, until ``ChildProcess/closeInput()``.
        case pipe
        /// An open file, from where it stands. It stays the caller's.
        case descriptor(CInt)
    }

    /// Where the process's standard output, or its standard error, goes.
    package enum Output: Sendable {
        /// Nowhere.
        case null
        /// To the end of the file, which is made if it is not there.
        case file(String)
        /// To this process, which reads it from ``ChildProcess/outputDescriptor``; for standard output alone.
        case pipe
        /// To an open file. It stays the caller's.
        case descriptor(CInt)
    }

    private struct State {
        /// The end that is written to, -1 once it is closed.
        var input: CInt
        var exitStatus: Int32?
    }

    /// The process id.
    package let processID: Int32
    /// What the process prints, to be read.
    ///
    /// It is -1 unless the output is a pipe, and is closed with this object.
    package let outputDescriptor: CInt
    private let state: Mutex<State>

    /// Why a process could not be started.
    package struct LaunchError: Error, CustomStringConvertible {
        /// What failed, for people.
        package let description: String
    }

    /// Starts a program.
    ///
    /// - Parameter environment: its variables, `NAME=value` each; those of this process where it is nil.
    /// - Throws: ``LaunchError`` with the system's reason.
    package init(
        executable: String,
        arguments: [String],
        environment: [String]? = nil,
        input: Input = .null,
        output: Output = .null,
        errors: Output = .null
    ) throws {
        // A child that ended is an error of write, not the end of this program.
        signal(SIGPIPE, SIG_IGN)
        var (inputEnds, outputEnds): ([CInt], [CInt]) = ([-1, -1], [-1, -1])
        var isStarted = false
        defer {
            for end in [inputEnds[0], outputEnds[1]] + (isStarted ? [] : [inputEnds[1], outputEnds[0]]) where end >= 0 {
                close(end)
            }
        }
        // Closed on exec from the first moment: another thread may be starting a process just now.
        if case .pipe = input { try Self.check(spawnshim_pipe(&inputEnds) == 0 ? 0 : errno, executable) }
        if case .pipe = output { try Self.check(spawnshim_pipe(&outputEnds) == 0 ? 0 : errno, executable) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        switch input {
        case .null: posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        case .pipe: posix_spawn_file_actions_adddup2(&actions, inputEnds[0], 0)
        case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, 0)
        }
        for (target, output) in [(CInt(1), output), (2, errors)] {
            switch output {
            case .null: posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_WRONLY, 0)
            case .file(let path):
                posix_spawn_file_actions_addopen(&actions, target, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            case .pipe: posix_spawn_file_actions_adddup2(&actions, outputEnds[1], target)
            case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, target)
            }
        }
        spawnshim_close_from(&actions, 3)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A process group of its own: Ctrl-C at the terminal reaches the parent alone, which then ends its children.
        // What this process ignores or blocks, the child does not.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for number in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)
        )
        var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = (environment ?? []).map { strdup($0) } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var processID = pid_t()
        let status =
            environment == nil
            ? posix_spawn(&processID, executable, &actions, &attributes, &words, environ)
            : posix_spawn(&processID, executable, &actions, &attributes, &words, &variables)
        try Self.check(status, executable)
        isStarted = true
        self.processID = processID
        self.outputDescriptor = outputEnds[0]
        self.state = Mutex(State(input: inputEnds[1]))
    }

    deinit {
        self.closeInput()
        if self.outputDescriptor >= 0 { close(self.outputDescriptor) }
    }

    private static func check(_ status: CInt, _ executable: String) throws {
        guard status != 0 else { return }
        throw LaunchError(description: "\(executable) cannot be started: \(String(cString: strerror(status)))")
    }

    /// Whether the process still runs.
    package var isRunning: Bool {
        self.exitStatus == nil
    }

    /// How the process ended: its exit status, or the number of the signal that ended it, negative; nil while it runs.
    package var exitStatus: Int32? {
        self.state.withLock { state in
            if let status = state.exitStatus { return status }
            var status: Int32 = 0
            guard waitpid(self.processID, &status, WNOHANG) == self.processID else { return nil }
            // The low seven bits are the signal, the next byte the exit status (wait(2), WTERMSIG and WEXITSTATUS).
            state.exitStatus = status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
            return state.exitStatus
        }
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

    /// Reads what the process prints until it closes its output; blocks until then.
    package func readToEnd() -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(self.outputDescriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// Sends a signal, unless the process has ended.
    package func send(_ signal: CInt) {
        self.state.withLock { state in
            // Nobody else waits for it, so that its number is not given away before.
            if state.exitStatus == nil { sendSignal(signal, to: self.processID) }
        }
    }

    /// Ends the process at once, and blocks until it is gone.
    package func kill() {
        self.send(SIGKILL)
        while self.isRunning { usleep(1_000) }
    }

    /// Waits for the end of the process, and gives up after a while.
    ///
    /// - Returns: Whether it has ended.
    package func waitUntilExit(within patience: Duration) async -> Bool {
        let deadline = ContinuousClock.now + patience
        while self.isRunning {
            guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return true
    }

    /// The same for callers that are not tasks; blocks.
    package func blockUntilExit(within patience: Duration) -> Bool {
        let deadline = ContinuousClock.now + patience
        while self.isRunning {
            guard ContinuousClock.now < deadline else { return false }
            usleep(2_000)
        }
        return true
    }

    /// Asks the process to stop, and kills it when it has not after a while.
    package func stop(after patience: Duration) async {
        self.send(SIGTERM)
        if await !self.waitUntilExit(within: patience) { self.kill() }
    }

    /// The processor time that the process has used so far, all threads together; nil when it is gone.
    package var cpuTime: Duration? {
        // The second field is the program's name in parentheses and may hold spaces; the 12th and 13th after it are
        // user and system time in clock ticks (proc(5)).
        guard let text = self.statistics("stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return nil }
        return .seconds(Double(user + system) / Double(sysconf(Int32(_SC_CLK_TCK))))
    }

    /// The bytes of memory that the process has in use; nil when it is gone.
    package var residentBytes: Int? {
        // Pages: total, resident, … (proc(5)).
        self.statistics("statm")?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            .map { $0 * Int(getpagesize()) }
    }

    /// The line of a file that the system keeps about the process.
    private func statistics(_ name: String) -> String? {
        guard let file = fopen("/proc/\(self.processID)/\(name)", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        return String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

// Inside of the type, `write` and `kill` would mean its own functions.
private func writeBytes(_ memory: UnsafeRawBufferPointer, to descriptor: CInt) -> Int {
    write(descriptor, memory.baseAddress, memory.count)
}

private func sendSignal(_ signal: CInt, to process: pid_t) {
    _ = kill(process, signal)
}
