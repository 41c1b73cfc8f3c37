import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

export type UploadOptions = {
  /** Large files go in parts of so many bytes; default in one request. */
  chunkBytes?: number
  /** Paths that the data set's .gitignore leaves out. */
  ignored?: string[]
  /** So many times somebody else commits just before. */
  moves?: number
  /** So many commits are made without the writer hearing of it. */
  lostAnswers?: number
  /** The status with which the storage answers a request instead. */
  storageScript?: (request: { path: string; count: number }) => number | undefined
  /** Where an object is to be sent instead. */
  wrongHref?: string
}

export type HubUploads = {
  /** What the storage was asked. */
  seen: { method: string | undefined; path: string; headers: IncomingHttpHeaders; bytes: number }[]
  /** Paths that lie in git itself. */
  inGit: Set<string>
  answer(request: IncomingMessage, url: URL, branch: string): Promise<[status: number, json: unknown] | undefined>
  close(): Promise<void>
}

export function startHubUploads(options: {
  repository: string
  commits: Record<string, Record<string, Uint8Array | string>>
  branches: Record<string, string>
  upload?: UploadOptions
}): Promise<HubUploads>
