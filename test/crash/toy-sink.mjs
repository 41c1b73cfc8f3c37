// Writes a hundred rows into FOLDER/rows.txt, going on where it was killed: `atomic` by one rename for each ten rows, `naive` by
// appending rows and then, in another file, how far it has come. node toy-sink.mjs atomic|naive FOLDER
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'

const [kind, folder = ''] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const rows = join(folder, 'rows.txt')
const progress = join(folder, 'progress.txt')
const textOf = (/** @type {string} */ path) => (existsSync(path) ? readFileSync(path, 'utf8') : '')

let text = textOf(rows)
const done = kind === 'atomic' ? text.split('\n').length - 1 : Number(textOf(progress))
for (let row = done; row < 100; row++) {
  text += `row ${row}\n`
  if (kind === 'naive') appendFileSync(rows, `row ${row}\n`)
  await after(1)
  if (row % 10 !== 9) continue
  if (kind === 'naive') writeFileSync(progress, String(row + 1))
  else {
    writeFileSync(`${rows}.tmp`, text)
    renameSync(`${rows}.tmp`, rows)
  }
}
