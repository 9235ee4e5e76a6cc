/// The names of the objects that the instances of a shot's frames belong to, and of their materials, for mattes.
///
/// The objects of all frames come first, then the materials of all frames. It travels beside the scene as chunks of its own (``SceneIndex/names``) for jobs whose frames carry the object channel.
public struct ObjectNames: Hashable, Sendable {
    /// Instances in a row that belong to objects of one name.
    public struct Run: Hashable, Sendable {
        /// The name, at most ``ObjectNames/nameSizeMax`` bytes of UTF-8.
        public var name: String
        /// The number of instances, from 1.
        public var count: Int
    }

    /// The longest name in bytes of UTF-8; longer ones are cut.
    public static let nameSizeMax = 1_024
    /// The most instances of a frame.
    public static let instancesMax = 1 << 28
    /// The most bytes of encoded names.
    public static let encodedSizeMax = 64 << 20

    /// The names of the instances of frames, in their order; frames with equal ones share an entry.
    public private(set) var lists: [[Run]] = []
    /// The entry of each frame.
    public private(set) var frames: [Int] = []

    /// Creates names of no frames.
    public init() {}

    /// Adds the next frame: the name of each of its instances, by object, or by material after the last frame's objects.
    public mutating func append(_ names: [String]) {
        var runs: [Run] = []
        for name in names {
            if runs.last?.name == name {
                runs[runs.count - 1].count += 1
            } else {
                runs.append(Run(name: name, count: 1))
            }
        }
        // Most often it is the last one's.
        let known = self.lists.lastIndex(of: runs)
        if known == nil { self.lists.append(runs) }
        self.frames.append(known ?? self.lists.count - 1)
    }

    /// The names of the instances of a frame by its position in the shot, of their materials with the number of frames
    /// added to it; none for a frame that is not there.
    public subscript(frame position: Int) -> [String] {
        guard self.frames.indices.contains(position) else { return [] }
        return self.lists[self.frames[position]].flatMap { repeatElement($0.name, count: $0.count) }
    }

    /// The canonical CBOR `[[[[name, count], ...], ...], [entry, ...]]`.
    public func encoded() -> [UInt8] {
        var encoder = CBOREncoder()
        encoder.array(2)
        encoder.array(self.lists) { encoder, runs in
            encoder.array(runs) { encoder, run in
                encoder.array(2)
                encoder.sentence(run.name, sizeMax: Self.nameSizeMax)
                encoder.integer(run.count)
            }
        }
        encoder.array(self.frames) { $0.integer($1) }
        return encoder.bytes
    }

    /// Reads encoded names.
    ///
    /// - Throws: ``WireError`` when they are not canonical, too many, or name an entry that is not there.
    public init(decoding bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Self.encodedSizeMax else {
            throw WireError(.outOfRange, "\(bytes.count) bytes of names are too many")
        }
        let (lists, frames) = try CBORDecoder.decode(bytes) { (decoder) throws(WireError) in
            try decoder.array(exactly: 2, "the names of objects") { (decoder) throws(WireError) in
                let lists = try decoder.array(countMax: 2 * JobManifest.frameCountMax, "the lists of names") {
                    (decoder) throws(WireError) in
                    try Self.runs(from: &decoder)
                }
                let frames = try decoder.array(countMax: 2 * JobManifest.frameCountMax, "the list of frames") {
                    (decoder) throws(WireError) in
                    try decoder.integer(0 ... 2 * JobManifest.frameCountMax, "the entry of a frame")
                }
                return (lists, frames)
            }
        }
        guard frames.allSatisfy({ $0 < lists.count }) else {
            throw WireError(.outOfRange, "a frame's names are not there")
        }
        self.lists = lists
        self.frames = frames
    }

    private static func runs(from decoder: inout CBORDecoder) throws(WireError) -> [Run] {
        var total = 0
        return try decoder.array(countMax: Self.instancesMax, "a list of names") { (decoder) throws(WireError) in
            let run = try decoder.array(exactly: 2, "a name") { (decoder) throws(WireError) in
                Run(
                    name: try decoder.text(sizeMax: Self.nameSizeMax, "the name of an object"),
                    count: try decoder.integer(1 ... Self.instancesMax, "the number of its instances")
                )
            }
            total += run.count
            guard total <= Self.instancesMax else {
                throw WireError(.outOfRange, "a frame has names for more than \(Self.instancesMax) instances")
            }
            return run
        }
    }
}
