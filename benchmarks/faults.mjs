// What do faults cost? The same rows at a server that is well and at one that does, for a share of the calls, whatever a bad
// server does: every kind alike, hung calls and pleas for a second's peace among them. Throws where a row is lost, where one has
// a reply that is not its own, and where a call comes sooner than the server asked.
//
//   node benchmarks/faults.mjs [rows = 2000] [in flight = 64] [shares = 30,60]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startOpenAiServer, usualFaults } from '../test/server/openai-server.mjs'

const latencyMs = 200
const [rows, inFlight] = [Number(process.argv[2] ?? 2000), Number(process.argv[3] ?? 64)]
const shares = (process.argv[4] ?? '30,60').split(',').map(Number)
console.log(`${rows} rows, ${inFlight} in flight, ${latencyMs} ms, a call given up after 2 s`)
const well = await measure(0)
console.log(`  no faults ${well.seconds.toFixed(1).padStart(7)} s`)
for (const share of shares) {
  const { answered, failed, wrong, seconds, violations, paidTwice, faulty } = await measure(share)
  const ratio = `${seconds.toFixed(1).padStart(7)} s = ${(seconds / well.seconds).toFixed(2)} x`
  const rest = `${wrong} wrong, ${violations} sooner than asked, ${paidTwice} paid for twice`
  console.log(
    `  ${String(share).padStart(2)} % faults ${ratio}   ${answered} answered, ${failed} failed, ${rest}, ${faulty} faulty calls`,
  )
  if (answered + failed !== rows) throw new Error(`${answered} and ${failed} are not ${rows} rows`)
  if (wrong > 0) throw new Error(`${wrong} rows have a reply that is not theirs`)
  if (violations > 0) throw new Error(`${violations} calls came sooner than the server asked`)
}

async function measure(share) {
  const faults = Object.fromEntries(usualFaults.map((kind) => [kind, share / 100 / usualFaults.length]))
  const reply = ({ messages }) => `Echo ${messages[0].content.slice(4).split('. ')[0]}.`
  const server = await startOpenAiServer({ latencyMs, faults, retryAfterS: 1, reply })
  try {
    const client = fileURLToPath(new URL('models_client.mjs', import.meta.url))
    const child = spawn(process.execPath, [client, server.url, String(rows), String(inFlight), 'echo'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.on('data', (text) => {
      out += text
    })
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`the client ended with ${code}`)
    const paidTwice = [...server.paid.values()].filter((paid) => paid > 1).length
    const faulty = [...server.faulted.values()].reduce((sum, count) => sum + count, 0)
    return { ...JSON.parse(out), violations: server.violations, paidTwice, faulty }
  } finally {
    await server.close()
  }
}
