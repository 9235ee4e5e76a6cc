extension PreSharedKey {
    /// A secret of the grid that decides where it meets, 32 bytes; the key cannot be learned from it.
    package var meetingSecret: [UInt8] {
        let label = [UInt8]("tessera-meeting-v1".utf8)
        return label.withUnsafeBytes { label in
            Sodium.hmac(label, key: self.secret).withUnsafeBytes { [UInt8]($0) }
        }
    }
}
