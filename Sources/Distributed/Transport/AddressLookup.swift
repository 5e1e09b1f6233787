import Glibc

/// Looks up the addresses of host names.
enum AddressLookup {
    /// Numeric addresses of a name, IPv6 ones in brackets, in the system's order.
    ///
    /// - Throws: `unknownName`, with the system's message.
    static func addresses(of name: String) throws(TransportError) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(name, nil, &hints, &list)
        guard code == 0 else { throw .unknownName(name, detail: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var found: [String] = []
        var next = list
        while let entry = next {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0,
                NI_NUMERICHOST)
                == 0
            {
                let address = String(
                    decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                found.append(entry.pointee.ai_family == AF_INET6 ? "[\(address)]" : address)
            }
            next = entry.pointee.ai_next
        }
        return found
    }

    /// Whether the text is an IPv4 address, or an IPv6 one in brackets.
    static func isNumeric(_ host: String) -> Bool {
        var room = in6_addr()
        if host.hasPrefix("[") {
            let inner = host.dropFirst().dropLast().prefix { $0 != "%" }
            return inet_pton(AF_INET6, String(inner), &room) == 1
        }
        return inet_pton(AF_INET, host, &room) == 1
    }

    static func isInterface(_ name: String) -> Bool { if_nametoindex(name) != 0 }

    /// The first IPv4 address of a network card of this machine; nil where it has none.
    static func address(ofInterface name: String) -> String? {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return nil }
        defer { freeifaddrs(list) }
        var next = list
        while let entry = next {
            next = entry.pointee.ifa_next
            guard let address = entry.pointee.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET),
                String(cString: entry.pointee.ifa_name) == name
            else { continue }
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            guard getnameinfo(address, size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 else {
                return nil
            }
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return nil
    }
}

extension Endpoint {
    /// The endpoint with its host resolved: a name's first IPv4 address or, if it has none, its first IPv6
    /// address. Only then is it known whether others can reach it.
    public func resolved() throws(TransportError) -> Endpoint {
        try resolved(by: AddressLookup.addresses(of:))
    }

    func resolved(by lookup: (String) throws(TransportError) -> [String]) throws(TransportError) -> Endpoint {
        guard !isEverywhere, !AddressLookup.isNumeric(host) else { return self }
        var endpoint = self
        do throws(TransportError) {
            let found = try lookup(host)
            guard let first = found.first(where: { !$0.hasPrefix("[") }) ?? found.first else {
                throw .unknownName(host, detail: "it has no address")
            }
            endpoint.address = first
        } catch {
            // The host may be a network interface of this machine, which ZeroMQ knows, too.
            guard AddressLookup.isInterface(host) else { throw error }
            endpoint.isInterface = true
            endpoint.address = AddressLookup.address(ofInterface: host) ?? host
        }
        return endpoint
    }
}
