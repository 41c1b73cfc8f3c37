// Vectors to measure selection on, and the Python peers that read them.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A generator of uniform numbers in (0, 1), the same for one seed. */
export function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 2 ** 32
  }
}

/** Unit vectors in clusters of very uneven sizes (the c-th as large as 1/c) with heavy-tailed noise, like embeddings. */
export function mixture(rows, dimensions, clusters, seed) {
  const next = generator(seed)
  const normal = () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next())
  const centres = Float32Array.from({ length: clusters * dimensions }, normal)
  const cumulated = [1]
  for (let c = 2; c <= clusters; c++) cumulated.push(cumulated.at(-1) + 1 / c)
  const vectors = new Float32Array(rows * dimensions)
  for (let row = 0; row < rows; row++) {
    const draw = next() * cumulated.at(-1)
    const centre = cumulated.findIndex((sum) => sum > draw) * dimensions
    const spread = 0.9 / Math.sqrt(0.1 + next())
    let square = 0
    const at = row * dimensions
    for (let d = 0; d < dimensions; d++) {
      const value = centres[centre + d] + spread * normal()
      vectors[at + d] = value
      square += value * value
    }
    for (let d = 0; d < dimensions; d++) vectors[at + d] /= Math.sqrt(square)
  }
  return vectors
}

/** What `work` gives and the CPU seconds of all threads it took. */
export function cpuSeconds(work) {
  const before = process.cpuUsage()
  const value = work()
  const { user, system } = process.cpuUsage(before)
  return { value, seconds: (user + system) / 1e6 }
}

/** The same for work that waits. */
export async function cpuSecondsOf(work) {
  const before = process.cpuUsage()
  const value = await work()
  const { user, system } = process.cpuUsage(before)
  return { value, seconds: (user + system) / 1e6 }
}

/**
 * Runs a Python peer beside this file on one thread. It is given a folder that holds `inputs` as little-endian float32 files
 * and the further arguments; it prints a line of JSON, which `read` is told, and may leave files, which it gets at. Says so and gives
 * undefined where that Python or a library is missing.
 */
export function runPeer(script, inputs, args, read = () => undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  try {
    for (const [name, numbers] of Object.entries(inputs)) {
      writeFileSync(join(folder, `${name}.f32`), Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength))
    }
    const one = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1' }
    const file = fileURLToPath(new URL(script, import.meta.url))
    const child = spawnSync(process.env.SLUICE_BENCH_PYTHON ?? 'python3', [file, folder, ...args.map(String)], {
      env: { ...process.env, ...one },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (child.status !== 0) {
      const reason = child.error?.message ?? child.stderr.trim().split('\n').at(-1)
      console.log(`peers skipped: ${reason}. Name a Python that has them in SLUICE_BENCH_PYTHON.`)
      return undefined
    }
    const said = JSON.parse(child.stdout.trim().split('\n').at(-1))
    return { ...said, files: read((name) => readNumbers(join(folder, name)), said) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function readNumbers(path) {
  const bytes = readFileSync(path)
  return new Float32Array(new Uint8Array(bytes).buffer)
}
