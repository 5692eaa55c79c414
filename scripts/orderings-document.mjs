// docs/ORDERINGS.md: written from ordering.rs, from the audit and from the generated code; and read back.

import { markdown } from './tables.mjs'

const architectures = [
  { key: 'x86_64', title: 'x86-64' },
  { key: 'aarch64', title: 'AArch64' },
  { key: 'aarch64_rcpc', title: 'AArch64 with RCpc' },
]

/** The document. */
export function render(sites, weakenings, instructions) {
  const of = (site, key) => instructions[site.name]?.[key] ?? 'not looked at'
  const weakeningsOf = ({ name }) => weakenings.filter(({ site }) => site === name)

  const overview = sites.map((site) => {
    const first = weakeningsOf(site).map(({ catches }) => code(catches[0].test.name))
    return [
      `[${code(site.name)}](#${site.name.toLowerCase()})`,
      site.ordering,
      site.partners.map(code).join(', ') || 'none',
      [...new Set(first)].join(', ') || 'nothing is weaker',
      ...architectures.map(({ key }) => of(site, key)),
    ]
  })
  const details = sites.map((site) =>
    [
      `### ${site.name}`,
      '',
      site.text,
      '',
      `- ordering: ${[site.ordering, ...Object.entries(site.elsewhere).map(([where, ordering]) => `${ordering} on ${where}`)].join(', ')}`,
      `- partner: ${site.partners.map(code).join(', ') || 'none'}`,
      `- invariant: ${site.invariants.join(', ') || 'none'}`,
      ...whereUsed(site).map((line) => `- used: ${line}`),
      ...architectures.map(({ key, title }) => `- on ${title}: ${of(site, key)}`),
      ...weakeningsOf(site).map(
        ({ to, catches }) =>
          `- weakened to ${to === 'Relaxed' && site.kinds.includes('fence') ? 'no fence' : to}, these fail: ${catches
            .map(({ test, reason }) => `${code(testName(test))} (${reason})`)
            .join(', ')}`,
      ),
      '',
    ].join('\n'),
  )
  return `${head}
${markdown(['site', 'ordering', 'partner', 'first test that fails when it is weaker', ...architectures.map(({ title }) => title)], overview)}

## Site by site

${details.join('\n')}`
}

const head = `# Orderings

<!-- Written by \`npm run audit:orderings\`. To change it, change crates/crosscore/src/ordering.rs. -->

Every atomic access and every fence of the ring takes its ordering from one of these sites. Each that is not
\`Relaxed\` was weakened by one step, alone, in the shipped types under Loom, and the tests named here failed; with
every site as it is, all pass. So the orderings are enough (as far as the models go) and none could be weaker.

How a test failed: *race*, two touches of a slot or a cell that nothing orders; *wrong value*, an assertion of the test;
*nobody wakes it*, a thread that sleeps for ever; *no end*, a thread that waits for ever for what it cannot see.

The instructions are those that the compiler made at the places named, in release mode with the shipped profile. x86-64
gives every load Acquire and every store Release, so there the text of the code cannot tell those from Relaxed; AArch64 can.
`

/** What the document says: (site, weakened to) → [{ test, reason }]. */
export function knownCatches(written, tests) {
  const lines = new Map()
  let site
  for (const line of written.split('\n')) {
    site = line.match(/^### (\w+)$/)?.[1] ?? site
    const found = line.match(/^- weakened to (no fence|\w+), these fail: (.*)$/)
    if (!found) continue
    const to = found[1] === 'no fence' ? 'Relaxed' : found[1]
    const catches = [...found[2].matchAll(/`([^`]+)` \(([^)]+)\)/g)].flatMap(([, name, reason]) => {
      const test = tests.find((candidate) => testName(candidate) === name)
      return test ? [{ test, reason }] : []
    })
    lines.set(`${site}=${to}`, catches)
  }
  return (name, to) => lines.get(`${name}=${to}`) ?? []
}

/** What the document says the sites became, as `siteInstructions` gives it. */
export function knownInstructions(written) {
  const known = {}
  let site
  for (const line of written.split('\n')) {
    site = line.match(/^### (\w+)$/)?.[1] ?? site
    const found = line.match(/^- on ([^:]+): (.*)$/)
    const key = architectures.find(({ title }) => title === found?.[1])?.key
    if (site && key) known[site] = { ...known[site], [key]: found[2] }
  }
  return known
}

const code = (text) => `\`${text}\``

function testName({ name, file }) {
  return file === 'loom.rs' ? name : `${file}: ${name}`
}

/** Not line numbers: they would change with every edit. */
function whereUsed({ uses }) {
  const lines = uses.map(({ file, fn, kind }) => `\`${file}\` → \`${fn || 'module'}\` (${kind})`)
  return [...new Set(lines)]
}
