import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { emptyTally } from '../../run/tally.js'
import type { Committed, Pass, RunView } from '../../run/types.js'
import { nearestCentroid } from '../../select/kernel/nearest.js'
import { readCentroids } from './solve.js'
import { readTiles } from './tiles.js'
import { readVectorFile, vectorsFile } from './vector-file.js'

/** Bytes an assigned row takes: cluster (uint32) and squared distance (float32), little-endian. */
const rowBytes = 8

/** Gives every kept row its nearest centroid; spilled, since a corpus has more rows than memory has room for. */
export function assignPass(): Pass {
  return {
    name: 'assign',
    apart: true,
    tasks: async (run) => run.committed('scan').map(({ task }) => task),
    async work(task, { plan, committed, folder, signal, progress }) {
      const { centroids, dimensions } = await readCentroids({ plan, committed }, 'refine')
      const kernel = nearestCentroid(centroids, dimensions)
      const scanned = committed('scan').find((scan) => scan.task.id === task.id)!
      const file = await open(join(folder, 'assigned.bin'), 'w')
      try {
        for await (const tile of readVectorFile(join(scanned.folder, vectorsFile), dimensions)) {
          signal.throwIfAborted()
          const rows = tile.length / dimensions
          const { labels, distances } = kernel.assign(tile, rows)
          const bytes = Buffer.alloc(rows * rowBytes)
          for (let i = 0; i < rows; i++) {
            bytes.writeUInt32LE(labels[i]!, i * rowBytes)
            bytes.writeFloatLE(distances[i]!, i * rowBytes + 4)
          }
          await file.writeFile(bytes)
          progress(rows)
        }
      } finally {
        await file.close()
      }
      return emptyTally
    },
  }
}

/** Assignments of some rows on end. */
export type Assigned = { readonly clusters: Uint32Array; readonly distances: Float32Array }

/** Reads the assignments that belong to a scan task, in the order in which it kept its rows, 65,536 rows at a time. */
export async function* readAssigned(run: RunView, scanned: Committed): AsyncGenerator<Assigned> {
  const assigned = run.committed('assign').find(({ task }) => task.id === scanned.task.id)!
  for await (const tile of readTiles(join(assigned.folder, 'assigned.bin'), { rows: 65_536, rowBytes })) {
    const bytes = new DataView(tile.buffer)
    const rows = tile.length / rowBytes
    const clusters = Uint32Array.from({ length: rows }, (_, row) => bytes.getUint32(row * rowBytes, true))
    const distances = Float32Array.from({ length: rows }, (_, row) => bytes.getFloat32(row * rowBytes + 4, true))
    yield { clusters, distances }
  }
}
