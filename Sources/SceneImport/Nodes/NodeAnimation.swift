/// The keyframes of a document.
struct NodeAnimation: Sendable {
    /// What moves at one node.
    struct Tracks: Sendable {
        var translation: Keyframes?
        var rotation: Keyframes?
        var scale: Keyframes?
        var weights: Keyframes?
        var visible: Keyframes?
    }

    /// What changes at a material.
    struct MaterialTrack: Sendable {
        var property: MaterialProperty
        var keyframes: Keyframes
    }

    /// Tracks by node number.
    fileprivate(set) var tracks: [Int: Tracks] = [:]
    /// Tracks of cameras and lights.
    fileprivate(set) var others: [AnimatedProperty: Keyframes] = [:]
    /// Tracks by number of material.
    fileprivate(set) var materials: [Int: [MaterialTrack]] = [:]
    /// Seconds until the last key of all animations in use.
    fileprivate(set) var duration = 0.0
    /// What is moved and not read, each once.
    fileprivate(set) var unread: [String] = []
    /// Names of animations that move what an earlier one moves, and are therefore left out.
    fileprivate(set) var alternatives: [String] = []
    /// The name of the first animation.
    fileprivate(set) var firstName: String?

    /// The most properties that are named in notes.
    fileprivate static let unreadMax = 16

    /// Reads all animations; of several that move the same property of a thing, the first one counts.
    init(_ document: GLTF.Document, accessors: AccessorReader, limits: ImportLimits) throws(ImportError) {
        var reader = AnimationReader(document: document, accessors: accessors, valuesLeft: limits.maxKeyframeValues)
        var taken: Set<AnimatedProperty> = []
        for (index, animation) in (document.animations ?? []).enumerated() {
            let name = animation.name.map { " \"\(ResourceLoader.shortened($0))\"" } ?? ""
            let place = "animation \(index)\(name)"
            if index == 0 { reader.result.firstName = place }
            let properties = Set(animation.channels.compactMap { AnimatedProperty($0.target) })
            guard properties.isDisjoint(with: taken) else {
                reader.result.alternatives.append(place)
                continue
            }
            taken.formUnion(properties)
            do throws(ImportError) {
                for channel in animation.channels { try reader.add(channel, of: animation) }
            } catch {
                throw error.located(at: place)
            }
        }
        self = reader.result
    }

    fileprivate init() {}
}

/// Collects the keyframes of a document.
private struct AnimationReader {
    let document: GLTF.Document
    let accessors: AccessorReader
    /// Keyframe values that may still be read.
    var valuesLeft: Int
    var result = NodeAnimation()

    mutating func add(
        _ channel: GLTF.Animation.Channel,
        of animation: GLTF.Animation
    ) throws(ImportError) {
        guard let property = AnimatedProperty(channel.target) else {
            self.leave(channel.target)
            return
        }
        try self.check(property)
        if case .material(let index, let change) = property, var material = self.document.materials?[index],
            !change.set(.zero, in: &material)
        {
            self.leave(channel.target)
            return
        }
        guard let sampler = animation.samplers[checked: channel.sampler] else {
            throw ImportError(.malformed, "a channel names sampler \(channel.sampler), which does not exist")
        }
        let keyframes: Keyframes
        do throws(ImportError) {
            keyframes = try self.keyframes(sampler, of: property)
        } catch {
            throw error.located(at: "sampler \(channel.sampler)")
        }
        switch property {
        case .node(let node, .translation): self.result.tracks[node, default: .init()].translation = keyframes
        case .node(let node, .rotation): self.result.tracks[node, default: .init()].rotation = keyframes
        case .node(let node, .scale): self.result.tracks[node, default: .init()].scale = keyframes
        case .node(let node, .weights): self.result.tracks[node, default: .init()].weights = keyframes
        case .node(let node, .visible): self.result.tracks[node, default: .init()].visible = keyframes
        case .meshWeights(let mesh):
            for (number, node) in (self.document.nodes ?? []).enumerated()
            where node.mesh == mesh && node.weights == nil {
                if self.result.tracks[number]?.weights != nil { continue }
                self.result.tracks[number, default: .init()].weights = keyframes
            }
        case .camera, .light: self.result.others[property] = keyframes
        case .material(let index, let change):
            self.result.materials[index, default: []].append(.init(property: change, keyframes: keyframes))
        }
        self.result.duration = max(self.result.duration, Double(keyframes.times[keyframes.times.count - 1]))
    }

    /// Notes what is not read.
    private mutating func leave(_ target: GLTF.Animation.Target) {
        let what =
            target.extensions?.pointer.map { ResourceLoader.shortened($0.pointer) }
            ?? "\"\(ResourceLoader.shortened(target.path))\"" + (target.node.map { " of node \($0)" } ?? "")
        if !self.result.unread.contains(what), self.result.unread.count < NodeAnimation.unreadMax {
            self.result.unread.append(what)
        }
    }

    /// Refuses what does not exist.
    private func check(_ property: AnimatedProperty) throws(ImportError) {
        let (name, index, count) =
            switch property {
            case .node(let index, _): ("node", index, (self.document.nodes ?? []).count)
            case .meshWeights(let index): ("mesh", index, (self.document.meshes ?? []).count)
            case .camera(let index, _): ("camera", index, (self.document.cameras ?? []).count)
            case .light(let index, _): ("light", index, (self.document.extensions?.lightsPunctual?.lights ?? []).count)
            case .material(let index, _): ("material", index, (self.document.materials ?? []).count)
            }
        guard (0 ..< count).contains(index) else {
            throw ImportError(.malformed, "a channel moves \(name) \(index), and the file has \(count)")
        }
    }

    private mutating func keyframes(
        _ sampler: GLTF.Animation.Sampler,
        of property: AnimatedProperty
    ) throws(ImportError) -> Keyframes {
        let name = sampler.interpolation ?? "LINEAR"
        guard let interpolation = Keyframes.Interpolation(rawValue: name) else {
            throw ImportError(
                .malformed,
                "it interpolates by \"\(ResourceLoader.shortened(name))\", which is none of glTF's ways"
            )
        }
        let keys = try self.accessors.count(of: sampler.input)
        let values = try self.accessors.count(of: sampler.output)
        let perKey = interpolation == .cubicSpline ? 3 : 1
        let (elements, overflow) = keys.multipliedReportingOverflow(by: perKey)
        // Of morph weights each key has as many elements as there are targets.
        let isSound = property.shape == nil ? keys > 0 && values % max(elements, 1) == 0 : values == elements
        guard keys > 0, !overflow, values > 0, isSound else {
            throw ImportError(.malformed, "it has \(keys) times, and \(values) values do not fit")
        }
        guard values <= self.valuesLeft / 5 else {
            throw ImportError(
                .tooLarge,
                "the file's animations have too many keyframes: resample them",
                limit: .keyframes
            )
        }
        self.valuesLeft -= values * 5
        let times = try self.accessors.floats(sampler.input, shape: .scalar)
        for i in 1 ..< max(times.count, 1) where times[i] < times[i - 1] {
            throw ImportError(.malformed, "its times fall at key \(i)")
        }
        let shape = property.shape ?? .scalar
        let isRotation = if case .node(_, .rotation) = property { true } else { false }
        return Keyframes(
            times: times,
            values: try self.accessors.floats(sampler.output, shape: shape),
            width: property.shape?.count ?? values / elements,
            interpolation: interpolation,
            isRotation: isRotation
        )
    }
}
