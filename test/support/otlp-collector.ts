/** Stands in for an OpenTelemetry collector (OTLP/HTTP): every body that is sent to 127.0.0.1:4318 is a line on standard output. */
import { createServer } from 'node:http';

createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  request.on('end', () => {
    process.stdout.write(`${request.method} ${request.url} ${text}\n`);
    response.setHeader('content-type', 'application/json').end('{}');
  });
}).listen(4318, '127.0.0.1');
