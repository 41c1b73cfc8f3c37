import { UsageError } from '../../stream/errors.js'
import type { FolderOptions, OutputFolder } from './place.js'
import { account, parseS3 } from './s3-account.js'
import { objects } from './s3-list.js'
import { openUpload, removeObject, type Upload } from './s3-write.js'

/**
 * A folder of objects that all go up by multipart upload and are completed one after another at the end. S3 renames
 * nothing, so their names cannot say how many they are.
 */
export async function createS3Folder(path: string, { nameOf, signal }: FolderOptions): Promise<OutputFolder> {
  const { bucket, key } = parseS3(path)
  const folder = key === '' ? `s3://${bucket}` : `s3://${bucket}/${key}`
  const [held] = await objects(account(), bucket, { prefix: key === '' ? '' : `${key}/`, most: 1 })
  if (held !== undefined) {
    throw new UsageError(`The folder ${folder} is not empty`, { fix: 'Choose a new folder for the shards.' })
  }
  const uploads: { path: string; upload: Upload }[] = []
  let completed = 0
  return {
    async create() {
      const path = `${folder}/${nameOf(uploads.length)}`
      const upload = openUpload(path, signal)
      uploads.push({ path, upload })
      return {
        get bytes() {
          return upload.bytes
        },
        closed: false,
        write: upload.write,
        commit: upload.seal,
        abort: upload.abort,
      }
    },
    async commit() {
      for (const { upload } of uploads) {
        // Counted before: one whose answer was lost may be there.
        completed++
        await upload.complete()
      }
    },
    async abort() {
      for (const { upload } of uploads) await upload.abort()
      // The folder was empty, so these are ours.
      for (const { path } of uploads.slice(0, completed)) await removeObject(path)
    },
  }
}
