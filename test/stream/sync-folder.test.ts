import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { syncFolder } from '../../src/stream/sync-folder.js'

it('syncs a folder, and lets be what is none or cannot be opened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-sync-'))
  try {
    await writeFile(join(folder, 'file'), '')
    for (const path of [folder, join(folder, 'file'), join(folder, 'missing'), '/dev/null']) {
      await expect(syncFolder(path)).resolves.toBeUndefined()
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
