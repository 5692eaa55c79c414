// Programs of Windows, under wine 10 in Debian 13. Root only, for the mounts.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './package-bin.mjs'
import { trixie } from './trixie.mjs'

/**
 * Writes `file`, a program that starts `command` under wine with its own arguments behind it; without a command, what its
 * arguments name. It sees this checkout and `folders`, where they are.
 */
export async function wineProgram(file, { command = '', folders = [] } = {}) {
  const system = await trixie()
  mkdirSync(path.dirname(file), { recursive: true })
  for (const seen of [...folders, root]) mkdirSync(path.join(system, seen), { recursive: true })
  const mounts = [...folders, root].map((seen) => `  mount --bind "${seen}" "${system}${seen}"\n`).join('')
  // The mounts are this process's alone and go with it. Output goes into a file: node.exe loses some of it on wine's pipes.
  writeFileSync(
    file,
    `#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
output=$(mktemp)
unshare --mount sh -c '
  mount -t proc proc "${system}/proc"
  mount --rbind /dev "${system}/dev"
${mounts}  exec chroot "${system}" sh -c "cd \\"\\$0\\" && exec env HOME=/root WINEDEBUG=-all /usr/lib/wine/wine64 ${command} \\"\\$@\\"" "$@"
' sh "$PWD" "$@" > "$output" 2> "$output.errors"
code=$?
tr -d '\\r' < "$output"
# What wine says for want of a desktop.
grep -v -e XDG_RUNTIME_DIR -e rundll32 "$output.errors" >&2
rm "$output" "$output.errors"
exit $code
`,
  )
  chmodSync(file, 0o755)
  return file
}
