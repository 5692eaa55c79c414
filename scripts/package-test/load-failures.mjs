// Every way in which loading the addon is known to fail, and what the error has to say: the cause first, in one sentence,
// then what to do.

import assert from 'node:assert'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { root } from '../package-bin.mjs'
import { User } from './user.mjs'

// One line of JSON, because warnings of Node stand before it.
const TELL = 'console.log(JSON.stringify([error.name, error.code, error.message]))'
const IMPORT = `import('crosscore').then(() => console.log('loaded'), (error) => ${TELL})`
const REQUIRE = `try { require('crosscore'); console.log('loaded') } catch (error) { ${TELL} }`

/**
 * Calls `check(name, work)` for each of them.
 * @param {string} platform of the package that fits this machine, such as linux-x64-gnu
 * @param {string} checkout tarball that `npm pack` made of the checkout
 */
export async function loadFailures({ check, registry, platform, version, checkout }) {
  const user = new User(registry)
  const binary = user.path('node_modules', `crosscore-${platform}`, `crosscore.${platform}.node`)
  await user.npm('install', 'crosscore')

  const fails = (name, { args = [], env, who = user, says, advises, prepare, node }) =>
    check(`load failure: ${name}`, async () => {
      await prepare?.()
      for (const program of [IMPORT, REQUIRE]) {
        const output = await who.must([...args, '--eval', program], env, node)
        const [errorName, code, message] = JSON.parse(/^\[.*\]$/m.exec(output)?.[0] ?? assert.fail(output))
        assert.equal(errorName, 'CrosscoreError', output)
        assert.equal(code, 'ERR_CROSSCORE_LOAD')
        assert.ok(!message.includes('\n'), `more than a line: ${message}`)
        assert.match(message, says)
        assert.match(message, advises)
        assert.ok(message.startsWith('crosscore: ') && message.search(says) < message.indexOf('What to do:'), message)
      }
    })

  await fails('--no-addons', { args: ['--no-addons'], says: /--no-addons/, advises: /leave --no-addons out/ })
  const oldest = Number(process.versions.node.split('.')[0]) < 22
  await fails('--permission', {
    args: [oldest ? '--experimental-permission' : '--permission', '--allow-fs-read=*'],
    says: /--permission, which forbids addons/,
    advises: /--allow-addons/,
  })
  await fails('a path that names nothing', {
    env: { NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere/at/all.node' },
    says: /there is no file \/nowhere\/at\/all\.node \(NAPI_RS_NATIVE_LIBRARY_PATH\)/,
    advises: /correct the path/,
  })
  if (platform.endsWith('-gnu')) {
    const fromTheFuture = user.path('future.node')
    await fails('a glibc that is too old', {
      prepare: () => writeFileSync(fromTheFuture, newerGlibc(readFileSync(binary))),
      env: { NAPI_RS_NATIVE_LIBRARY_PATH: fromTheFuture },
      says: /needs GLIBC 9\.\d+, and this system has GLIBC 2\.\d+/,
      advises: /build on this system/,
    })
  }
  const whole = readFileSync(binary)
  // Where the system's linker says nothing and the process dies by SIGBUS, unless it is looked at before.
  for (const bytes of process.platform === 'linux' ? [4096, whole.length >> 1] : []) {
    await fails(`a file cut short after ${bytes} bytes`, {
      prepare: () => (rmSync(binary), writeFileSync(binary, whole.subarray(0, bytes))),
      says: new RegExp(`crosscore\\.\\S+\\.node is cut short: it has ${bytes} bytes of at least \\d+`),
      advises: /install crosscore anew/,
    })
  }
  for (const [what, content] of [
    ['an empty file', ''],
    ['a file of something else', '<html>404</html>'.repeat(1000)],
  ]) {
    await fails(what, {
      // Anew and not in place: who has the file mapped would crash.
      prepare: () => (rmSync(binary), writeFileSync(binary, content)),
      // The file's name once, then what the system says of it.
      says: /crosscore\.\S+\.node does not load: [^/]+\. What/,
      advises: /install crosscore anew/,
    })
  }
  const manifest = user.path('node_modules', `crosscore-${platform}`, 'package.json')
  await fails('a platform package of another version', {
    prepare: () => writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(`"${version}"`, '"0.0.1"')),
    says: new RegExp(`crosscore ${version} found crosscore-${platform} 0\\.0\\.1`),
    advises: /npm install crosscore@/,
  })
  await fails('a package without its file', {
    prepare: () => rmSync(binary),
    says: new RegExp(`no binary for ${platform}: the package crosscore-${platform} in /\\S+ is without its file crosscore\\.${platform}\\.node`),
    advises: /install crosscore anew; .*keep \.node files/,
  })
  await fails("npm's bug with optional dependencies", {
    prepare: () => rmSync(path.dirname(binary), { recursive: true }),
    says: new RegExp(`no binary for ${platform}: the package crosscore-${platform} is not installed`),
    advises: /npm\/cli#4828/,
  })
  const lean = new User(registry)
  await fails('--omit=optional', {
    who: lean,
    prepare: () => lean.npm('install', 'crosscore', '--omit=optional'),
    says: /is not installed/,
    advises: new RegExp(`npm install crosscore-${platform}@${version} brings it; left out it was by --omit=optional`),
  })
  const foreign = new User(registry)
  await fails("another system's node_modules", {
    who: foreign,
    prepare: () => foreign.npm('install', 'crosscore', '--os=darwin', '--cpu=arm64'),
    says: /is not installed; installed instead: crosscore-darwin-arm64/,
    advises: /of another system/,
  })
  const own = new User(registry)
  await fails('a tarball packed from a checkout', {
    who: own,
    prepare: () => own.npm('install', checkout),
    says: /this copy was made from a checkout/,
    advises: /npm run build/,
  })
  await fails('a platform without a binary', {
    // The loader asks process; nothing else of Node runs on another platform's name here.
    args: ['--require', preload(own, `Object.defineProperty(process, 'platform', { value: 'sunos' })`)],
    says: /there is no prebuilt binary for sunos-/,
    advises: /npm install && npm run build/,
  })
  await check('NAPI_RS_NATIVE_LIBRARY_PATH names the binary', async () => {
    copyFileSync(path.join(root, `crosscore.${platform}.node`), own.path('renamed.node'))
    // Relative to the working directory.
    assert.equal(await own.must(['--eval', IMPORT], { NAPI_RS_NATIVE_LIBRARY_PATH: 'renamed.node' }), 'loaded')
  })
}

function preload(user, text) {
  user.write('preload.cjs', text)
  return user.path('preload.cjs')
}

/** The same binary, asking for a version of glibc that will not be soon. */
function newerGlibc(binary) {
  const text = binary.toString('latin1')
  const newest = [...text.matchAll(/GLIBC_2\.(\d+)\0/g)].sort((a, b) => Number(a[1]) - Number(b[1])).at(-1)
  // The dynamic linker compares names; the hash that stands beside each only makes that quicker.
  return Buffer.from(text.replaceAll(newest[0], newest[0].replace('GLIBC_2', 'GLIBC_9')), 'latin1')
}
