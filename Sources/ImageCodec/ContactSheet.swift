/// Many pictures on one, for a first look at a shot.
public enum ContactSheet {
    /// Puts pictures into cells of one size, row by row, scaled down in linear light to fit and never up.
    ///
    /// - Parameters:
    ///   - pictures: At least one. The first one's shape is the cells' shape; others are centred in theirs.
    ///   - columns: Cells in a row; `nil` takes a number that makes the sheet about as wide as high or wider.
    ///   - cellWidth: Width of a cell in pixels; `nil` takes the first picture's, at most 480.
    ///   - gap: Pixels between cells and around them.
    ///   - background: Linear colour of the gaps.
    public static func compose(
        _ pictures: [Picture],
        columns: Int? = nil,
        cellWidth: Int? = nil,
        gap: Int = 8,
        background: SIMD3<Float> = SIMD3(repeating: 0.006)
    ) -> Picture {
        precondition(gap >= 0, "the gap must not be negative, got \(gap)")
        guard let first = pictures.first else {
            preconditionFailure("a contact sheet needs a picture")
        }
        let width = max(1, cellWidth ?? min(first.width, 480))
        let height = max(1, (width * first.height + first.width / 2) / first.width)
        let across = max(1, min(columns ?? self.columns(for: pictures.count), pictures.count))
        let down = (pictures.count + across - 1) / across
        var sheet = Picture(
            width: across * (width + gap) + gap,
            height: down * (height + gap) + gap,
            color: background
        )
        for (index, picture) in pictures.enumerated() {
            let scaled = picture.fitted(width: width, height: height)
            let x = gap + index % across * (width + gap) + (width - scaled.width) / 2
            let y = gap + index / across * (height + gap) + (height - scaled.height) / 2
            sheet.paste(scaled, x: x, y: y)
        }
        return sheet
    }

    private static func columns(for count: Int) -> Int {
        var columns = 1
        while columns * columns < count { columns += 1 }
        return columns
    }
}

extension Picture {
    /// This picture scaled down so that it fits into a size, by the mean over the area of each new pixel.
    func fitted(width maxWidth: Int, height maxHeight: Int) -> Picture {
        guard self.width > maxWidth || self.height > maxHeight else { return self }
        let isWide = self.width * maxHeight >= self.height * maxWidth
        let width = isWide ? maxWidth : max(1, self.width * maxHeight / self.height)
        let height = isWide ? max(1, self.height * maxWidth / self.width) : maxHeight
        let columns = Self.weights(from: self.width, to: width)
        let rows = Self.weights(from: self.height, to: height)
        var result = Picture(width: width, height: height)
        for y in 0 ..< height {
            for x in 0 ..< width {
                var sum = SIMD3<Float>.zero
                for row in rows[y] {
                    for column in columns[x] {
                        sum += (row.weight * column.weight) * self[column.index, row.index]
                    }
                }
                result[x, y] = sum
            }
        }
        return result
    }

    /// For each new position, which old ones it covers, by how much; the weights of one position add up to 1.
    private static func weights(from old: Int, to new: Int) -> [[(index: Int, weight: Float)]] {
        (0 ..< new).map { position in
            let start = Double(position) * Double(old) / Double(new)
            let end = Double(position + 1) * Double(old) / Double(new)
            let last = min(old - 1, max(Int(start), Int(end.rounded(.up)) - 1))
            return (Int(start) ... last).map { index in
                let covered = min(end, Double(index + 1)) - max(start, Double(index))
                return (index, Float(covered / (end - start)))
            }
        }
    }

    /// Copies a picture into this one; it must fit.
    mutating func paste(_ other: Picture, x: Int, y: Int) {
        for row in 0 ..< other.height {
            for column in 0 ..< other.width {
                self[x + column, y + row] = other[column, row]
            }
        }
    }
}
