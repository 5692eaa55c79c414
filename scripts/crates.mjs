// The crates that go to crates.io: which, in what order, and that they agree with each other.

import { mustRun } from './processes.mjs'

/** The workspace's crates as cargo tells of them. */
export async function workspaceCrates() {
  const { output } = await mustRun('cargo metadata', ['cargo', 'metadata', '--no-deps', '--format-version=1', '--locked'])
  return JSON.parse(output.slice(output.indexOf('{'))).packages
}

/**
 * Names of the crates that are published, what others depend on first: crates.io takes no crate before its dependencies.
 * Throws if one of them has another version, or could be built with another version of its neighbour.
 */
export function publishOrder(crates, version) {
  const published = crates.filter(({ publish }) => publish === null)
  const order = []
  const add = (crate, dependents = []) => {
    if (order.includes(crate.name)) return
    if (dependents.includes(crate.name)) throw new Error(`crates depend on each other: ${[...dependents, crate.name].join(' -> ')}`)
    if (crate.version !== version) throw new Error(`package.json says ${version}, crate ${crate.name} ${crate.version}`)
    for (const { name, req, kind } of crate.dependencies.filter(({ path }) => path !== undefined)) {
      // cargo leaves a dev-dependency by path alone out of what it packs.
      if (kind === 'dev' && req === '*') continue
      const dependency = published.find((other) => other.name === name)
      if (!dependency) throw new Error(`crate ${crate.name} depends on ${name}, which is not published`)
      if (req !== `^${version}`) throw new Error(`package.json says ${version}, and crate ${crate.name} asks for ${name} ${req}`)
      add(dependency, [...dependents, crate.name])
    }
    order.push(crate.name)
  }
  for (const crate of published) add(crate)
  return order
}
