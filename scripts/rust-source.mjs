// What the checkers need to know of Rust: where code ends and comments begin, and which function a
// place is in. It knows no more of the language than that.

/** The source with comments and the contents of strings replaced by spaces, line by line as it was. */
export function withoutComments(source) {
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|r(#*)"[\s\S]*?"\1|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[^\n']+|[^\n'\\])'(?!\w)/g
  return source.replace(token, (found) => found.replace(/[^\n]/g, ' '))
}

/**
 * Where the word `name` stands in a source without comments, `use` declarations and unit tests
 * excepted: for each place the function it is in (`Type::function`) and the index.
 */
export function usesOf(name, code) {
  const scopes = scopesOf(code)
  const tests = scopes.filter((scope) => scope.isTest)
  const uses = []
  for (const { index } of code.matchAll(new RegExp(`\\b${name}\\b`, 'g'))) {
    if (/\buse\s/.test(code.slice(code.lastIndexOf(';', index) + 1, index))) continue
    if (tests.some(({ from, to }) => from <= index && index < to)) continue
    const around = scopes.filter(({ from, to }) => from <= index && index < to)
    const type = around.findLast(({ kind }) => kind === 'impl')?.name
    const fn = around.findLast(({ kind }) => kind === 'fn')?.name
    uses.push({ fn: [type, fn].filter(Boolean).join('::'), index })
  }
  return uses
}

/** The bodies of functions, impls and modules, outer ones first. */
function scopesOf(code) {
  const scopes = []
  const head =
    /(#\[cfg\((?:all\()?test\b[^\n]*\n\s*)?\b(?:(fn)\s+(\w+)|(impl)\b(?:<[^{;]*?>)?\s*(?:[^{;]*?\bfor\s+)?(\w+)|(mod)\s+(\w+))[^{};]*\{/g
  for (const found of code.matchAll(head)) {
    const from = found.index + found[0].length
    scopes.push({
      kind: found[2] ?? found[4] ?? found[6],
      name: found[3] ?? found[5] ?? found[7],
      isTest: found[1] !== undefined,
      from,
      to: closing(code, from),
    })
  }
  return scopes
}

/** Where the brace closes that was opened before `from`. */
function closing(code, from) {
  let depth = 1
  for (let at = from; at < code.length; at += 1) {
    if (code[at] === '{') depth += 1
    else if (code[at] === '}') depth -= 1
    if (depth === 0) return at
  }
  return code.length
}
