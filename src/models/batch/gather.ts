export type GathererOptions = {
  /** Most calls of a batch, and most bytes. */
  readonly most: number
  readonly mostBytes: number
  /** How long to wait for a further call, in milliseconds. */
  readonly gatherMs: number
  onFull(keys: readonly string[]): void
}

/** Gathers the keys of calls until there are so many, so many bytes of them, or none has come for a while. */
export function gatherer({ most, mostBytes, gatherMs, onFull }: GathererOptions) {
  let sizes = new Map<string, number>()
  let bytes = 0
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    const keys = [...sizes.keys()]
    sizes = new Map()
    bytes = 0
    if (keys.length > 0) onFull(keys)
  }
  return {
    add(key: string, size: number) {
      if (bytes + size > mostBytes) flush()
      sizes.set(key, size)
      bytes += size
      clearTimeout(timer)
      if (sizes.size >= most) flush()
      else timer = setTimeout(flush, gatherMs)
    },
    remove(key: string) {
      bytes -= sizes.get(key) ?? 0
      sizes.delete(key)
    },
    stop: () => clearTimeout(timer),
  }
}
