import type { FilesServer } from './files-server.mjs'
import type { HubUploads, UploadOptions } from './hub-uploads.mjs'

export type HubOptions = {
  /** owner/name */
  repository: string
  /** Files by path, of each commit. */
  commits: Record<string, Record<string, Uint8Array | string>>
  /** Commits by branch; may be changed while the server runs. */
  branches: Record<string, string>
  /** The only token that is let in; default none is needed. */
  token?: string
  pageSize?: number
  /** The status to answer a request with instead. */
  script?: (request: { path: string; count: number }) => number | undefined
  /** Makes the Link header of the next page. */
  links?: (next: URL) => string
  /** What every tree lists instead. */
  entries?: object[]
  /** How it takes what is written to it. */
  upload?: UploadOptions
}

export type HubServer = {
  url: string
  seen: { path: string; search: string; authorization: string | undefined }[]
  /** Where the bytes are. */
  cdn: FilesServer
  /** Where large files are sent. */
  uploads: HubUploads
  close(): Promise<void>
}

export function startHubServer(options: HubOptions): Promise<HubServer>
