/**
 * Asks a port in the network namespace it runs in, for tests that join that of an engine in native mode: `node test/support/port-ask.ts tcp|open|udp ADDRESS PORT TEXT`
 * prints what comes back.
 */
import { askOpen, askTcp, askUdp } from './port-client.ts';

const [protocol, address = '', port = '', text = ''] = process.argv.slice(2);
const ask = protocol === 'udp' ? askUdp : protocol === 'open' ? askOpen : askTcp;
process.stdout.write(await ask(address, Number(port), text));
