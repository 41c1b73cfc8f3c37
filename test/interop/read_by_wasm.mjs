// Has parquet-wasm read files and hand each over as an Arrow stream beside it, `FILE.wasm.arrows`, for another reader to look
// into: `node read_by_wasm.mjs FILE…`, with SLUICE_BENCH_PEERS naming a folder that it is installed in.
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const peers = process.env.SLUICE_BENCH_PEERS
if (!peers) throw new Error('Expected SLUICE_BENCH_PEERS to name a folder with parquet-wasm')
const { readParquet } = createRequire(join(peers, 'package.json'))('parquet-wasm/node')
for (const path of process.argv.slice(2)) {
  const table = readParquet(new Uint8Array(await readFile(path)))
  await writeFile(`${path}.wasm.arrows`, table.intoIPCStream())
}
