import { describe, expect, it } from 'vitest'
import { closing } from '../../src/stream/closing.js'

const done = async () => 1
const fails = async () => {
  throw new Error('the work broke')
}

function opened(error?: Error) {
  const open = {
    closed: 0,
    close() {
      open.closed++
      if (error) throw error
    },
  }
  return open
}

describe('closing', () => {
  it('closes once, however the work ends', async () => {
    for (const work of [done, fails]) {
      const open = opened()
      await closing(open, work).catch(() => {})
      expect(open.closed).toBe(1)
    }
  })

  it('throws what ended the work, and what closing threw only where the work was done', async () => {
    const full = new Error('no space left')
    await expect(closing(opened(), done)).resolves.toBe(1)
    await expect(closing(opened(), fails)).rejects.toThrow('the work broke')
    await expect(closing(opened(full), fails)).rejects.toThrow('the work broke')
    await expect(closing(opened(full), done)).rejects.toThrow('no space left')
    await expect(closing({ close: async () => Promise.reject(full) }, fails)).rejects.toThrow('the work broke')
  })
})
