// A chat server that answers every request alike, a constant time after it came; it prints where it listens.
//
//   node benchmarks/models_server.mjs 200
import { createServer } from 'node:http'

const latencyMs = Number(process.argv[2])
const content = 'The answer depends on the question, which makes the reasoning easier to follow. '.repeat(4)
const answer = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'tiny',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 100, completion_tokens: 80, total_tokens: 180 },
})
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) }

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const due = performance.now() + latencyMs
  request.resume().on('end', () => {
    setTimeout(() => response.writeHead(200, headers).end(answer), due - performance.now())
  })
})
// Node's own backlog is 511; hundreds of connections come at once.
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`http://127.0.0.1:${server.address().port}/v1`)
})
