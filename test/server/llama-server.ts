import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { findPulled } from '../../src/models/catalogue.js'

/** The local model that the server is given; absent where there is none on this machine. */
const model = process.env.SLUICE_TEST_MODEL ?? (await findPulled('smollm2'))

/** Why there is no llama.cpp server to test against; absent where there is one. */
export const noLlamaServer =
  model === undefined
    ? 'no local model (sluice models pull smollm2)'
    : spawnSync('python3', ['-c', 'import xllamacpp']).status === 0
      ? undefined
      : 'python3 has no llama.cpp server (pip install xllamacpp)'

/** Serves until its standard input ends, so that it never outlives the tests. */
const script = `
import sys
import xllamacpp
model, port, embeds = sys.argv[1:]
params = xllamacpp.CommonParams()
params.model.path = model
params.port = int(port)
params.n_ctx = 2048
params.n_parallel = 2
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.verbosity = 0
if embeds == "true":
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
`

export type LlamaServer = {
  /** Where its API begins, with /v1. */
  readonly url: string
  readonly port: number
  /** Whether it is writing a reply. */
  isBusy(): Promise<boolean>
  /** Ends it at once, whatever it is doing. */
  kill(): Promise<void>
}

/** llama.cpp's own HTTP server on loopback, of the small local model: two places of 1,024 tokens; `embeds` gives vectors instead. */
export async function startLlamaServer({ port = 0, embeds = false } = {}): Promise<LlamaServer> {
  const child: ChildProcess = spawn('python3', ['-c', script, model!, String(port), String(embeds)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr!.on('data', (chunk) => (said += chunk))
  const ended = once(child, 'exit')
  const listening = once(child.stdout!, 'data').then(([line]) => new URL(String(line).trim()))
  const url = await Promise.race([
    listening,
    ended.then(([code]) => Promise.reject(new Error(`ended: ${code} ${said}`))),
  ])
  return {
    url: `${url.origin}/v1`,
    port: Number(url.port),
    async isBusy() {
      const slots = (await (await fetch(new URL('/slots', url))).json()) as { is_processing: boolean }[]
      return slots.some((slot) => slot.is_processing)
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
