import { type Answer, decode, encode } from 'dns-packet';
import { type IpAddress, ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import { type AddressFamily, connectPolicyOf, type HostLoopback, type Who } from '../connect-access/index.js';
import { settingsOf } from '../test-support/settings.js';
import type { Asking } from './ask-registry.js';
import type { Asker } from './facts.js';
import { ConnectDecider, type ConnectFacts, type ConnectVerdict } from './index.js';

export const web: Who = { kind: 'container', id: 'c'.repeat(64), name: 'web', image: [], labels: {} };
const other: Who = { kind: 'container', id: 'd'.repeat(64), name: 'other', image: [], labels: {} };
export const from = { address: '172.17.0.2' };
export const signal: AbortSignal = new AbortController().signal;
export const asker: Asker = { client: 'container c', signal };
/** Nobody else's turn is waited for. */
export const atOnce: Asking = { signal, turn: (work) => void work() };

export const at = (text: string): IpAddress => {
  const address = parseIpAddress(text);
  if (address === undefined) throw new Error(text);
  return address;
};

/** The world: names with addresses, which may change; what was asked of it. */
export function scene(
  bulkhead: object,
  more: Partial<ConnectFacts> = {},
  hostLoopback: HostLoopback = 'closed',
  namesWithout?: AddressFamily,
) {
  const names: Record<string, readonly string[]> = {
    'a.example': ['203.0.113.1', '203.0.113.2'],
    'b.example': ['203.0.113.2'],
  };
  const asked: string[] = [];
  const facts: ConnectFacts = {
    whoIs: (address) => (address === from.address ? web : address === '172.17.0.3' ? other : undefined),
    resolve: async (name) => {
      asked.push(`resolve ${name}`);
      return Promise.resolve({ addresses: (names[name] ?? []).map(at), ttl: 60 });
    },
    askNameServer: async (question) => {
      const { id = 0, questions = [] } = decode(question);
      const [{ name, type } = { name: '', type: 'A' as const }] = questions;
      asked.push(`dns ${name} ${type}`);
      const answers = (names[name] ?? []).map((data): Answer => ({ type: 'A', name, data, ttl: 60 }));
      return Promise.resolve(encode({ type: 'response', id, flags: 0x80, questions, answers }));
    },
    isRegistry: async ({ scheme, host, port, addresses, through }) => {
      const by = through?.hops.map((hop) => (hop.kind === 'proxy' ? hop.host : hop.kind)) ?? [];
      const way = through === undefined ? '' : ` by ${by.join()} for ${through.ask.host}`;
      asked.push(`registry ${scheme}://${host}:${port} ${addresses.map(ipAddressText).join()}${way}`);
      return Promise.resolve(['b.example', '203.0.113.4'].includes(host));
    },
    now: () => 0,
    ...more,
  };
  const policy = { ...connectPolicyOf(settingsOf({ bulkhead }), hostLoopback), namesWithout };
  const decider = new ConnectDecider(policy, facts);
  const look = async (name: string, client = from, type: 'A' | 'AAAA' | 'TXT' = 'A', byStream = false) => {
    const question = encode({ type: 'query', id: 7, flags: 0x100, questions: [{ name, type }] });
    const answer = await decider.answer({ from: client, question, byStream }, signal);
    return answer === undefined ? undefined : decode(answer);
  };
  const decide = async (address: string, said: readonly string[] = [], port = 443) =>
    decider.decide({ from, to: { address, port }, peek: peekOf(said) }, signal);
  return { decider, names, asked, look, decide };
}

/** Says one text after the other, and then nothing any more; what begins with `…` comes late. */
export function peekOf(said: readonly string[]) {
  return async (beyond: number): Promise<{ bytes: Buffer; all: boolean }> => {
    for (let count = 1; count <= said.length; count += 1) {
      const bytes = Buffer.from(said.slice(0, count).join('').replaceAll('…', ''), 'latin1');
      if (bytes.length <= beyond) continue;
      if (said[count - 1]?.startsWith('…') === true) await new Promise((resolve) => setTimeout(resolve, 500));
      return { bytes, all: false };
    }
    return new Promise(() => {});
  };
}

/** A ClientHello that names a server. */
export function tls(name: string): string {
  const u16 = (value: number): string => String.fromCharCode(value >> 8, value & 255);
  const extension = `\0\0${u16(name.length + 5)}${u16(name.length + 3)}\0${u16(name.length)}${name}`;
  const body = `\x03\x03${'r'.repeat(32)}\0${u16(2)}\x13\x01\x01\0${u16(extension.length)}${extension}`;
  const message = `\x01\0${u16(body.length)}${body}`;
  return `\x16\x03\x01${u16(message.length)}${message}`;
}

export function shown(verdict: ConnectVerdict): string {
  if (verdict.kind === 'refuse') return verdict.error.code;
  if (verdict.kind === 'held') return `${shown(verdict.now)} held`;
  const hops = verdict.kind === 'through' ? verdict.hops : [];
  const by = hops.map((hop) => (hop.kind === 'proxy' ? ` by ${hop.host}` : ` ${hop.kind}`)).join('');
  return `${verdict.dial.map(({ address, port }) => `${address}:${port}`).join(' ')}${by}`;
}
