// Makes something happen at the N-th file-system call below a folder, for whatever is imported after it: the call fails, or
// whatever else is wanted. What is tested knows nothing of it.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { sep } from 'node:path'

/** @typedef {(...args: any[]) => any} AnyCall */

/**
 * What happens at the call; `half` writes the first half of what the call was to write.
 * @typedef {(name: string, path: unknown, half?: () => Promise<unknown>) => unknown} AtCall
 */

const state = {
  under: '',
  at: Number.POSITIVE_INFINITY,
  /** @type {AtCall} */ act: () => {},
  calls: 0,
  failed: '',
}

/**
 * Starts counting anew: `act` is called before the `at`-th call below `under`.
 * @param {string} under @param {number} at @param {AtCall} act
 */
export function atNth(under, at, act) {
  Object.assign(state, { under: under + sep, at, act, calls: 0, failed: '' })
}

/**
 * Starts counting anew: the `failAt`-th call below `under` fails with `code`.
 * @param {string} under @param {number} failAt @param {string} code
 */
export function failNth(under, failAt, code) {
  atNth(under, failAt, (name, path) => {
    throw Object.assign(new Error(`${code}: injected, ${name} '${path}'`), { code, syscall: name, path })
  })
}

/** How many calls there were since, and the one at which it happened. */
export function outcome() {
  return { calls: state.calls, failed: state.failed }
}

/** @param {unknown} path */
function isBelow(path) {
  return state.under !== '' && (String(path) + sep).startsWith(state.under)
}

/** @param {string} name @param {unknown} path @param {() => Promise<unknown>} [half] */
function count(name, path, half) {
  if (++state.calls !== state.at) return undefined
  state.failed = `${name} ${path}`
  return state.act(name, path, half)
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
    if (isBelow(path)) await count(name, path)
    return real(path, ...rest)
  })
}

/** How to write half of a buffer or text that is the first of `args`. @param {AnyCall} write @param {any[]} args */
function halfOf(write, [data]) {
  if (typeof data !== 'string' && !Buffer.isBuffer(data)) return undefined
  const bytes = Buffer.from(data)
  return () => write(bytes.subarray(0, bytes.length / 2))
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
  await count('open', path)
  const handle = await real(path, ...rest)
  for (const name of ofHandles) {
    replace(handle, name, (inner) => async (...args) => {
      // A close that fails has closed all the same.
      const closed = name === 'close' ? await inner(...args) : undefined
      await count(name, path, halfOf(inner, args))
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
for (const name of ['writeSync', 'readSync']) {
  replace(calls, name, (real) => (fd, ...rest) => {
    if (opened.has(fd)) count(name, opened.get(fd))
    return real(fd, ...rest)
  })
}
replace(calls, 'closeSync', (real) => (fd) => {
  const path = opened.get(fd)
  opened.delete(fd)
  real(fd)
  if (path !== undefined) count('closeSync', path)
})
// What streams open and read files by.
replace(calls, 'open', (real) => (path, ...rest) => {
  const done = rest.pop()
  told('open', isBelow(path) ? path : undefined, done, () => {
    real(path, ...rest, (/** @type {unknown} */ error, /** @type {number} */ fd) => {
      if (!error && isBelow(path)) opened.set(fd, String(path))
      done(error, fd)
    })
  })
})
replace(
  calls,
  'read',
  (real) =>
    (fd, ...rest) =>
      told('read', opened.get(fd), rest.at(-1), () => real(fd, ...rest)),
)

/** A call that tells a callback of its error. @param {string} name @param {unknown} path @param {AnyCall} done @param {() => void} call */
function told(name, path, done, call) {
  try {
    if (path !== undefined) count(name, path)
  } catch (error) {
    process.nextTick(done, error)
    return
  }
  call()
}
syncBuiltinESMExports()
