/** What the build knows of the package that it writes the entry of. */
export interface Origin {
    readonly version: string;
    /** Platforms with a package of their own, such as `linux-x64-gnu`. */
    readonly platforms: readonly string[];
    /**
     * Files or file URLs beside which the binary may lie, and from which its package is resolved, in this order. A bundler
     * may have left any of them empty, or as it was on the machine that made the bundle.
     */
    readonly bases: readonly (string | undefined)[];
}
/** The addon's exports. @throws an Error with code `ERR_CROSSCORE_LOAD`; its `cause` is what the system said. */
export declare function loadAddon({ version, platforms, bases }: Origin): Record<string, unknown>;
