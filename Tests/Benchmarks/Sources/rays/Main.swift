import Glibc

@main struct Main {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.contains("--help") {
            print(Options.help)
            return
        }
        do {
            let options = try Options(arguments)
            for triangles in options.triangles {
                let comparison = try Comparison(triangles: triangles, options: options)
                if options.isJSON { Report.json(comparison) } else { Report.table(comparison) }
            }
        } catch let error as UsageError {
            let line = "error: \(error.message)\n"
            write(2, line, line.utf8.count)
            exit(64)
        }
    }
}
