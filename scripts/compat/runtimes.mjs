export const runtimes = {}
