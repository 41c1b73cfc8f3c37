import { catalogue, findPulled } from '../models/catalogue.js'
import { pullModel } from '../models/pull.js'
import { pullEncoder } from '../models/pull-encoder.js'
import { UsageError } from '../stream/errors.js'
import type { Terminal, Verb, VerbGroup, VerbName } from './verb.js'

const pullVerb: Verb & VerbName = {
  name: 'pull',
  summary: 'fetch a small model, or an ONNX encoder of the hub (hf:ORG/NAME), into the cache, its hashes checked',
  operands: '<name>',
  example: 'sluice models pull smollm2\nsluice models pull hf:sentence-transformers/all-MiniLM-L6-v2',
  flags: [],
  run: async ([name], _flags, terminal) => {
    const download = showDownload(terminal)
    try {
      const path = await (name!.startsWith('hf:') ? pullEncoder : pullModel)(name!, download)
      if (terminal.json) terminal.out(JSON.stringify({ name, path }))
      else terminal.out(path)
    } finally {
      download.end()
    }
    return 0
  },
}

const listVerb: Verb & VerbName = {
  name: 'list',
  summary: 'list the models that can be fetched',
  operands: '',
  example: 'sluice models list',
  flags: [],
  run: async (_operands, _flags, terminal) => {
    const models = await Promise.all(
      Object.entries(catalogue).map(async ([name, { title, bytes, licence }]) => {
        return { name, title, bytes, licence, path: await findPulled(name).catch(absent) }
      }),
    )
    if (terminal.json) terminal.out(JSON.stringify({ models }))
    else {
      for (const { name, title, bytes, licence, path } of models) {
        terminal.out(`${name.padEnd(10)} ${title}, ${Math.round(bytes / 1e6)} MB, ${licence}: ${path ?? 'not pulled'}`)
      }
    }
    return 0
  },
}

export const modelsVerb: VerbGroup = { example: 'sluice models pull smollm2', verbs: [pullVerb, listVerb] }

/** Shows a download on stderr: a bar on a terminal, nothing but the notes elsewhere. */
export function showDownload(terminal: Terminal): {
  onProgress(done: number, total: number): void
  log(text: string): void
  end(): void
} {
  const live = process.stderr.isTTY === true && !terminal.quiet
  const clear = () => {
    if (live) process.stderr.write('\r\x1b[2K')
  }
  return {
    onProgress: (done, total) => {
      if (!live) return
      const filled = Math.round((30 * done) / Math.max(1, total))
      const bar = '█'.repeat(filled).padEnd(30, '░')
      process.stderr.write(`\r\x1b[2K${bar} ${(done / 1e6).toFixed(0)} of ${(total / 1e6).toFixed(0)} MB`)
    },
    log: (text) => {
      clear()
      if (!terminal.quiet) terminal.err(text)
    },
    end: clear,
  }
}

function absent(error: unknown): undefined {
  if (error instanceof UsageError) return undefined
  throw error
}
