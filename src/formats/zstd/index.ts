import { createZstdKernel } from './kernel.js'
import { loadZstdPackage } from './package.js'

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
      return kernel(frame, plain) ? plain : decompress(frame, plainSize)
    },
    decompressInto(frame: Uint8Array, plain: Uint8Array): void {
      if (!kernel(frame, plain)) decompressInto(frame, plain)
    },
  }
}
