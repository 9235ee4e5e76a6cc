#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A process that this one started, and ends.
///
/// Its standard input is a pipe that nothing is written to: it closes when this process ends, however it ends, so that
/// a child that watches it never outlives its parent.
final class ChildProcess {
    /// The process id.
    let processID: pid_t
    private let input: Int32
    private var exitStatus: Int32?

    /// Why a process could not be started.
    struct LaunchError: Error, CustomStringConvertible {
        /// What failed, for people.
        let description: String
    }

    /// Starts a program; its standard output and error go to the end of a file.
    ///
    /// - Throws: ``LaunchError`` with the system's reason.
    init(executable: String, arguments: [String], logPath: String) throws {
        var pipeEnds: [Int32] = [-1, -1]
        guard pipe(&pipeEnds) == 0, fcntl(pipeEnds[0], F_SETFD, FD_CLOEXEC) == 0,
            fcntl(pipeEnds[1], F_SETFD, FD_CLOEXEC) == 0
        else {
            throw LaunchError(description: "\(executable) cannot be started: \(String(cString: strerror(errno)))")
        }
        self.input = pipeEnds[1]
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
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
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
    }

    deinit {
        close(self.input)
    }

    /// Whether the process still runs.
    var isRunning: Bool {
        guard self.exitStatus == nil else { return false }
        var status: Int32 = 0
        guard waitpid(self.processID, &status, WNOHANG) == self.processID else { return true }
        self.exitStatus = status
        return false
    }

    /// Asks the process to stop, and kills it when it has not after a while.
    func stop(after patience: Duration) async {
        guard self.isRunning else { return }
        kill(self.processID, SIGTERM)
        let deadline = ContinuousClock.now + patience
        while self.isRunning {
            if ContinuousClock.now >= deadline {
                kill(self.processID, SIGKILL)
                var status: Int32 = 0
                waitpid(self.processID, &status, 0)
                self.exitStatus = status
                return
            }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The processor time that the process has used so far, all threads together; nil when it is gone.
    var cpuTime: Duration? {
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
