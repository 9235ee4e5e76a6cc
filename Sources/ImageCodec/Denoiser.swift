import Glibc
import Synchronization

/// Takes the noise out of pictures with Intel's Open Image Denoise, when that library is on the machine.
///
/// For the eye alone: denoised pixels are never verified. The library is loaded when it is first wanted (version 1.4 or
/// later, 2.x included). It uses as many threads as it likes.
///
/// One for all pictures of a run: it takes them one after the other, from whichever thread.
public final class Denoiser: @unchecked Sendable {
    // Unchecked: the library's device may be used from any thread by one at a time, which the lock sees to; all else is
    // constant.

    /// What helps the denoiser to tell structure from noise; without it, textures lose some sharpness.
    public struct Guides: Sendable {
        /// The colour of what is seen, in mirrors and through glass as well, 0 to 1, three values a pixel.
        public var albedo: [Float]
        /// Its normal, -1 to 1, three values a pixel; empty for none.
        public var normal: [Float]
        /// Whether both have so little noise that they may be taken at their word: all that is in them stays sharp.
        public var areClean: Bool

        /// Creates guides; a normal without an albedo is of no use.
        public init(albedo: [Float], normal: [Float] = [], areClean: Bool = false) {
            self.albedo = albedo
            self.normal = normal
            self.areClean = areClean
        }
    }

    /// The environment variable that names the library's file.
    public static let pathVariable = "TESSERA_OIDN"

    /// What to do when the library is missing.
    public static let hint =
        "install it (Debian 13: apt install libopenimagedenoise2; anywhere: pip install pyoidn) or name its file, "
        + "such as \(Denoiser.pathVariable)=/opt/oidn/lib/libOpenImageDenoise.so.2"

    private typealias Handle = UnsafeMutableRawPointer
    private typealias NewDevice = @convention(c) (Int32) -> Handle?
    private typealias NewFilter = @convention(c) (Handle, UnsafePointer<CChar>) -> Handle?
    private typealias Act = @convention(c) (Handle) -> Void
    private typealias SetFlag = @convention(c) (Handle, UnsafePointer<CChar>, Bool) -> Void
    private typealias SetImage =
        @convention(c) (Handle, UnsafePointer<CChar>, Handle, Int32, Int, Int, Int, Int, Int) -> Void
    private typealias GetError = @convention(c) (Handle, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Int32

    private let device: Handle
    private let newFilter: NewFilter
    private let setImage: SetImage
    private let setFlag: SetFlag
    private let commitFilter: Act
    private let executeFilter: Act
    private let releaseFilter: Act
    private let releaseDevice: Act
    private let getError: GetError
    private let lock = Mutex(())

    /// Loads the library and starts it on the processor.
    ///
    /// - Throws: ``ImageError`` with the code `unsupported` when there is none; the message says how to get it.
    public init() throws(ImageError) {
        let named = getenv(Self.pathVariable).map { String(cString: $0) }
        let names =
            named.map { [$0] } ?? ["libOpenImageDenoise.so.2", "libOpenImageDenoise.so.1", "libOpenImageDenoise.so"]
        // Never unloaded: its threads outlive the last picture.
        guard let library = names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else {
            let where_ = named.map { "\($0) cannot be loaded" } ?? "Open Image Denoise is not on this machine"
            throw ImageError(.unsupported, "\(where_): \(Self.hint)")
        }
        func symbol<Function>(_ names: String..., as type: Function.Type) throws(ImageError) -> Function {
            for name in names {
                // A function pointer of C has the representation of the address that dlsym gives.
                if let address = dlsym(library, name) { return unsafeBitCast(address, to: type) }
            }
            throw ImageError(
                .unsupported,
                "the Open Image Denoise library has no \(names[0]): use version 1.4 or later"
            )
        }
        let newDevice = try symbol("oidnNewDevice", as: NewDevice.self)
        let commitDevice = try symbol("oidnCommitDevice", as: Act.self)
        self.newFilter = try symbol("oidnNewFilter", as: NewFilter.self)
        self.setImage = try symbol("oidnSetSharedFilterImage", as: SetImage.self)
        // Renamed in version 2.
        self.setFlag = try symbol("oidnSetFilterBool", "oidnSetFilter1b", as: SetFlag.self)
        self.commitFilter = try symbol("oidnCommitFilter", as: Act.self)
        self.executeFilter = try symbol("oidnExecuteFilter", as: Act.self)
        self.releaseFilter = try symbol("oidnReleaseFilter", as: Act.self)
        self.releaseDevice = try symbol("oidnReleaseDevice", as: Act.self)
        self.getError = try symbol("oidnGetDeviceError", as: GetError.self)
        // 1 is the processor, whose memory is ours.
        guard let device = newDevice(1) else {
            throw ImageError(.unsupported, "Open Image Denoise does not run on this processor")
        }
        self.device = device
        commitDevice(device)
        try self.checkError()
    }

    deinit {
        self.releaseDevice(self.device)
    }

    /// The picture without its noise.
    ///
    /// - Throws: ``ImageError`` with the code `encodingFailed` when the library fails.
    public func denoise(_ picture: Picture, guides: Guides? = nil) throws(ImageError) -> Picture {
        let count = 3 * picture.width * picture.height
        var images = [(name: "color", values: picture.pixels)]
        if let guides {
            precondition(
                guides.albedo.count == count && (guides.normal.isEmpty || guides.normal.count == count),
                "guides of \(guides.albedo.count) and \(guides.normal.count) values for \(count)"
            )
            images.append(("albedo", guides.albedo))
            if !guides.normal.isEmpty { images.append(("normal", guides.normal)) }
        }
        let pixels = try self.lock.withLock { _ throws(ImageError) in
            try self.filter(
                images,
                areClean: guides?.areClean ?? false,
                width: picture.width,
                height: picture.height
            )
        }
        return Picture(width: picture.width, height: picture.height, pixels: pixels)
    }

    /// Runs one filter of the library on images of three values a pixel.
    private func filter(
        _ images: [(name: String, values: [Float])],
        areClean: Bool,
        width: Int,
        height: Int
    ) throws(ImageError) -> [Float] {
        guard let filter = self.newFilter(self.device, "RT") else {
            throw ImageError(.encodingFailed, "Open Image Denoise has no filter for rendered pictures")
        }
        defer { self.releaseFilter(filter) }
        let count = 3 * width * height
        var memory: [UnsafeMutablePointer<Float>] = []
        defer { for image in memory { image.deallocate() } }
        // What comes out takes the place of a copy of what comes first.
        for (name, values) in images + [("output", images[0].values)] {
            let image = UnsafeMutablePointer<Float>.allocate(capacity: count)
            image.initialize(from: values, count: count)
            memory.append(image)
            // 3 is OIDN_FORMAT_FLOAT3.
            self.setImage(filter, name, image, 3, width, height, 0, 0, 0)
        }
        self.setFlag(filter, "hdr", true)
        if areClean { self.setFlag(filter, "cleanAux", true) }
        self.commitFilter(filter)
        self.executeFilter(filter)
        try self.checkError()
        return Array(UnsafeBufferPointer(start: memory[memory.count - 1], count: count))
    }

    private func checkError() throws(ImageError) {
        var message: UnsafePointer<CChar>?
        guard self.getError(self.device, &message) != 0 else { return }
        let text = message.map { String(cString: $0) } ?? "no reason given"
        throw ImageError(.encodingFailed, "the picture was not denoised (Open Image Denoise: \(text))")
    }
}
