import ArgumentParser
import GridNode

/// Names of the layers of OpenEXR pictures, written `albedo,normal`.
struct LayerList: ExpressibleByArgument, Hashable, Sendable {
    let layers: Set<FrameOutput.Layer>

    init?(argument: String) {
        var layers: Set<FrameOutput.Layer> = []
        for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
            guard let layer = FrameOutput.Layer(rawValue: String(name)) else { return nil }
            layers.insert(layer)
        }
        self.layers = layers
    }

    var defaultValueDescription: String {
        self.layers.map(\.rawValue).sorted().joined(separator: ",")
    }
}
