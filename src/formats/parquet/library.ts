/** What this folder takes from hyparquet, so that one file names the package. */
export {
  type AsyncBuffer,
  type DecodedArray,
  type FileMetaData,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type RowGroup as StoredGroup,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet'
