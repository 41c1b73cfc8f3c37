/** What this folder takes from hyparquet, so that one file names the package. */
export {
  type FileMetaData,
  parquetMetadata,
  parquetSchema,
  type SchemaElement,
  type SchemaTree,
} from 'hyparquet'
export { parquetHeader } from 'hyparquet/src/column.js'
export {
  CompressionCodecs as compressionNames,
  Encodings as encodingNames,
  ParquetTypes as typeNames,
} from 'hyparquet/src/constants.js'
export { DEFAULT_PARSERS } from 'hyparquet/src/convert.js'
export { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
export { byteStreamSplit } from 'hyparquet/src/encoding.js'
export { snappyUncompress } from 'hyparquet/src/snappy.js'
export { decodeVariantColumn as decodeVariant } from 'hyparquet/src/variant.js'
