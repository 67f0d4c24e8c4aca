/**
 * Asks a port in the network namespace it runs in, for tests that join that of an engine in native mode: `node test/support/port-ask.ts tcp|udp ADDRESS PORT TEXT`
 * prints what comes back.
 */
import { askTcp, askUdp } from './port-client.ts';

const [protocol, address = '', port = '', text = ''] = process.argv.slice(2);
process.stdout.write(await (protocol === 'udp' ? askUdp : askTcp)(address, Number(port), text));
