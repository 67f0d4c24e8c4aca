import { createServer } from 'node:http';
import { greeting } from 'words';

createServer((request, response) => {
  response.end(JSON.stringify({ greeting, path: request.url }));
}).listen(3000);
