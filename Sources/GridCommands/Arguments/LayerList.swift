import ArgumentParser
import GridNode

/// Names of the layers of OpenEXR pictures, written `albedo,normal`.
struct LayerList: Hashable, Sendable {
    let layers: Set<FrameOutput.Layer>

    /// Reads them; throws `ValidationError` with the names that there are.
    init(argument: String) throws {
        var layers: Set<FrameOutput.Layer> = []
        for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
            guard let layer = FrameOutput.Layer(rawValue: String(name)) else {
                let names = FrameOutput.Layer.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("there is no layer \"\(name)\"; there are: \(names)")
            }
            layers.insert(layer)
        }
        self.layers = layers
    }
}
