import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder of its own for the running test, gone when it ends. */
export async function scratch(files: Record<string, string | Uint8Array> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-tables-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

/** So many JSON lines of about two hundred bytes. */
export function jsonLines(rows: number): string {
  let text = ''
  for (let n = 0; n < rows; n++) text += `${JSON.stringify({ n, text: `row ${n} `.repeat(20) })}\n`
  return text
}

export const parsed = (stdout: string): unknown[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
