import { PassThrough } from 'node:stream';

/** A stream that holds what is written to it until it is read, and what reads all that waits: whole lines. */
export function slowReader(): { readonly stream: PassThrough; readonly read: () => string[] } {
  const stream = new PassThrough({ highWaterMark: 1, encoding: 'utf8' });
  const read = (): string[] => {
    let said = '';
    for (;;) {
      const chunk: unknown = stream.read();
      if (typeof chunk !== 'string') return said.split('\n').slice(0, -1);
      said += chunk;
    }
  };
  return { stream, read };
}
