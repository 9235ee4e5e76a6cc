import Logging

/// Where log lines go: stderr, so that stdout is data alone.
enum CommandLog {
    /// A logger of this level.
    static func logger(_ label: String, level: Logger.Level) -> Logger {
        var logger = Logger(label: label) { label in StreamLogHandler.standardError(label: label) }
        logger.logLevel = level
        return logger
    }
}
