/// Whether this build is optimised. Unoptimised code allocates where optimised code does not.
public let isOptimised: Bool = {
    #if DEBUG
        false
    #else
        true
    #endif
}()
