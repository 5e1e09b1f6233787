import Files
import Glibc
import Sweep
import Text
import Transport

/// The recipes: the sweep files that come with the program, which commands find by their names.
enum Recipes {
    /// The folder with the recipes: that of the installed program, or the checkout's that it was built in;
    /// nil where there is neither.
    static let folder: String? = {
        if let share { return share + "/sweeps" }
        return ancestors.first { exists("\($0)/Package.swift") && exists("\($0)/sweeps") }.map {
            $0 + "/sweeps"
        }
    }()

    /// The folder share/ranksweep beside the folder of the installed program; nil if it isn't installed.
    static let share: String? =
        ancestors.prefix(3).map { $0 + "/share/ranksweep" }.first { exists($0 + "/sweeps") }

    /// The folders that contain the program, innermost first.
    private static let ancestors: [String] = {
        var folders: [String] = []
        var path = Substring(thisProgram() ?? "")
        while let slash = path.lastIndex(of: "/") {
            path = path[..<slash]
            folders.append(String(path))
        }
        return folders
    }()

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The names of all recipes, sorted.
    static var names: [String] {
        guard let folder else { return [] }
        return fileNames(in: folder).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }

    /// The path of the recipe that "demo", "demo.yaml" or "sweeps/demo.yaml" names.
    static func path(named operand: String) -> String? {
        guard let folder, let name = name(in: operand), names.contains(name) else { return nil }
        return "\(folder)/\(name).yaml"
    }

    /// The name in an operand that can name a recipe.
    private static func name(in operand: String) -> String? {
        var name = operand.hasPrefix("sweeps/") ? operand.dropFirst("sweeps/".count) : Substring(operand)
        if name.hasSuffix(".yaml") { name = name.dropLast(5) }
        return name.isEmpty || name.contains("/") ? nil : String(name)
    }

    /// Recipes with similar names, for a name that is none.
    static func suggestion(for operand: String) -> String? {
        guard let folder, let name = name(in: operand) else { return nil }
        var near = names.filter { $0.contains(name) || name.contains($0) }
        if let nearest = nearestSpelling(to: name, among: names), !near.contains(nearest) {
            near.insert(nearest, at: 0)
        }
        guard !near.isEmpty else { return "the recipes, which need no path, are in \(folder)" }
        return "did you mean the recipe \(listed(near.prefix(5).map { "'\($0)'" }, "or"))?"
    }
}
