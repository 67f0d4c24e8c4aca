import { createHash, randomBytes } from 'node:crypto';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import { createConnection } from 'node:net';

/** What BuildKit answered: gRPC's status and message, and the bytes of the message. */
export interface GatewayAnswer {
  readonly status: number;
  readonly message: string;
  readonly data: Buffer;
}

const controlService = '/moby.buildkit.v1.Control/';
const gatewayService = '/moby.buildkit.v1.frontend.LLBBridge/';

/** A build that ends with the error CANCELLED, which it may; one that returns nothing at all makes BuildKit's handler panic. */
const cancelled = 1;

/**
 * Reads a file of a local image through BuildKit's gateway API, which any client of `/grpc` may use: BuildKit itself opens the file,
 * as root of the engine, and no container is involved. Field numbers: gateway.proto, control.proto, ops.proto of BuildKit.
 *
 * @param length bytes that are asked for.
 */
export async function readImageFile(
  socketPath: string,
  image: string,
  path: string,
  length: number,
): Promise<GatewayAnswer> {
  return readFileOf(socketPath, [imageSource(image)], path, length);
}

/** What a step asks for beyond what every step has. */
export interface Entitlements {
  readonly insecure?: boolean;
  readonly hostNetwork?: boolean;
}

/**
 * Runs one build step with what it asks for. The Dockerfile syntax that is built into the engine lacks `RUN --security=insecure`
 * (`docker/dockerfile:1-labs` makes the same operation of it).
 *
 * @returns what the script printed, at most 64 KiB. Rejects when the step fails, with BuildKit's sentence.
 */
export async function runStep(
  socketPath: string,
  image: string,
  script: string,
  { insecure = false, hostNetwork = false }: Entitlements,
): Promise<string> {
  const source = imageSource(image);
  const meta = Buffer.concat([
    ...['sh', '-c', `( ${script}\n) > /said 2>&1`].map((word) => field(1, word)),
    field(2, 'PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'),
    // Never taken from the cache.
    field(2, `RUN=${randomBytes(8).toString('hex')}`),
    field(3, '/'),
  ]);
  const root = field(3, '/');
  const modes = [...(hostNetwork ? [number(3, 1)] : []), ...(insecure ? [number(4, 1)] : [])];
  const step = Buffer.concat([field(1, meta), field(2, root), ...modes]);
  const operation = Buffer.concat([field(1, field(1, digestOf(source))), field(2, step), platform]);
  const granted = [...(insecure ? ['security.insecure'] : []), ...(hostNetwork ? ['network.host'] : [])];
  const said = await readFileOf(socketPath, [source, operation], 'said', 65_536, granted);
  if (said.status !== 0) throw new Error(said.message);
  return fieldOf(said.data, 1).toString();
}

async function readFileOf(
  socketPath: string,
  operations: readonly Buffer[],
  path: string,
  length: number,
  entitlements: readonly string[] = [],
): Promise<GatewayAnswer> {
  const build = randomBytes(8).toString('hex');
  const headers = { 'buildkit-controlapi-buildid': build };
  const opening = [field(1, build), ...entitlements.map((entitlement) => field(9, entitlement))];
  const over = call(socketPath, `${controlService}Solve`, Buffer.concat(opening));
  try {
    const solve = Buffer.concat([
      field(1, definition(operations)),
      number(5, 1),
      number(6, 1),
      number(14, 1),
    ]);
    const solved = await call(socketPath, `${gatewayService}Solve`, solve, headers);
    if (solved.status !== 0) throw new Error(`BuildKit does not build this: ${solved.message}`);
    const reference = [3, 3, 1].reduce(fieldOf, solved.data);
    const read = Buffer.concat([field(1, reference), field(2, path), field(3, number(2, length))]);
    return await call(socketPath, `${gatewayService}ReadFile`, read, headers);
  } finally {
    await call(socketPath, `${gatewayService}Return`, field(2, number(1, cancelled)), headers);
    await over;
  }
}

const platform = field(
  10,
  Buffer.concat([field(1, process.arch === 'x64' ? 'amd64' : process.arch), field(2, 'linux')]),
);

/** The operation that is the file system of a local image. */
function imageSource(image: string): Buffer {
  const name = image.includes('/') ? image : `library/${image}`;
  const source = Buffer.concat([
    field(1, `docker-image://docker.io/${name}:latest`),
    field(2, Buffer.concat([field(1, 'image.resolvemode'), field(2, 'local')])),
  ]);
  return Buffer.concat([field(3, source), platform]);
}

/** A definition: the operations, and which of them is meant, the last. */
function definition(operations: readonly Buffer[]): Buffer {
  const last = operations.slice(-1).map((operation) => field(1, field(1, digestOf(operation))));
  return Buffer.concat([...operations, ...last].map((operation) => field(1, operation)));
}

function digestOf(operation: Buffer): string {
  return `sha256:${createHash('sha256').update(operation).digest('hex')}`;
}

/** dockerd hands the connection of `POST /grpc` to BuildKit, which speaks HTTP/2 on it. */
async function openSession(socketPath: string): Promise<ClientHttp2Session> {
  const socket = createConnection(socketPath);
  socket.write('POST /grpc HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
  await new Promise<void>((resolve, reject) => {
    let read = Buffer.alloc(0);
    const take = (chunk: Buffer): void => {
      read = Buffer.concat([read, chunk]);
      const end = read.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', take);
      socket.pause();
      socket.unshift(read.subarray(end + 4));
      if (read.toString('latin1').startsWith('HTTP/1.1 101')) resolve();
      else reject(new Error(read.toString('latin1')));
    };
    socket.on('data', take);
    socket.once('error', reject);
  });
  const session = connect('http://engine', { createConnection: () => socket });
  session.on('error', () => undefined);
  return session;
}

/** One unary call: a message is a byte of flags, its length in 4 bytes, and the bytes. */
async function call(
  socketPath: string,
  path: string,
  message: Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<GatewayAnswer> {
  const session = await openSession(socketPath);
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  let [status, text] = ['', ''];
  const note = (fields: IncomingHttpHeaders): void => {
    if (typeof fields['grpc-status'] !== 'string') return;
    status = fields['grpc-status'];
    const encoded = fields['grpc-message'];
    text = typeof encoded === 'string' ? decodeURIComponent(encoded) : '';
  };
  stream.on('response', note);
  stream.on('trailers', note);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([frame, message]));
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  // The end of the data may come before the trailers, which hold the status.
  await new Promise<void>((resolve, reject) => {
    stream.once('close', resolve);
    stream.once('error', reject);
  });
  session.destroy();
  if (status === '') throw new Error(`${path} was not answered`);
  return { status: Number(status), message: text, data: Buffer.concat(chunks).subarray(5) };
}

/** Protocol buffers: a number of at most 7 bits a byte. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function number(index: number, value: number): Buffer {
  return Buffer.concat([varint(index * 8), varint(value)]);
}

function field(index: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(index * 8 + 2), varint(bytes.length), bytes]);
}

/** The first field of that number that holds bytes. */
function fieldOf(message: Buffer, index: number): Buffer {
  let at = 0;
  const next = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = message.readUInt8(at++);
      value += (byte % 128) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < message.length) {
    const tag = next();
    const value = next();
    if (tag % 8 !== 2) continue;
    if (Math.floor(tag / 8) === index) return message.subarray(at, at + value);
    at += value;
  }
  throw new Error(`BuildKit's answer lacks field ${index}`);
}
