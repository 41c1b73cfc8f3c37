export const hasS3Server: boolean

export type S3Server = {
  url: string
  /** What tells a client of this server, which takes any key until `lock`. */
  env: Record<string, string>
  /** Has every signature checked from now on, and gives the key that may read. */
  lock(): Promise<Record<string, string>>
  createBucket(name: string): Promise<void>
  put(bucket: string, key: string, body: string | Uint8Array): Promise<void>
  close(): Promise<void>
}

export function startS3Server(): Promise<S3Server>
