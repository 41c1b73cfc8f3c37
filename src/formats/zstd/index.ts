import { createZstdKernel, type ZstdKernel } from './kernel.js'
import { loadZstdPackage } from './package.js'

/** Decodes pages of texts in memory of its own, one at a time: what it gives is good until the next. */
export type TextPages = Pick<ZstdKernel, 'decompress' | 'closeUp'>

/**
 * zstd: our own kernel decodes what most writers write, and the package all else: frames with a checksum or a dictionary,
 * several in a row, and whatever is broken, of which it says so. Compression is the package's.
 */
export async function loadZstd() {
  const { compress, decompress, decompressInto } = await loadZstdPackage()
  const kernel = createZstdKernel()
  return {
    compress,
    decompress(frame: Uint8Array, plainSize: number): Uint8Array {
      const plain = Buffer.allocUnsafeSlow(plainSize)
      return kernel.decompressInto(frame, plain) ? plain : decompress(frame, plainSize)
    },
    decompressInto(frame: Uint8Array, plain: Uint8Array): void {
      if (!kernel.decompressInto(frame, plain)) decompressInto(frame, plain)
    },
    openTexts: createZstdKernel,
  }
}
