import type { IncomingHttpHeaders } from 'node:http'

export type Seen = {
  path: string
  url: string
  range: string | undefined
  headers: IncomingHttpHeaders
  connection?: number
}

/** What a bad server does to one request. */
export type Fault = {
  /** Answers with this status instead of the file. */
  status?: number
  headers?: Record<string, string>
  body?: string
  /** Sends so many bytes of the body, then breaks the connection. */
  cutAfter?: number
  /** Sends so many bytes of the body, then nothing more. */
  stallAfter?: number
  /** Claims another state of the file. */
  etag?: string
  contentRange?: string
  ignoreRange?: boolean
}

export type FilesOptions = {
  /** Contents by path, the slash in front included. */
  files: Record<string, Uint8Array | string>
  ranges?: boolean
  /** ETag and Last-Modified; default true. */
  validators?: boolean
  /** Content-Length; default true. */
  announce?: boolean
  script?: (request: {
    path: string
    range: string | undefined
    count: number
    headers: IncomingHttpHeaders
  }) => Fault | undefined
  host?: string
}

export type FilesServer = {
  url: string
  port: number
  seen: Seen[]
  readonly mostInFlight: number
  close(): Promise<void>
}

export function startFilesServer(options: FilesOptions): Promise<FilesServer>
