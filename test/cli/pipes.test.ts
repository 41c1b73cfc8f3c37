import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-pipes-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const to = (format: string) => `convert - --from jsonl -o - --to ${format}`

describe('a pipe whose reader has seen enough', () => {
  it.each(['head - --from jsonl -n 1000000000', ...['jsonl', 'json', 'csv', 'arrow', 'parquet'].map(to)])(
    'ends `sluice %s` quietly, where there is no end of rows to read',
    async (command) => {
      const errors = join(folder, 'stderr')
      // The shell keeps the exit code of each in PIPESTATUS: yes dies of the same pipe, one further up.
      const line = `yes '{"name":"a row of some length"}' | "$0" "$1" ${command} 2> "$2" | head -c 1000 | wc -c; echo "\${PIPESTATUS[1]}"`
      const { stdout } = await promisify(execFile)('bash', ['-c', line, process.execPath, cli, errors])
      expect(stdout.trim().split(/\s+/)).toEqual(['1000', '0'])
      expect(await readFile(errors, 'utf8')).toBe('')
    },
  )
})
