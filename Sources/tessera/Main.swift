import GridCommands

@main
enum Main {
    static func main() async {
        await Tessera.runProcess()
    }
}
