// How much CPU and memory does a JSONL file of texts cost to read into rows, beside Python's json and pyarrow.json?
//
//   npm run build:ts && SLUICE_BENCH_PYTHON=venv/bin/python node benchmarks/jsonl.mjs [megabytes]
//
// Each reader runs in a process of its own over the same file, plain and gzipped; a figure is the best of three runs in
// CPU seconds, start-up taken off (a run over an empty file). Python's json gives dicts as ours gives objects; pyarrow
// gives columns, which no row was made of, and is one thread. The Python needs `pip install pyarrow`.
import { createWriteStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createGzip } from 'node:zlib'
import { show, timed } from './child.mjs'
import { generator } from './vectors.mjs'

const [mode, path] = process.argv.slice(2)
if (mode === 'read') await read(path)
else await compare(Number(mode ?? 250))

async function read(file) {
  const { readShard } = await import('../dist/formats/index.js')
  let [rows, characters] = [0, 0]
  for await (const batch of readShard({ path: file, format: 'jsonl' })) {
    rows += batch.length
    for (const row of batch) characters += row.text.length
  }
  console.log(JSON.stringify({ rows, characters }))
}

async function compare(megabytes) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  try {
    const plain = join(folder, 'corpus.jsonl')
    const empty = join(folder, 'empty.jsonl')
    writeFileSync(empty, '')
    await makeCorpus(plain, megabytes)
    const python = fileURLToPath(new URL('jsonl_peers.py', import.meta.url))
    const self = fileURLToPath(import.meta.url)
    for (const file of [plain, `${plain}.gz`]) {
      const ours = timed(process.execPath, [self, 'read'], file, empty)
      console.log(`${file.endsWith('.gz') ? 'gzipped' : 'plain'}, ${(statSync(file).size / 1e6).toFixed(0)} MB`)
      show('sluice', ours)
      for (const peer of ['json', 'pyarrow']) {
        const theirs = timed(process.env.SLUICE_BENCH_PYTHON ?? 'python3', [python, peer], file, empty)
        show(peer, theirs, ours)
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Rows with the nine columns of a web corpus, about 2,000 bytes each; one text in three has typographic quotes. */
async function makeCorpus(file, megabytes) {
  const next = generator(5)
  const letters = 'etaoinshrdlucmfwypvbgk'
  const words = Array.from({ length: 20_000 }, () =>
    Array.from({ length: 2 + Math.floor(next() * 8) }, () => letters[Math.floor(letters.length * next() ** 2)]).join(
      '',
    ),
  )
  const word = () => words[Math.floor(words.length * next() ** 4)] + (next() < 0.03 ? '.\n' : '')
  const outputs = [createWriteStream(file), createGzip({ level: 6 })]
  const gz = outputs[1].pipe(createWriteStream(`${file}.gz`))
  for (let bytes = 0, n = 0; bytes < megabytes * 1e6; n++) {
    const text = Array.from({ length: 50 + Math.floor(next() * 500) }, word).join(' ')
    const row = {
      text: n % 3 === 0 ? text.replaceAll('.\n', ' “so”.\n') : text,
      id: `<urn:uuid:${n}>`,
      dump: 'CC-MAIN-2024-10',
      url: `https://example.com/articles/${n}.html`,
      date: '2024-02-21T05:08:11Z',
      file_path: `s3://commoncrawl/crawl-data/CC-MAIN-2024-10/segments/${n % 100}/warc/${n % 9000}.warc.gz`,
      language: 'en',
      language_score: next(),
      token_count: text.length >> 2,
    }
    const line = Buffer.from(`${JSON.stringify(row)}\n`)
    bytes += line.length
    for (const output of outputs) {
      if (!output.write(line)) await new Promise((resolve) => output.once('drain', resolve))
    }
  }
  for (const output of outputs) output.end()
  await Promise.all([finished(outputs[0]), finished(gz)])
}
