import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import type { HostName } from '../../common/authority.js';
import { bits, element, integer, octets, oid, sequence, set, time, truth, utf8 } from './der.js';

/** What a certificate is for. */
export type CertificateUse =
  /** Signs those of servers, and no further authority's. */
  { readonly kind: 'authority' } | { readonly kind: 'server'; readonly host: HostName };

export interface CertificateDraft {
  readonly use: CertificateUse;
  /** Of elliptic curve P-256, as the issuer's. */
  readonly publicKey: KeyObject;
  readonly issuer: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly from: Date;
  readonly until: Date;
}

const issuerName = 'Bulkhead engine traffic of one boot';
const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

/** A certificate as of RFC 5280, in its encoding as bytes. */
export function writeCertificate({ use, publicKey, issuer, from, until }: CertificateDraft): Buffer {
  const signed = sequence(
    element(0xa0, integer(Buffer.from([2]))),
    // 64 bits that nobody can know are what browsers ask for; one more keeps it from being zero.
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha256,
    name(issuerName),
    sequence(validity(from), validity(until)),
    name(use.kind === 'authority' ? issuerName : 'Bulkhead'),
    spkiOf(publicKey),
    element(0xa3, sequence(...extensions(use, publicKey, issuer.publicKey))),
  );
  const signature = sign('sha256', signed, issuer.privateKey);
  return sequence(signed, ecdsaWithSha256, bits(signature));
}

export function pemOf(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** RFC 5280 section 4.1.2.5: years up to 2049 have two digits. */
function validity(date: Date): Buffer {
  if (date.getUTCFullYear() >= 2050) return time(date);
  const text = date
    .toISOString()
    .slice(2)
    .replaceAll(/[-:T]|\.\d+/g, '');
  return element(0x17, Buffer.from(text));
}

function name(common: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(common))));
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha256').update(spkiOf(key)).digest().subarray(0, 20);
}

function extensions(use: CertificateUse, publicKey: KeyObject, issuer: KeyObject): Buffer[] {
  const own = extension('2.5.29.14', octets(keyId(publicKey)));
  const above = extension('2.5.29.35', sequence(element(0x80, keyId(issuer))));
  if (use.kind === 'authority')
    return [
      critical('2.5.29.19', sequence(truth, integer(Buffer.from([0])))),
      // keyCertSign
      critical('2.5.29.15', bits(Buffer.from([0x04]), 2)),
      own,
    ];
  return [
    critical('2.5.29.19', sequence()),
    // digitalSignature
    critical('2.5.29.15', bits(Buffer.from([0x80]), 7)),
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', sequence(alternativeName(use.host))),
    own,
    above,
  ];
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), octets(value));
}

function critical(id: string, value: Buffer): Buffer {
  return sequence(oid(id), truth, octets(value));
}

function alternativeName({ kind, text }: HostName): Buffer {
  return kind === 'name' ? element(0x82, Buffer.from(text)) : element(0x87, addressBytes(text));
}

function addressBytes(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number));
  const [before = '', after] = text.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [head, tail] = [groups(before), groups(after ?? '')];
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return Buffer.from(
    [...head, ...zeros, ...tail].flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 0xff];
    }),
  );
}
