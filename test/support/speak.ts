/** Says something to a server and tells what that says, until it has said `until` or ends; in the network this is started in. `speak.ts ORDER`, an object in JSON. */
import { connect } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { type Spoken, speakOrderSchema } from './speak-in.ts';

const order = speakOrderSchema.parse(JSON.parse(process.argv[2] ?? ''));
const { host, port, localPort, serverName, say, until } = order;
const to = { host, port, ...(localPort === undefined ? {} : { localPort }) };
const socket =
  serverName === undefined
    ? connect(to)
    : connectTls({ ...to, servername: serverName, rejectUnauthorized: false });
let spoken: Spoken = { said: '' };
const tell = (): void => {
  process.stdout.write(JSON.stringify(spoken), () => process.exit());
};
socket.on('error', tell).on('close', tell);
socket.on(serverName === undefined ? 'connect' : 'secureConnect', () => {
  if (socket instanceof TLSSocket)
    spoken = { ...spoken, subject: String(socket.getPeerCertificate().subjectaltname) };
  socket.write(say);
});
socket.setEncoding('latin1').on('data', (said: string) => {
  spoken = { ...spoken, said: spoken.said + said };
  if (until !== undefined && spoken.said.includes(until)) tell();
});
setTimeout(tell, 25_000).unref();
