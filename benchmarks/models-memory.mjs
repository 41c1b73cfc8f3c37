// Does memory grow with the number of calls? A server that answers at once is asked more and more often, each time by a
// process of its own with the heap of the command line; replies are checked and journalled.
//
//   node benchmarks/models-memory.mjs [calls = 1000,10000,100000] [places = 64]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { metered } from './child.mjs'

const [calls, places] = [(process.argv[2] ?? '1000,10000,100000').split(',').map(Number), process.argv[3] ?? '64']
const file = (name) => fileURLToPath(new URL(name, import.meta.url))

const server = spawn(process.execPath, [file('models_server.mjs'), '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
const url = String((await once(server.stdout, 'data'))[0]).trim()
try {
  let least
  for (const rows of calls) {
    // As src/cli.ts sets it.
    const args = ['--heap-growing-percent=20', file('models_client.mjs'), url, String(rows), places]
    const { mb, cpu, out } = metered(process.execPath, args)
    if (JSON.parse(out).answered !== rows) throw new Error(`not all of ${rows} rows were answered`)
    least ??= mb
    const more = ((mb - least) * 2 ** 20) / rows
    const grown = rows === calls[0] ? '' : `, ${more.toFixed(0)} bytes more a call than ${calls[0]} take`
    console.log(
      `${String(rows).padStart(7)} calls ${mb.toFixed(0).padStart(5)} MB ${cpu.toFixed(1).padStart(6)} CPU s${grown}`,
    )
  }
} finally {
  server.kill()
}
