// Makes the N-th file-system call below a folder fail, for whatever is imported after it. What is tested knows nothing of it.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { sep } from 'node:path'

/** @typedef {(...args: any[]) => any} AnyCall */

const state = { under: '', failAt: Number.POSITIVE_INFINITY, code: 'EIO', calls: 0, failed: '' }

/**
 * Starts counting anew: the `failAt`-th call below `under` fails with `code`.
 * @param {string} under @param {number} failAt @param {string} code
 */
export function failNth(under, failAt, code) {
  Object.assign(state, { under: under + sep, failAt, code, calls: 0, failed: '' })
}

/** How many calls there were since, and the one that failed. */
export function outcome() {
  return { calls: state.calls, failed: state.failed }
}

/** @param {unknown} path */
function isBelow(path) {
  return state.under !== '' && (String(path) + sep).startsWith(state.under)
}

/** @param {string} name @param {unknown} path */
function count(name, path) {
  if (++state.calls !== state.failAt) return
  state.failed = `${name} ${path}`
  throw Object.assign(new Error(`${state.code}: injected, ${name} '${path}'`), {
    code: state.code,
    syscall: name,
    path,
  })
}

/** @param {Record<string, AnyCall>} owner @param {string} name @param {(real: AnyCall) => AnyCall} wrap */
function replace(owner, name, wrap) {
  const real = /** @type {AnyCall} */ (owner[name])
  owner[name] = wrap(real.bind(owner))
}

const promises = /** @type {Record<string, AnyCall>} */ (/** @type {unknown} */ (fs.promises))
const calls = /** @type {Record<string, AnyCall>} */ (/** @type {unknown} */ (fs))
const ofPaths = [
  'mkdir',
  'readdir',
  'readFile',
  'writeFile',
  'rename',
  'rm',
  'rmdir',
  'stat',
  'link',
  'copyFile',
  'truncate',
]
for (const name of ofPaths) {
  replace(promises, name, (real) => async (path, ...rest) => {
    if (isBelow(path)) count(name, path)
    return real(path, ...rest)
  })
}

const ofHandles = [
  'write',
  'writev',
  'writeFile',
  'appendFile',
  'sync',
  'datasync',
  'read',
  'stat',
  'truncate',
  'close',
]
replace(promises, 'open', (real) => async (path, ...rest) => {
  if (!isBelow(path)) return real(path, ...rest)
  count('open', path)
  const handle = await real(path, ...rest)
  for (const name of ofHandles) {
    replace(handle, name, (inner) => async (...args) => {
      // A close that fails has closed all the same.
      const closed = name === 'close' ? await inner(...args) : undefined
      count(name, path)
      return name === 'close' ? closed : inner(...args)
    })
  }
  return handle
})

/** Paths of descriptors that were opened below the folder. @type {Map<number, string>} */
const opened = new Map()
for (const name of ['openSync', 'readFileSync', 'statSync']) {
  replace(calls, name, (real) => (path, ...rest) => {
    if (!isBelow(path)) return real(path, ...rest)
    count(name, path)
    const result = real(path, ...rest)
    if (name === 'openSync') opened.set(result, String(path))
    return result
  })
}
replace(calls, 'writeSync', (real) => (fd, ...rest) => {
  if (opened.has(fd)) count('writeSync', opened.get(fd))
  return real(fd, ...rest)
})
replace(calls, 'closeSync', (real) => (fd) => {
  const path = opened.get(fd)
  opened.delete(fd)
  real(fd)
  if (path !== undefined) count('closeSync', path)
})
// What streams open files by.
replace(calls, 'open', (real) => (path, ...rest) => {
  try {
    if (isBelow(path)) count('open', path)
  } catch (error) {
    process.nextTick(rest.at(-1), error)
    return
  }
  real(path, ...rest)
})
syncBuiltinESMExports()
