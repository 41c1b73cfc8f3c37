// sluice's side of read.mjs: `node read_cases.mjs CASE FILE` prints CPU seconds, the best of three readings, and the peak
// memory of the first as a line of JSON; `workers N FILES…` prints seconds of wall time and CPU.
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { readShard } from '../dist/formats/index.js'
import { readTexts } from '../dist/formats/texts.js'

const at = (path) => ({ path, format: 'parquet' })

const cases = {
  async bytes(path) {
    let bytes = 0
    for await (const { offsets } of readTexts(at(path), 'text')) bytes += offsets.at(-1) - offsets[0]
    return bytes
  },
  async strings(path) {
    let rows = 0
    for await (const batch of readShard(at(path), { columns: ['text'] })) rows += batch.length
    return rows
  },
  async rows(path) {
    let rows = 0
    for await (const batch of readShard(at(path))) rows += batch.length
    return rows
  },
}

async function best(work) {
  const seconds = []
  let [said, mb] = []
  for (let run = 0; run < 3; run++) {
    const before = process.cpuUsage()
    said = await work()
    const { user, system } = process.cpuUsage(before)
    seconds.push((user + system) / 1e6)
    mb ??= process.resourceUsage().maxRSS / 1024
  }
  return { cpu: Math.min(...seconds), mb, said }
}

/** Wall and CPU seconds of `count` workers that share the files out among them, started beforehand. */
async function workers(count, files) {
  const pool = Array.from({ length: count }, () => new Worker(new URL(import.meta.url), { workerData: 'reader' }))
  const answer = (worker) => new Promise((resolve) => worker.once('message', resolve))
  const readAll = async () => {
    const waiting = [...files]
    const turn = async (worker) => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
        worker.postMessage(file)
        await answer(worker)
      }
    }
    await Promise.all(pool.map(turn))
  }
  let wall = Number.POSITIVE_INFINITY
  const { cpu, mb } = await best(async () => {
    const before = performance.now()
    await readAll()
    wall = Math.min(wall, (performance.now() - before) / 1000)
  })
  await Promise.all(pool.map((worker) => worker.terminate()))
  return { wall, cpu, mb }
}

if (workerData === 'reader') parentPort.on('message', async (path) => parentPort.postMessage(await cases.strings(path)))
else {
  const [name, first, ...rest] = process.argv.slice(2)
  const result = name === 'workers' ? await workers(Number(first), rest) : await best(() => cases[name](first))
  console.log(JSON.stringify(result))
}
