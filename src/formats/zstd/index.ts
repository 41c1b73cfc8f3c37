import { createZstdKernel, type ZstdKernel } from './kernel.js'
import { loadZstdPackage } from './package.js'

/** Decodes pages in memory of its own, one at a time: what it gives is good until the next. */
export type PageDecoder = Omit<ZstdKernel, 'decompressInto'>

/** Page decoders kept for the next file, and the memory that each of them may have. */
const mostKept = 8
const mostBytes = 8 << 20

/**
 * zstd: our own kernel decodes what most writers write, and the package all else: frames with a checksum or a dictionary,
 * several in a row, and whatever is broken, of which it says so. Compression is the package's.
 */
export async function loadZstd() {
  const { compress, decompress, decompressInto } = await loadZstdPackage()
  const kernel = createZstdKernel()
  const free: ZstdKernel[] = []
  return {
    compress,
    decompress(frame: Uint8Array, plainSize: number): Uint8Array {
      const plain = Buffer.allocUnsafeSlow(plainSize)
      return kernel?.decompressInto(frame, plain) ? plain : decompress(frame, plainSize)
    },
    decompressInto(frame: Uint8Array, plain: Uint8Array): void {
      if (!kernel?.decompressInto(frame, plain)) decompressInto(frame, plain)
    },
    pages: {
      lend: () => free.pop() ?? createZstdKernel(),
      takeBack(decoder: PageDecoder) {
        if (free.length < mostKept && decoder.bytes <= mostBytes) free.push(decoder as ZstdKernel)
      },
    },
  }
}
