export const pools = {}
