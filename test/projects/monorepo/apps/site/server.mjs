import { createServer } from 'node:http';
import { greeting } from 'words';

createServer(async (request, response) => {
  try {
    const answer = await fetch(process.env['API'] ?? '');
    const said = await answer.json();
    response.end(`<p>site: ${greeting}</p><p>api: ${said.greeting}</p>\n`);
  } catch (error) {
    // The api starts again after each change.
    response.writeHead(502).end(String(error));
  }
}).listen(3000);
