/**
 * Asks a port in the network namespace it runs in, for tests that join that of an engine in native mode: `node test/support/port-ask.ts tcp|open|udp ADDRESS PORT TEXT`
 * prints what comes back; of a range FIRST-LAST each port is asked by the text and its own number, and the answers are printed one a line.
 */
import { askOpen, askTcp, askUdp } from './port-client.ts';

const [protocol, address = '', port = '', text = ''] = process.argv.slice(2);
const ask = protocol === 'udp' ? askUdp : protocol === 'open' ? askOpen : askTcp;
const [first = 0, last] = port.split('-').map(Number);
if (last === undefined) process.stdout.write(await ask(address, first, text));
else
  for (let asked = first; asked <= last; asked += 1)
    process.stdout.write(`${await ask(address, asked, `${text} ${asked}`)}\n`);
