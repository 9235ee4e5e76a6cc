import RenderCore
import Synchronization

/// The meshes of a document, of which those that are outlines are read again when they are asked for.
///
/// `@unchecked Sendable` is sound: the reader, which remembers what it decoded last, is used under the lock alone.
final class MeshSources: @unchecked Sendable {
    private let lock = Mutex(())
    private var builder: MeshBuilder

    init(_ builder: MeshBuilder) {
        self.builder = builder
    }

    /// A whole mesh by its number.
    func mesh(_ number: Int) throws(ImportError) -> Mesh {
        let result: Result<Mesh, ImportError> = self.lock.withLock { _ in
            do throws(ImportError) {
                return .success(try self.builder.whole(number))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
