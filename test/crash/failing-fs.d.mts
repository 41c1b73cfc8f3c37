/** What happens at the call; `half` writes the first half of what the call was to write. */
export type AtCall = (name: string, path: unknown, half?: () => Promise<unknown>) => unknown

export function atNth(under: string, at: number, act: AtCall): void
export function failNth(under: string, failAt: number, code: string): void
export function outcome(): { calls: number; failed: string }
