import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { pemOf } from '../engine-traffic/certificate.js';
import {
  bits,
  element,
  integer,
  octets,
  oid,
  sequence,
  set,
  time,
  truth,
  utf8,
} from '../engine-traffic/der.js';

/** Bytes of an RSA key, of which the exponent has as many: OpenSSL takes 5 ms for a signature then. */
const size = 384;

/** Of a server's certificate and as many above it, none of whose keys or signatures is one. Each costs whoever verifies them what it would cost if they were. */
export function bogusChain(above: number): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = publicKey.export({ type: 'spki', format: 'der' });
  const keys = [own, ...Array.from({ length: above }, bogusKey)];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: keys.map((key, index) => pemOf(bogusCertificate(index, key))).join(''),
  };
}

function bogusCertificate(index: number, key: Uint8Array): Buffer {
  const isAuthority = sequence(oid('2.5.29.19'), truth, octets(sequence(truth)));
  const signed = sequence(
    element(0xa0, integer(Buffer.from([2]))),
    integer(randomBytes(8)),
    rsaWithSha256,
    name(index + 1),
    sequence(time(new Date('2051-01-01')), time(new Date('2099-01-01'))),
    name(index),
    key,
    ...(index === 0 ? [] : [element(0xa3, sequence(isAuthority))]),
  );
  return sequence(signed, rsaWithSha256, bits(Buffer.concat([Buffer.from([0, 1]), randomBytes(size - 2)])));
}

const empty = element(0x05);
const rsaWithSha256 = sequence(oid('1.2.840.113549.1.1.11'), empty);

function bogusKey(): Buffer {
  const exponent = Buffer.alloc(size, 0xff).fill(0x7f, 0, 1);
  const modulus = Buffer.concat([Buffer.from([0xff]), randomBytes(size - 2), Buffer.from([1])]);
  const key = sequence(integer(modulus), integer(exponent));
  return sequence(sequence(oid('1.2.840.113549.1.1.1'), empty), bits(key));
}

function name(index: number): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(`number ${index}`))));
}
