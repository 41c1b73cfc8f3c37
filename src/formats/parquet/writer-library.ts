/** What this folder takes from hyparquet-writer: the Thrift side of a file. Values are encoded here, in a third of its time. */
export { ByteWriter } from 'hyparquet-writer'
export { writeMetadata } from 'hyparquet-writer/src/metadata.js'
export { snappyCompress } from 'hyparquet-writer/src/snappy.js'
export { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js'
export { unconvertMinMax } from 'hyparquet-writer/src/unconvert.js'
