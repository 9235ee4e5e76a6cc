/// The keyframes that move nodes.
struct NodeAnimation {
    enum Property: String {
        case translation
        case rotation
        case scale
        case weights
    }

    /// What moves at one node.
    struct Tracks {
        var translation: Keyframes?
        var rotation: Keyframes?
        var scale: Keyframes?
    }

    /// Tracks by node number.
    private(set) var tracks: [Int: Tracks] = [:]
    /// Seconds until the last key of all animations in use.
    private(set) var duration = 0.0
    private(set) var hasWeights = false
    /// Names of animations that move what an earlier one moves, and are therefore left out.
    private(set) var alternatives: [String] = []
    /// The name of the first animation.
    private(set) var firstName: String?

    /// Reads all animations; of several that move the same property of a node, the first one counts.
    init(_ document: GLTF.Document, accessors: AccessorReader, limits: ImportLimits) throws(ImportError) {
        var valuesLeft = limits.maxKeyframeValues
        var taken: Set<Slot> = []
        for (index, animation) in (document.animations ?? []).enumerated() {
            let name = animation.name.map { " \"\(ResourceLoader.shortened($0))\"" } ?? ""
            let place = "animation \(index)\(name)"
            if index == 0 { self.firstName = place }
            let slots = Set(animation.channels.compactMap { Slot($0) })
            guard slots.isDisjoint(with: taken) else {
                self.alternatives.append(place)
                continue
            }
            taken.formUnion(slots)
            do throws(ImportError) {
                for channel in animation.channels {
                    try self.add(channel, of: animation, document, accessors, &valuesLeft)
                }
            } catch {
                throw error.located(at: place)
            }
        }
    }

    private struct Slot: Hashable {
        var node: Int
        var path: String

        init?(_ channel: GLTF.Animation.Channel) {
            guard let node = channel.target.node else { return nil }
            self.node = node
            self.path = channel.target.path
        }
    }

    private mutating func add(
        _ channel: GLTF.Animation.Channel,
        of animation: GLTF.Animation,
        _ document: GLTF.Document,
        _ accessors: AccessorReader,
        _ valuesLeft: inout Int
    ) throws(ImportError) {
        // A channel without a node is for an extension; unknown paths are too.
        guard let node = channel.target.node, let property = Property(rawValue: channel.target.path) else { return }
        guard (document.nodes ?? []).indices.contains(node) else {
            throw ImportError(.malformed, "a channel moves node \(node), which does not exist")
        }
        guard let sampler = animation.samplers[checked: channel.sampler] else {
            throw ImportError(.malformed, "a channel names sampler \(channel.sampler), which does not exist")
        }
        guard property != .weights else {
            self.hasWeights = true
            return
        }
        let name = sampler.interpolation ?? "LINEAR"
        guard let interpolation = Keyframes.Interpolation(rawValue: name) else {
            throw ImportError(
                .malformed,
                "sampler \(channel.sampler) interpolates by \"\(ResourceLoader.shortened(name))\", none of glTF's ways"
            )
        }
        let shape: AccessorReader.Shape = property == .rotation ? .vector4 : .vector3
        let keys = try accessors.count(of: sampler.input)
        let perKey = interpolation == .cubicSpline ? 3 : 1
        let (elements, overflow) = keys.multipliedReportingOverflow(by: perKey)
        guard keys > 0, !overflow, try accessors.count(of: sampler.output) == elements else {
            throw ImportError(
                .malformed,
                "sampler \(channel.sampler) has \(keys) times, and its number of values does not fit"
            )
        }
        guard elements <= valuesLeft / 5 else {
            throw ImportError(.tooLarge, "the file's animations have too many keyframes: resample them")
        }
        valuesLeft -= elements * 5
        let times = try accessors.floats(sampler.input, shape: .scalar)
        for i in 1 ..< max(times.count, 1) where times[i] < times[i - 1] {
            throw ImportError(.malformed, "the times of sampler \(channel.sampler) fall at key \(i)")
        }
        let keyframes = Keyframes(
            times: times,
            values: try accessors.floats(sampler.output, shape: shape),
            width: shape.count,
            interpolation: interpolation,
            isRotation: property == .rotation
        )
        switch property {
        case .translation: self.tracks[node, default: Tracks()].translation = keyframes
        case .rotation: self.tracks[node, default: Tracks()].rotation = keyframes
        case .scale: self.tracks[node, default: Tracks()].scale = keyframes
        case .weights: break
        }
        self.duration = max(self.duration, Double(times[times.count - 1]))
    }
}
