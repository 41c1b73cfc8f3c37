import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

/** The collections of a process that holds so many MB of strings in the end, as V8 tells them. */
function collections(megabytes: number): string {
  const script = `
    import { letHeapGrow, markAtOnceWhileSmall } from '${new URL('../../dist/cli/heap.js', import.meta.url).href}'
    letHeapGrow(100)
    markAtOnceWhileSmall()
    const held = []
    for (let n = 0; n < ${megabytes}; n++) {
      held.push(Array.from({ length: 8 }, (_, part) => String(n + part).repeat(2 ** 16)).map((text) => Buffer.from(text).toString('latin1')))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }`
  const { status, stdout } = spawnSync(process.execPath, ['--trace-gc', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  expect(status).toBe(0)
  return stdout
}

it('has a small heap marked in one go, and a larger one in steps', () => {
  expect(collections(30)).not.toContain('incremental marking')
  expect(collections(200)).toContain('incremental marking')
})
