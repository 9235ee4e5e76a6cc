/// Rows of text under headings, aligned by spaces.
package struct TextTable {
    /// How the cells of a column stand.
    package enum Alignment {
        case left
        case right
    }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[String]] = []

    /// Creates a table without rows.
    package init(_ columns: [(title: String, alignment: Alignment)]) {
        self.columns = columns
    }

    /// Adds a row; missing cells are empty.
    package mutating func add(_ cells: [String]) {
        self.rows.append(cells)
    }

    /// Whether there are no rows.
    package var isEmpty: Bool {
        self.rows.isEmpty
    }

    /// The lines, headings first.
    package var lines: [String] {
        let all = [self.columns.map(\.title)] + self.rows
        let widths = self.columns.indices.map { column in
            all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return all.map { row in
            var line = ""
            for (column, width) in widths.enumerated() {
                let cell = column < row.count ? row[column] : ""
                let padding = String(repeating: " ", count: width - cell.count)
                line += self.columns[column].alignment == .left ? cell + padding : padding + cell
                if column < widths.count - 1 { line += "  " }
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
