import Testing

/// Tests with whole nodes as processes, one after the other: each of them keeps all cores busy, and others beside them
/// have to wait for answers.
@Suite(.serialized)
struct ProcessTests {}
