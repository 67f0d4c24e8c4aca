import { rename, rm, writeFile } from 'node:fs/promises';

/** What the controller hands the guest on a small read-only disk of its own, found by the serial `bulkhead-<name>`. */
export type DocumentName = 'policy' | 'settings' | 'registry' | 'publishers' | 'shares' | 'authority';

/** A disk with a document at its start. */
export interface DocumentDisk {
  readonly name: DocumentName;
  /** Absolute path of a raw image, for nobody but its user. */
  readonly path: string;
  /** Length of the document; newlines fill the last block. */
  readonly bytes: number;
}

/** Of a virtio-blk device (VIRTIO 1.2 §5.2.4), and of a raw image of QEMU. */
const sectorSize = 512;

/**
 * Writes a document to a disk image of our own: what the guest reads is what was checked, whatever becomes of the file it came from.
 * Throws what the system says.
 */
export async function writeDocumentDisk(
  name: DocumentName,
  path: string,
  document: Uint8Array,
): Promise<DocumentDisk> {
  const padding = (sectorSize - (document.length % sectorSize)) % sectorSize;
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  await writeFile(draft, Buffer.concat([document, Buffer.alloc(padding, '\n')]), { mode: 0o600, flag: 'wx' });
  await rename(draft, path);
  return { name, path, bytes: document.length };
}
