/// Waits until the condition holds; gives up after many short waits.
func eventually(_ condition: () -> Bool) async throws -> Bool {
    for _ in 0 ..< 2_000 {
        if condition() { return true }
        try await Task.sleep(for: .milliseconds(5))
    }
    return false
}
