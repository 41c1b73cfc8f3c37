import { parentPort, workerData } from 'node:worker_threads'
import { bestKind, openRank } from './nearest.js'
import { isOpen, type RankPass, rankTiles, type SharedRows } from './shared-tiles.js'

// The thread that threads.ts starts: it ranks tiles of its parent's rows, as many as it can get, and tells when it has none.

function serve(): void {
  const shared = workerData as SharedRows
  const { capacity, dimensions } = shared
  const backend = openRank({ capacity, dimensions, measure: 'distance' }, bestKind())
  parentPort!.on('message', (pass: RankPass) => {
    if (!isOpen(pass)) return
    backend.put(0, pass.centroids)
    const tiles = rankTiles(backend, shared, pass)
    while (!tiles.next().done);
    parentPort!.postMessage('done')
  })
}

serve()
