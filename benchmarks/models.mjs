// How well does a client fill the places it is given, and at what cost? A server of ours answers 200 ms after each request;
// ideal is places / latency. Ours keeps a journal and checks every reply; the peers only ask.
//
//   SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/models.mjs [rows = 1000] [places = 64,256]
//
// The Python needs `pip install aiohttp openai`; SLUICE_BENCH_DISTILABEL may name another, with `'distilabel[openai]' requests`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { metered } from './child.mjs'

const latencyMs = 200
const [rows, places] = [Number(process.argv[2] ?? 1000), (process.argv[3] ?? '64,256').split(',').map(Number)]
const file = (name) => fileURLToPath(new URL(name, import.meta.url))
const python = process.env.SLUICE_BENCH_PYTHON
const clients = [
  { name: 'sluice', command: process.execPath, args: [file('models_client.mjs')] },
  ...['aiohttp', 'openai'].map((name) => ({ name, command: python, args: [file('models_peers.py'), name] })),
  { name: 'distilabel', command: process.env.SLUICE_BENCH_DISTILABEL, args: [file('models_distilabel.py')] },
]

const server = spawn(process.execPath, [file('models_server.mjs'), String(latencyMs)], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const url = String((await once(server.stdout, 'data'))[0]).trim()
try {
  for (const inFlight of places) measure(inFlight)
} finally {
  server.kill()
}

/** A line a client: its share of the ideal throughput, its CPU without that of starting, and its peak memory. */
function measure(inFlight) {
  console.log(`${rows} calls, ${inFlight} in flight, ${latencyMs} ms`)
  let ours
  for (const { name, command, args } of clients) {
    const result = run(command, args, inFlight)
    if (typeof result === 'string') {
      console.log(`  ${name} left out: ${result}`)
      continue
    }
    const { share, cpu, mb } = result
    ours ??= cpu
    const ratio = name === 'sluice' ? '' : `   sluice / ${name} = ${(ours / cpu).toFixed(2)}`
    const line = `${(100 * share).toFixed(1).padStart(5)} % of ideal ${cpu.toFixed(2).padStart(6)} CPU s per 1,000`
    console.log(`  ${name.padEnd(10)} ${line} ${mb.toFixed(0).padStart(5)} MB${ratio}`)
  }
}

/** What one client did, or why it did not run. */
function run(command, args, inFlight) {
  if (command === undefined) return 'no Python is named that has it'
  try {
    const starting = metered(command, [...args, url, '0', String(inFlight)]).cpu
    const { cpu, mb, out } = metered(command, [...args, url, String(rows), String(inFlight)])
    const { answered, seconds } = JSON.parse(out)
    if (answered !== rows) throw new Error(`${answered} of ${rows} rows were answered`)
    // The last round of places is seldom full, and ideal all the same.
    const idealSeconds = (Math.ceil(rows / inFlight) * latencyMs) / 1000
    return { share: idealSeconds / seconds, cpu: ((cpu - starting) * 1000) / rows, mb }
  } catch (error) {
    return error.message
  }
}
