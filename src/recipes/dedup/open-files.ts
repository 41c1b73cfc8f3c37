import { closeSync, openSync, readSync } from 'node:fs'

/** Files that stay open, so that readings side by side cost one opening. */
const mostOpen = 64

/** Reads small pieces of many files, in any order. */
export type OpenFiles = {
  /** Fills `into` from a place of a file. */
  read(path: string, into: Uint8Array, position: number): void
  close(): void
}

/** Opens a file when it is first read, and closes all before there are too many. */
export function createOpenFiles(): OpenFiles {
  const open = new Map<string, number>()
  const close = () => {
    for (const file of open.values()) closeSync(file)
    open.clear()
  }
  return {
    read(path, into, position) {
      let file = open.get(path)
      if (file === undefined) {
        if (open.size === mostOpen) close()
        file = openSync(path, 'r')
        open.set(path, file)
      }
      readSync(file, into, 0, into.length, position)
    },
    close,
  }
}
