import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createZstdKernel } from '../../src/formats/zstd/kernel.js'
import { wasmBase64 } from '../../src/formats/zstd/kernel.wasm.js'
import { loadZstdPackage } from '../../src/formats/zstd/package.js'

let zstd: Awaited<ReturnType<typeof loadZstdPackage>>
beforeAll(async () => {
  zstd = await loadZstdPackage()
})
const kernel = createZstdKernel()!

const words = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').split(/(?<=\s)/)

/** Bytes of many kinds: prose dealt out anew, numbers, runs of one byte, noise, and pieces of it all one after another. */
const plainBytes = fc
  .array(
    fc.oneof(
      fc
        .array(fc.nat(words.length - 1), { maxLength: 4000 })
        .map((picks) => Buffer.from(picks.map((at) => words[at]).join(''))),
      fc.array(fc.nat(1 << 20), { maxLength: 2000 }).map((numbers) => Buffer.from(Int32Array.from(numbers).buffer)),
      fc.tuple(fc.nat(255), fc.nat(200_000)).map(([byte, count]) => Buffer.alloc(count, byte)),
      fc
        .tuple(fc.nat(40), fc.nat(5000))
        .map(([period, count]) => Buffer.from(Array.from({ length: count }, (_, at) => at % (period + 1)))),
      fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => Buffer.concat(parts))

/** Texts as PLAIN has them, behind bytes of levels. */
function pageOf(parts: readonly Buffer[], levels: number): Buffer {
  const lengths = parts.map(({ length }) => Buffer.from(Uint32Array.of(length).buffer))
  return Buffer.concat([Buffer.alloc(levels, 200), ...parts.flatMap((part, i) => [lengths[i]!, part])])
}

describe('our zstd kernel', () => {
  it('gives what was compressed, at any level', () => {
    let own = 0
    fc.assert(
      fc.property(plainBytes, fc.integer({ min: -5, max: 19 }), (plain, level) => {
        const made = Buffer.alloc(plain.length)
        if (kernel.decompressInto(zstd.compress(plain, level), made)) {
          own++
          expect(Buffer.compare(made, plain)).toBe(0)
        }
      }),
      { numRuns: 300 },
    )
    expect(own).toBeGreaterThan(290)
  })

  it('makes nothing of a broken frame but what the package makes of it', () => {
    const change = fc.record({ at: fc.double({ min: 0, max: 0.999, noNaN: true }), bit: fc.nat(7) })
    fc.assert(
      fc.property(plainBytes, fc.array(change, { minLength: 1, maxLength: 3 }), (plain, changes) => {
        const frame = Buffer.from(zstd.compress(plain, 3))
        for (const { at, bit } of changes) frame[Math.floor(at * frame.length)]! ^= 1 << bit
        const made = Buffer.alloc(plain.length)
        // A bit that says nothing, of the window's size say, may be refused by the package alone.
        if (!kernel.decompressInto(frame, made) || made.equals(plain)) return
        expect(Buffer.compare(made, zstd.decompress(frame, plain.length))).toBe(0)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes no frame that is cut short', () => {
    const plain = Buffer.from(words.join(''))
    const frame = zstd.compress(plain)
    for (let size = 0; size < frame.length; size += 7) {
      expect(kernel.decompressInto(frame.subarray(0, size), Buffer.alloc(plain.length)), `${size} bytes`).toBe(false)
    }
    expect(kernel.decompressInto(frame, Buffer.alloc(plain.length))).toBe(true)
    expect(kernel.decompressInto(frame, Buffer.alloc(plain.length - 1))).toBe(false)
    expect(kernel.decompressInto(frame, Buffer.alloc(plain.length + 1))).toBe(false)
  })

  const texts = fc.array(
    fc.oneof(
      fc.string({ maxLength: 90 }),
      fc.string({ unit: 'grapheme', maxLength: 90 }),
      fc.constant('x'.repeat(400)),
    ),
    { minLength: 1, maxLength: 60 },
  )

  it('finds the texts of a page, tells which are ASCII, and closes them up', () => {
    fc.assert(
      fc.property(texts, fc.nat(40), (each, levels) => {
        const parts = each.map((text) => Buffer.from(text))
        const page = pageOf(parts, levels)
        const made = kernel.decompress(zstd.compress(page), page.length)!
        const bytes = made.subarray(levels)
        const ends = Array.from(kernel.findTexts(bytes, parts.length, 2000)!)
        let end = 0
        for (const [i, part] of parts.entries()) {
          end += 4 + part.length
          expect(ends[i]).toBe(part.every((byte) => byte < 128) ? end : ~end)
        }
        const { values, offsets } = kernel.closeUp(bytes, parts.length, 2000)!
        expect(Buffer.concat(parts).equals(values)).toBe(true)
        expect(parts.map((_, i) => offsets[i + 1]! - offsets[i]!)).toEqual(parts.map(({ length }) => length))
      }),
      { numRuns: 200 },
    )
  })

  it('finds no texts where lengths do not fill the page, and leaves it as it is', () => {
    const parts = ['one', 'and another', ''].map((text) => Buffer.from(text))
    const page = pageOf(parts, 0)
    const read = () => kernel.decompress(zstd.compress(page), page.length)!
    for (const [count, most, cut] of [
      [2, 100, 0],
      [4, 100, 0],
      [3, 10, 0],
      [3, 100, 1],
      [1, 100, page.length - 2],
      [1 << 30, 100, 0],
    ] as const) {
      const bytes = read().subarray(0, page.length - cut)
      expect(kernel.findTexts(bytes, count, most)).toBeUndefined()
      expect(kernel.closeUp(bytes, count, most)).toBeUndefined()
      expect(page.subarray(0, bytes.length).equals(bytes)).toBe(true)
    }
    expect(kernel.findTexts(page, 3, 100)).toBeUndefined()
    expect(kernel.findTexts(read(), 3, 11)).toHaveLength(3)
  })

  /** The text of bytes that lie in the kernel's memory, `before` and other bytes around them. */
  function decoded(bytes: Buffer, before = 0): string {
    const around = Buffer.concat([Buffer.alloc(before, 0xe4), bytes, Buffer.alloc(40, 0xbd)])
    const made = kernel.decompress(zstd.compress(around), around.length)!
    return kernel.decodeUtf8(made, before, before + bytes.length)
  }

  it('makes the strings of UTF-8, and of broken UTF-8, that the platform makes', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }).map((text) => Buffer.from(text)),
      fc.string({ unit: fc.constantFrom('é', 'ÿ', 'a', ' '), maxLength: 40 }).map((text) => Buffer.from(text)),
      fc
        .string({ unit: fc.constantFrom('词', '’', '😀', '\uFEFF', 'Ā', 'x'), maxLength: 40 })
        .map((text) => Buffer.from(text)),
      fc.string({ maxLength: 60 }).map((text) => Buffer.from(text)),
    )
    const texts = fc.array(piece, { maxLength: 6 }).map((pieces) => Buffer.concat(pieces))
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 })
    let broken = 0
    fc.assert(
      fc.property(texts, changes, fc.nat(20), (bytes, changed, before) => {
        for (const [at, byte] of changed) if (bytes.length > 0) bytes[at % bytes.length] = byte
        const expected = bytes.toString('utf8')
        if (expected.includes('\uFFFD')) broken++
        expect(decoded(bytes, before)).toBe(expected)
      }),
      { numRuns: 3000 },
    )
    expect(broken).toBeGreaterThan(300)
  })

  it('makes strings at the edges of what UTF-8 may hold, and of any length', () => {
    const edges = [
      ...['00', '7f', 'c280', 'c3bf', 'c480', 'dfbf', 'e0a080', 'ed9fbf', 'ee8080', 'efbfbf', 'f0908080', 'f48fbfbf'],
      // Too long a form, halves of pairs, beyond the last character, cut short, continuing nothing.
      ...[
        'c080',
        'c1bf',
        'e09fbf',
        'eda080',
        'edbfbf',
        'f08fbfbf',
        'f4908080',
        'f5808080',
        'ff',
        'c3',
        'e4bd',
        'f09f98',
        '80',
      ],
      ...['c341', 'e44180', 'e48041', 'f0419880', 'f09f4180', 'f09f9841'],
    ]
    for (const edge of edges) {
      for (const [before, after] of [
        ['', ''],
        ['x'.repeat(15), 'y'],
        ['é', 'z'.repeat(40)],
      ]) {
        const bytes = Buffer.concat([Buffer.from(before!), Buffer.from(edge, 'hex'), Buffer.from(after!)])
        expect(decoded(bytes), edge).toBe(bytes.toString('utf8'))
      }
    }
    for (const size of [(128 << 10) - 3, 128 << 10, (128 << 10) + 1, 1 << 20]) {
      const bytes = Buffer.from(`${'词'.repeat(30)}${'a'.repeat(size - 90)}`)
      expect(decoded(bytes) === bytes.toString('utf8'), `${size} bytes`).toBe(true)
      expect(kernel.decodeUtf8(bytes, 0, bytes.length) === bytes.toString('utf8'), 'bytes of another memory').toBe(true)
    }
  })

  it('decodes matches of any distance', () => {
    const prose = Buffer.from(words.join(''))
    for (const distance of [1, 7, 8, 15, 16, 33, 70_000, 5 << 20, 9 << 20, 17 << 20]) {
      const piece = Buffer.concat([prose, Buffer.alloc(distance)]).subarray(0, distance)
      const plain = Buffer.concat([piece, piece.subarray(0, 300), prose.subarray(7), piece, prose.subarray(90, 120)])
      const made = Buffer.alloc(plain.length)
      // Beyond 4 MB matches are looked for by the highest levels only.
      expect(kernel.decompressInto(zstd.compress(plain, distance > 4 << 20 ? 20 : 3), made), `${distance} bytes`).toBe(
        true,
      )
      expect(Buffer.compare(made, plain)).toBe(0)
    }
  })

  it.runIf(process.arch === 'x64')('is done without where WebAssembly knows no SIMD', async () => {
    const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
    const args = [file('dist/cli.js'), 'convert', file('fixtures/shards/flat-zstd.parquet'), '--to', 'jsonl', '-o', '-']
    const run = async (...flags: string[]) => (await promisify(execFile)(process.execPath, [...flags, ...args])).stdout
    const lacking = '--no-enable-sse4-1'
    const asked = 'console.log(WebAssembly.validate(Buffer.from(process.argv[1], "base64")))'
    const { stdout } = await promisify(execFile)(process.execPath, [lacking, '-e', asked, wasmBase64])
    expect(stdout.trim()).toBe('false')
    expect(await run(lacking)).toBe(await run())
  })

  it('decodes blocks of many megabytes, and small ones after them', () => {
    const large = Buffer.alloc(40 << 20)
    for (let at = 0; at < large.length; at += 4096) large.write(words[at % words.length]!, at)
    const small = Buffer.from(words.join(''))
    for (const plain of [large, small]) {
      const made = Buffer.alloc(plain.length)
      expect(kernel.decompressInto(zstd.compress(plain), made)).toBe(true)
      expect(Buffer.compare(made, plain)).toBe(0)
    }
  })
})
