/// The folders of this process's control groups, read from /proc/self/cgroup and /proc/self/mountinfo. Both
/// versions may be mounted at once, each with its own controllers.
struct ControlGroup {
    private let groups: [Substring]
    private let mounts: [Mount]

    private struct Mount {
        /// The part of the tree that is mounted; in a container it is often the container's own group.
        let root: String
        let point: String
        /// "cgroup2", or the controllers of version 1.
        let kinds: [Substring]
    }

    init(cgroup: String, mountinfo: String) {
        groups = cgroup.split(separator: "\n")
        mounts = mountinfo.split(separator: "\n").compactMap { line in
            // 31 23 0:28 ROOT POINT rw,relatime … - TYPE SOURCE OPTIONS
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else {
                return nil
            }
            let kinds: [Substring]
            switch fields[dash + 1] {
            case "cgroup2": kinds = ["cgroup2"]
            case "cgroup": kinds = fields[dash + 3].split(separator: ",")
            default: return nil
            }
            return Mount(root: String(fields[3]), point: String(fields[4]), kinds: kinds)
        }
    }

    /// The group's folder in version 2 and those above it, innermost first.
    var unified: [String] { folders(of: "cgroup2", group: groupPath { $0.isEmpty }) }

    /// The group's folder and those above it for a controller of version 1, "cpu" or "memory",
    /// innermost first.
    func folders(of controller: String) -> [String] {
        folders(
            of: controller, group: groupPath { $0.split(separator: ",").contains { $0 == controller } })
    }

    /// The path in a line "ID:CONTROLLERS:PATH" whose controllers are wanted.
    private func groupPath(_ isWanted: (Substring) -> Bool) -> String? {
        for line in groups {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            if parts.count == 3, isWanted(parts[1]) { return String(parts[2]) }
        }
        return nil
    }

    private func folders(of kind: String, group: String?) -> [String] {
        guard let group, let mount = mounts.first(where: { $0.kinds.contains { $0 == kind } }) else {
            return []
        }
        var path = group
        if mount.root != "/" {
            // Without its own namespace a container sees a path of which only the end is mounted here.
            path =
                path == mount.root || path.hasPrefix(mount.root + "/")
                ? String(path.dropFirst(mount.root.count)) : ""
        }
        var folders: [String] = []
        var parts = path.split(separator: "/")
        while !parts.isEmpty {
            folders.append(mount.point + "/" + parts.joined(separator: "/"))
            parts.removeLast()
        }
        return folders + [mount.point]
    }
}
